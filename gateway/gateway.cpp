#include "gateway/gateway.h"

#include "common/runtime/request_log.h"
#include "gateway/accounts/routes.h"
#include "gateway/dashboard/routes.h"
#include "gateway/http/proxies.h"
#include "gateway/oauth/metadata.h"
#include "gateway/oauth/routes.h"
#include "gateway/openai/chat.h"
#include "gateway/openapi/embedded_pages.h"
#include "gateway/openapi/routes.h"
#include "gateway/rest/backups.h"
#include "gateway/rest/operations_pages.h"
#include "gateway/rest/resources.h"
#include "gateway/spoke_api/routes.h"
#include "gateway/websocket/events_socket.h"
#include "gateway/websocket/mqtt_tunnel.h"

namespace strawberry::gateway {
namespace {

constexpr std::chrono::seconds stop_timeout{3};
constexpr std::chrono::seconds last_answers_timeout{1};
constexpr std::chrono::milliseconds stop_interval{50};
constexpr std::chrono::minutes reload_interval{1};

Links::Options link_options(const GatewayConfig& config) {
  Links::Options options;
  options.broker.host = config.broker.host;
  options.broker.port = static_cast<std::uint16_t>(config.broker.port);
  options.broker.socket = choose_broker_socket(config.broker.socket, config.data_directory, config.broker.host);
  if (config.broker.tls)
    options.broker.tls = MosquittoClient::Tls{config.broker.ca_file, config.broker.tls_server_name};
  options.links_max = static_cast<std::size_t>(config.tokens.connections_max);
  options.idle = std::chrono::seconds(config.tokens.idle_s);
  return options;
}

Limits limits_of(const GatewayConfig::Http& http) {
  Limits limits;
  limits.connections_max = static_cast<std::size_t>(http.connections_max);
  limits.header_bytes_max = static_cast<std::size_t>(http.header_bytes_max);
  limits.body_bytes_max = static_cast<std::size_t>(http.body_bytes_max);
  limits.header_timeout = std::chrono::milliseconds(http.header_timeout_ms);
  limits.body_timeout = std::chrono::milliseconds(http.body_timeout_ms);
  limits.idle_timeout = std::chrono::milliseconds(http.idle_timeout_ms);
  limits.write_timeout = std::chrono::milliseconds(http.write_timeout_ms);
  return limits;
}

mcp::Endpoint::Options mcp_options(const GatewayConfig& all, const PublicUrl& url) {
  const GatewayConfig::Mcp& config = all.mcp;
  mcp::Endpoint::Options options;
  options.version = STRAWBERRY_VERSION;
  options.direct_tools_max = static_cast<std::size_t>(config.direct_tools_max);
  options.call_timeout = std::chrono::milliseconds(config.call_timeout_ms);
  options.listeners.listeners_max = static_cast<std::size_t>(config.listeners_max);
  if (!all.oauth.enabled) return options;
  options.challenge = [url](Response& response, const Request& request) {
    oauth::add_challenge(response, request, url, !request.header("authorization").empty());
  };
  return options;
}

/// A dashboard that cannot be read leaves the door without one: everything else works.
std::optional<dashboard::Files> dashboard_files(const GatewayConfig& config) {
  const std::string directory = web_directory_of(config);
  if (directory.empty()) return std::nullopt;
  auto files = dashboard::Files::load(directory);
  if (files) return std::move(*files);
  hub_log().warn("there is no dashboard: {}", files.error().message);
  return std::nullopt;
}

void log_request(const Request& request, unsigned status, std::chrono::microseconds took) {
  // Never the query, the headers or the body: a token may stand in each of them.
  hub_log().debug("{} {} {} {} us {}", request.peer, request.method, request.path, took.count(), status);
}

}  // namespace

Server::Options Gateway::server_options(const GatewayConfig::Http& http) {
  Server::Options options;
  options.limits = limits_of(http);
  options.origins.hosts = {http.hosts.begin(), http.hosts.end()};
  options.origins.origins = {http.origins.begin(), http.origins.end()};
  for (const std::string& proxy : http.proxies) {
    if (auto network = parse_network(proxy)) options.origins.proxies.push_back(std::move(*network));
  }
  options.log = log_request;
  if (!tls_) return options;
  options.origins.is_certified = [this](const std::string& name) { return tls_->is_for(name); };
  options.tls_context = [this] { return tls_->context(); };
  return options;
}

Gateway::Gateway(asio::io_context& loop, const GatewayConfig& config, std::unique_ptr<ServerTls> tls)
    : loop_(loop),
      config_(config),
      public_url_(config.http.public_url, tls != nullptr),
      links_(loop, clock_, link_options(config)),
      device_tokens_(loop, links_, clock_),
      mcp_(std::make_shared<mcp::Endpoint>(loop, links_, clock_, mcp_options(config, public_url_))),
      tls_(std::move(tls)),
      server_(loop, router_, server_options(config.http)),
      reload_timer_(loop),
      stop_timer_(loop) {
  add_routes();
  if (tls_) reload_later();
}

void Gateway::reload_later() {
  reload_timer_.expires_after(reload_interval);
  reload_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    reload_certificate();
    reload_later();
  });
}

void Gateway::reload_certificate() {
  if (!tls_) return;
  const auto reloaded = tls_->reload_if_changed();
  if (!reloaded) {
    hub_log().error("the certificate was not read again, the one before stays: {}", reloaded.error().message);
  } else if (*reloaded == ServerTls::Reload::done) {
    hub_log().info("the certificate was read again");
  }
}

void Gateway::add_routes() {
  const auto chat = std::make_shared<OpenAiChat>(loop_, links_);
  const Handler handle_chat = [chat](Exchange& exchange) { return (*chat)(exchange); };
  router_.add({"POST", "/v1/chat/completions", ErrorShape::openai, handle_chat});
  router_.add(device_socket_route(loop_, links_, device_tokens_, sockets_));
  router_.add(events_socket_route(loop_, links_, sockets_));
  router_.add(mqtt_tunnel_route(loop_, links_.broker(), sockets_));
  router_.add(spoke_api::routes(loop_, links_, device_tokens_, handle_chat));
  router_.add(mcp::endpoint_route(mcp_));
  router_.add(operations_routes(links_, server_));
  router_.add(backup_routes(loop_, links_));
  const auto login = std::make_shared<Login>(loop_, links_, OwnToken(token_file_of(config_)));
  router_.add(account_routes(login));
  router_.add(rest_routes(loop_, links_, operation_names()));
  router_.add(openapi_routes());
  router_.add(dashboard::routes(dashboard_files(config_)));
  if (config_.oauth.enabled) {
    if (config_.oauth.client_documents) {
      bridge::CurlClient::Options options;
      options.may_connect = is_public;
      documents_.emplace(loop_.get_executor(), std::move(options));
    }
    router_.add(oauth::routes(loop_, clock_, links_, public_url_, login, documents_ ? &*documents_ : nullptr));
  }
}

void Gateway::stop() {
  reload_timer_.cancel();
  server_.stop();
  sockets_.close_all();
  mcp_->stop();
  stop_at_ = clock_.steady_now() + stop_timeout;
  stop_when_idle();
}

void Gateway::stop_when_idle() {
  stop_timer_.expires_after(stop_interval);
  stop_timer_.async_wait([this](const boost::system::error_code&) {
    const SteadyTime now = clock_.steady_now();
    if (server_.counters().open == 0 || now >= stop_at_ + last_answers_timeout) {
      links_.close();
      return loop_.stop();
    }
    // What still waits for the hub is told that its answer is lost.
    if (now >= stop_at_) links_.close();
    stop_when_idle();
  });
}

}  // namespace strawberry::gateway

/// The web door, whole: the server, its routes, the connections to the hub.
///
/// Threading: loop only.   Lifetime: stop(), then the loop runs out by itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bridge/adapters/curl/curl_client.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"
#include "gateway/config.h"
#include "gateway/http/public_url.h"
#include "gateway/http/server.h"
#include "gateway/http/server_tls.h"
#include "gateway/hub/device_tokens.h"
#include "gateway/hub/links.h"
#include "gateway/mcp/endpoint.h"
#include "gateway/websocket/device_socket.h"

namespace strawberry::gateway {

class Gateway {
 public:
  /// `tls`: null for plain HTTP.
  Gateway(asio::io_context& loop, const GatewayConfig& config, std::unique_ptr<ServerTls> tls);
  /// What went wrong, for people; empty when nothing did.
  std::string listen(const std::string& address, std::uint16_t port) { return server_.listen(address, port); }
  std::uint16_t port() const { return server_.port(); }
  const Router& router() const { return router_; }
  std::size_t requests_under_way() const { return server_.counters().answering; }
  /// Reads the certificate again when its files have changed. Done by itself once in reload_interval.
  void reload_certificate();
  /// Requests under way have stop_timeout to end; then they are answered that their answer is lost.
  void stop();

 private:
  void add_routes();
  void stop_when_idle();
  void reload_later();
  Server::Options server_options(const GatewayConfig::Http& http);

  asio::io_context& loop_;
  const GatewayConfig config_;
  const PublicUrl public_url_;
  SystemClock clock_;
  Links links_;
  std::optional<bridge::CurlClient> documents_;  // fetches those of OAuth clients
  DeviceTokens device_tokens_;
  OpenSockets sockets_;
  const std::shared_ptr<mcp::Endpoint> mcp_;
  Router router_;
  std::unique_ptr<ServerTls> tls_;
  Server server_;
  asio::steady_timer reload_timer_;
  asio::steady_timer stop_timer_;
  SteadyTime stop_at_{};
};

}  // namespace strawberry::gateway

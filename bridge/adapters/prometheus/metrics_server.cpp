#include "bridge/adapters/prometheus/metrics_server.h"

#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {
namespace {

using asio::ip::tcp;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// After accept() fails, as it does when the process has no file left.
constexpr std::chrono::seconds accept_pause{1};
constexpr std::string_view head_end = "\r\n\r\n";

std::string response(std::string_view status, std::string_view type, std::string_view body, bool with_body = true) {
  std::string text = "HTTP/1.1 ";
  text += status;
  text += "\r\nContent-Type: ";
  text += type;
  text += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n";
  if (status.starts_with("405")) text += "Allow: GET, HEAD\r\n";
  text += "\r\n";
  if (with_body) text += body;
  return text;
}

std::string refusal(std::string_view status) {
  return response(status, "text/plain; charset=utf-8", std::string(status) + "\n");
}

}  // namespace

std::string answer_scrape(std::string_view request, const MetricsServer::Page& page) {
  const auto line = request.substr(0, request.find("\r\n"));
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end + 1 ||
      !line.substr(target_end + 1).starts_with("HTTP/1."))
    return refusal("400 Bad Request");
  const auto method = line.substr(0, method_end);
  auto target = line.substr(method_end + 1, target_end - method_end - 1);
  target = target.substr(0, target.find('?'));
  if (target != "/metrics") return refusal("404 Not Found: /metrics is all there is");
  if (method != "GET" && method != "HEAD") return refusal("405 Method Not Allowed");
  return response("200 OK", "text/plain; version=0.0.4; charset=utf-8", page(), method == "GET");
}

struct MetricsServer::State {
  State(asio::io_context& given_loop, Page given_page, Options given_options)
      : loop(given_loop), acceptor(given_loop), page(std::move(given_page)), options(std::move(given_options)) {}

  asio::io_context& loop;
  tcp::acceptor acceptor;
  Page page;
  const Options options;
  std::size_t connections = 0;
};

struct MetricsServer::Connection {
  Connection(std::shared_ptr<State> given_state, tcp::socket given_socket)
      : state(std::move(given_state)), socket(std::move(given_socket)), deadline(state->loop) {
    ++state->connections;
  }
  ~Connection() { --state->connections; }

  const std::shared_ptr<State> state;
  tcp::socket socket;
  asio::steady_timer deadline;
};

MetricsServer::MetricsServer(asio::io_context& loop, Page page, Options options)
    : state_(std::make_shared<State>(loop, std::move(page), std::move(options))) {}

MetricsServer::~MetricsServer() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  state_->page = nullptr;  // it may look at what is about to go
}

Result<void> MetricsServer::listen() {
  loop_.check();
  boost::system::error_code error;
  const auto address = asio::ip::make_address(state_->options.address, error);
  if (error) return fail(state_->options.address + " is no IP address");
  const tcp::endpoint endpoint(address, state_->options.port);
  auto& acceptor = state_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(static_cast<int>(state_->options.connections_max), error);
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    return fail(error.message());
  }
  asio::co_spawn(state_->loop, accept(state_), asio::detached);
  return {};
}

std::uint16_t MetricsServer::port() const {
  boost::system::error_code error;
  const auto endpoint = state_->acceptor.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

Task<void> MetricsServer::accept(std::shared_ptr<State> state) {
  asio::steady_timer pause(state->loop);
  while (state->acceptor.is_open()) {
    auto [error, socket] = co_await state->acceptor.async_accept(as_result);
    if (error) {
      if (!state->acceptor.is_open()) break;
      hub_log().warn("metrics: a connection cannot be taken in: {}", error.message());
      pause.expires_after(accept_pause);
      co_await pause.async_wait(as_result);
      continue;
    }
    if (state->connections >= state->options.connections_max) continue;  // closed at once
    auto connection = std::make_shared<Connection>(state, std::move(socket));
    asio::co_spawn(state->loop, serve(state, std::move(connection)), asio::detached);
  }
}

Task<void> MetricsServer::serve(std::shared_ptr<State> state, std::shared_ptr<Connection> connection) {
  connection->deadline.expires_after(state->options.connection_timeout);
  connection->deadline.async_wait([connection](const boost::system::error_code& cancelled) {
    boost::system::error_code ignored;
    if (!cancelled) connection->socket.close(ignored);
  });
  std::string request;
  auto buffer = asio::dynamic_buffer(request, state->options.request_bytes_max);
  const auto [unread, bytes] = co_await asio::async_read_until(connection->socket, buffer, head_end, as_result);
  const bool is_too_long = unread == asio::error::not_found;
  if ((!unread || is_too_long) && state->page) {
    const std::string answer = is_too_long ? refusal("431 Request Header Fields Too Large")
                                           : answer_scrape(std::string_view(request).substr(0, bytes), state->page);
    co_await asio::async_write(connection->socket, asio::buffer(answer), as_result);
    boost::system::error_code ignored;
    connection->socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  connection->deadline.cancel();
}

}  // namespace strawberry::bridge

#include "gateway/websocket/mqtt_tunnel.h"

#include <array>

#include "gateway/http/errors.h"

namespace strawberry::gateway {
namespace {

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = 16 * 1024;
constexpr std::uint16_t close_normal = 1000;
constexpr std::uint16_t close_unsupported = 1003;

/// Passes one client's bytes to the broker and back, over either kind of broker socket.
template <class Socket>
class Tunnel : public std::enable_shared_from_this<Tunnel<Socket>> {
 public:
  Tunnel(Socket broker, std::shared_ptr<WebSocket> client) : broker_(std::move(broker)), client_(std::move(client)) {}

  Task<void> run() {
    const auto self = this->shared_from_this();
    asio::co_spawn(
        broker_.get_executor(), [self] { return self->to_client(); }, asio::detached);
    while (true) {
      std::optional<WebSocket::Message> message = co_await client_->read();
      if (!message) break;
      if (message->is_text) {
        client_->close(close_unsupported, "MQTT is binary");
        break;
      }
      const auto [error, count] = co_await asio::async_write(broker_, asio::buffer(message->payload), as_tuple);
      if (error) break;
    }
    boost::system::error_code ignored;
    broker_.close(ignored);
  }

 private:
  Task<void> to_client() {
    const auto self = this->shared_from_this();
    std::array<char, piece_bytes> piece{};
    while (true) {
      const auto [error, count] = co_await broker_.async_read_some(asio::buffer(piece), as_tuple);
      if (error || !client_->send(std::string(piece.data(), count))) break;
      // A slow client makes the broker wait; the broker has limits for that.
      if (!co_await client_->drained()) break;
    }
    client_->close(close_normal, "");
    boost::system::error_code ignored;
    broker_.close(ignored);
  }

  Socket broker_;
  std::shared_ptr<WebSocket> client_;
};

WebSocket::Options socket_options() {
  WebSocket::Options options;
  options.subprotocol = "mqtt";
  options.binary = true;
  return options;
}

template <class Socket>
Task<void> tunnel(Exchange& exchange, Socket broker, OpenSockets& sockets) {
  std::shared_ptr<WebSocket> client = co_await exchange.accept_websocket(socket_options());
  if (!client) co_return;
  sockets.add(client);
  const auto both = std::make_shared<Tunnel<Socket>>(std::move(broker), std::move(client));
  co_await both->run();
}

Task<void> serve(asio::io_context& loop, const BrokerAddress& address, OpenSockets& sockets, Exchange& exchange) {
  if (!exchange.wants_websocket()) {
    Response response = websocket_required("this is MQTT over WebSocket", ErrorShape::hub);
    co_await exchange.reply(std::move(response));
    co_return;
  }
  if (!address.socket.path.empty()) {
    asio::local::stream_protocol::socket broker(loop);
    const asio::local::stream_protocol::endpoint where(address.socket.path);
    const auto [error] = co_await broker.async_connect(where, as_tuple);
    if (!error) co_return co_await tunnel(exchange, std::move(broker), sockets);
  }
  asio::ip::tcp::resolver resolver(loop);
  const auto [unknown, found] = co_await resolver.async_resolve(address.host, std::to_string(address.port), as_tuple);
  asio::ip::tcp::socket broker(loop);
  boost::system::error_code failed = unknown;
  // A broker that requires TLS is only reached over its Unix socket.
  if (!unknown && !address.tls) {
    const auto [error, where] = co_await asio::async_connect(broker, found, as_tuple);
    failed = error;
    if (!error) {
      boost::system::error_code ignored;
      broker.set_option(asio::ip::tcp::no_delay(true), ignored);
      co_return co_await tunnel(exchange, std::move(broker), sockets);
    }
  }
  Response response = response_of(problem(503, "unavailable", "the hub's broker cannot be reached"), ErrorShape::hub);
  co_await exchange.reply(std::move(response));
}

}  // namespace

Route mqtt_tunnel_route(asio::io_context& loop, const BrokerAddress& broker, OpenSockets& sockets) {
  return {"GET", "/mqtt", ErrorShape::hub,
          [&loop, &broker, &sockets](Exchange& exchange) { return serve(loop, broker, sockets, exchange); }};
}

}  // namespace strawberry::gateway

#include "tests/gateway/ws_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <stdexcept>

namespace strawberry::test {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;
}  // namespace

struct WsClient::Parts {
  asio::io_context loop;
  beast::websocket::stream<Tcp::socket> stream{loop};
  beast::flat_buffer buffer;
  int status = 0;
  bool reading = false;
  std::optional<boost::system::error_code> ended;
  bool arrived = false;
};

WsClient::WsClient(int port, const std::string& target, const Options& options) : parts_(std::make_unique<Parts>()) {
  auto& stream = parts_->stream;
  stream.next_layer().open(Tcp::v4());
  if (options.receive_buffer_bytes != 0)
    stream.next_layer().set_option(Tcp::socket::receive_buffer_size(options.receive_buffer_bytes));
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
  stream.set_option(beast::websocket::stream_base::decorator([&](beast::websocket::request_type& request) {
    if (!options.subprotocol.empty()) request.set("Sec-WebSocket-Protocol", options.subprotocol);
    if (!options.bearer.empty()) request.set("Authorization", "Bearer " + options.bearer);
    if (!options.origin.empty()) request.set("Origin", options.origin);
  }));
  beast::websocket::response_type response;
  boost::system::error_code error;
  stream.handshake(response, "127.0.0.1:" + std::to_string(port), target, error);
  parts_->status = error ? static_cast<int>(response.result_int()) : 101;
  stream.binary(options.binary);
}

WsClient::~WsClient() = default;

int WsClient::status() const { return parts_->status; }

void WsClient::send(const std::string& message) { parts_->stream.write(asio::buffer(message)); }

std::optional<std::string> WsClient::read(std::chrono::milliseconds timeout) {
  auto& parts = *parts_;
  if (!parts.reading && !parts.ended) {
    parts.reading = true;
    parts.stream.async_read(parts.buffer, [&parts](const boost::system::error_code& error, std::size_t) {
      parts.reading = false;
      parts.arrived = !error;
      if (error) parts.ended = error;
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  parts.loop.restart();
  while (!parts.arrived && !parts.ended && std::chrono::steady_clock::now() < deadline)
    parts.loop.run_one_until(deadline);
  if (!parts.arrived) return std::nullopt;
  parts.arrived = false;
  std::string message(static_cast<const char*>(parts.buffer.data().data()), parts.buffer.size());
  parts.buffer.consume(parts.buffer.size());
  return message;
}

int WsClient::close_code() const { return parts_->ended ? parts_->stream.reason().code : 0; }

void WsClient::close() {
  boost::system::error_code ignored;
  parts_->stream.next_layer().shutdown(Tcp::socket::shutdown_both, ignored);
  parts_->stream.next_layer().close(ignored);
}

}  // namespace strawberry::test

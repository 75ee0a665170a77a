/// WebSocket on Boost.Beast, over a connection that the server has read an upgrade request from.
#pragma once

#include <boost/beast/websocket/stream.hpp>
#include <deque>

#include "gateway/http/client_stream.h"
#include "gateway/http/websocket.h"

namespace strawberry::gateway {

class BeastWebSocket final : public WebSocket, public std::enable_shared_from_this<BeastWebSocket> {
 public:
  BeastWebSocket(ClientStream stream, Options options);

  /// The handshake. False when the request is none.
  Task<bool> accept(const http::request<http::string_body>& request);

  Task<std::optional<Message>> read() override;
  bool send(std::string payload) override;
  Task<bool> drained() override;
  void close(std::uint16_t code, std::string reason) override;

 private:
  Task<void> write_all();
  void start_writing();

  beast::websocket::stream<ClientStream> stream_;
  const Options options_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  asio::steady_timer written_;  // cancelled when something has been written, or the connection ended
  bool writing_ = false;
  bool ended_ = false;
  std::optional<beast::websocket::close_reason> closing_;
};

}  // namespace strawberry::gateway

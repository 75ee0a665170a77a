/// WebSocket on Boost.Beast, over a connection that the server has read an upgrade request from.
#pragma once

#include <boost/beast/websocket/stream.hpp>
#include <list>

#include "gateway/http/client_stream.h"
#include "gateway/http/websocket.h"

namespace strawberry::gateway {

class BeastWebSocket final : public WebSocket, public std::enable_shared_from_this<BeastWebSocket> {
 public:
  /// `connection`: held for the socket's lifetime, so that the server counts it.
  BeastWebSocket(ClientStream stream, Options options, std::shared_ptr<void> connection);

  /// Runs the handshake. Returns false when the request is not a valid one.
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
  const std::shared_ptr<void> connection_;
  beast::flat_buffer buffer_;
  std::list<std::string> queue_;  // a list, since an empty one allocates nothing
  std::size_t queued_bytes_ = 0;
  asio::steady_timer written_;  // cancelled when something has been written, or when the connection has ended
  bool writing_ = false;
  bool ended_ = false;
  std::optional<beast::websocket::close_reason> closing_;
};

}  // namespace strawberry::gateway

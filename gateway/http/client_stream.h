/// A client's connection, plain or TLS, as one stream for Asio and Beast.
///
/// Threading: loop only.   Lifetime: movable; pending operations refer to the socket, not to this object.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>

#include "common/runtime/task.h"
#include "gateway/http/beast.h"

namespace strawberry::gateway {

using Tcp = asio::ip::tcp;

class ClientStream {
 public:
  using executor_type = Tcp::socket::executor_type;

  explicit ClientStream(Tcp::socket socket) : plain_(std::make_unique<Tcp::socket>(std::move(socket))) {}

  executor_type get_executor() { return socket().get_executor(); }
  Tcp::socket& socket() { return tls_ ? tls_->stream.next_layer() : *plain_; }
  bool has_tls() const { return tls_ != nullptr; }

  /// Switches to TLS; the handshake is next. The stream keeps the context.
  void begin_tls(std::shared_ptr<asio::ssl::context> context) {
    tls_ = std::make_unique<Tls>(std::move(*plain_), std::move(context));
    plain_.reset();
  }
  Task<bool> handshake() {
    const auto [error] = co_await tls_->stream.async_handshake(asio::ssl::stream_base::server, as_tuple);
    co_return !error;
  }
  /// Sends TLS's close_notify, so that the client can distinguish the end from a cut connection.
  Task<void> end_tls() { (void)co_await tls_->stream.async_shutdown(as_tuple); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->stream.async_read_some(buffers, std::forward<Token>(token))
                : plain_->async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->stream.async_write_some(buffers, std::forward<Token>(token))
                : plain_->async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  struct Tls {
    Tls(Tcp::socket socket, std::shared_ptr<asio::ssl::context> with)
        : context(std::move(with)), stream(std::move(socket), *context) {}
    const std::shared_ptr<asio::ssl::context> context;
    asio::ssl::stream<Tcp::socket> stream;
  };

  std::unique_ptr<Tcp::socket> plain_;  // either this or tls_ is set
  std::unique_ptr<Tls> tls_;
};

// Beast's WebSocket calls this to end its stream. The close frames have been exchanged by then.
inline void teardown(beast::role_type role, ClientStream& stream, beast::error_code& error) {
  beast::websocket::teardown(role, stream.socket(), error);
}
template <class Handler>
void async_teardown(beast::role_type role, ClientStream& stream, Handler&& handler) {
  beast::websocket::async_teardown(role, stream.socket(), std::forward<Handler>(handler));
}
inline void beast_close_socket(ClientStream& stream) {
  beast::error_code ignored;
  stream.socket().close(ignored);
}

}  // namespace strawberry::gateway

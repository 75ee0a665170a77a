/// One HTTP/1.1 request on a connection and its answer; see Exchange.
///
/// Threading: loop only.   Lifetime: shorter than the connection's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gateway/http/connection.h"
#include "gateway/http/exchange.h"

namespace strawberry::gateway {

/// Reports once when the client closes its side; leaves data that it sends ahead unread, for the next request.
class ClosingWatch : public std::enable_shared_from_this<ClosingWatch> {
 public:
  explicit ClosingWatch(Tcp::socket& socket) : socket_(socket), pause_(socket.get_executor()) {}
  void start();
  void notify(std::function<void()> gone) { notify_ = std::move(gone); }
  void end();

 private:
  void look();

  Tcp::socket& socket_;
  asio::steady_timer pause_;
  std::function<void()> notify_;
  bool ended_ = false;
};

class HttpExchange final : public Exchange {
 public:
  struct Options {
    Options() = default;  // no aggregate: g++ 12 copies those badly into coroutines
    std::chrono::milliseconds write_timeout{};
    bool keep_alive = false;
    Fields fields;  // headers of every answer
  };

  HttpExchange(Request about, Connection& connection, Options options, http::request<http::string_body> message = {});
  ~HttpExchange() override { watch_->end(); }

  Task<bool> reply(Response response) override;
  void begin_stream(const std::string& content_type) override;
  Task<bool> write(std::string piece) override;
  Task<bool> end_stream(std::string last) override;
  bool wants_websocket() const override;
  Task<std::shared_ptr<WebSocket>> accept_websocket(WebSocket::Options options) override;
  bool has_begun() const override { return status_ != 0; }
  void when_gone(std::function<void()> notify) override;

  unsigned status() const { return status_; }
  /// True when the answer is complete, so that the next request may be read.
  bool is_whole() const { return status_ != 0 && !broken_ && (!streams_ || ended_); }
  bool keeps_alive() const { return options_.keep_alive; }

 private:
  std::string head_of(unsigned status, const std::string& content_type, const Fields& fields) const;
  bool is_chunked() const { return message_.version() >= 11; }
  void make_chunk(std::string& piece) const;
  Task<bool> send(std::string bytes);

  const http::request<http::string_body> message_;
  Connection& connection_;
  Options options_;
  std::shared_ptr<ClosingWatch> watch_;
  std::string head_;  // the head of a stream, sent with its first piece
  unsigned status_ = 0;
  bool streams_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool watching_ = false;
};

}  // namespace strawberry::gateway

#include "gateway/http/http_exchange.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "gateway/http/beast_websocket.h"

namespace strawberry::gateway {
namespace {

constexpr std::chrono::milliseconds closing_interval{250};

const char* reason_of(unsigned status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return reason.empty() ? (status == 499 ? "Client Closed Request" : "Unknown") : reason.data();
}

void append(std::string& head, const Fields& fields) {
  for (const auto& [name, value] : fields) {
    for (const std::string_view piece : {std::string_view(name), std::string_view(": "), std::string_view(value)}) {
      head += piece;
    }
    head += "\r\n";
  }
}

bool says_how_long_to_keep(const Fields& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const auto& field) { return field.first == "Cache-Control"; });
}

/// Returns whether the client has closed its side, even if data that it sent before is still unread.
bool has_closed(int socket) {
  pollfd state{socket, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

bool has_unread_bytes(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

}  // namespace

void ClosingWatch::start() {
  socket_.async_wait(Tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->ended_) self->look();
  });
}

void ClosingWatch::look() {
  const int socket = socket_.native_handle();
  if (has_closed(socket)) {
    if (notify_) std::exchange(notify_, nullptr)();
    return;
  }
  if (!has_unread_bytes(socket)) return start();
  // A next request or the end of TLS is waiting: while it is unread the socket stays readable and shows nothing else.
  pause_.expires_after(closing_interval);
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled && !self->ended_) self->look();
  });
}

void ClosingWatch::end() {
  ended_ = true;
  notify_ = nullptr;
  pause_.cancel();
}

HttpExchange::HttpExchange(Request about, Connection& connection, Options options,
                           http::request<http::string_body> message)
    : Exchange(std::move(about)),
      message_(std::move(message)),
      connection_(connection),
      options_(std::move(options)),
      watch_(std::make_shared<ClosingWatch>(connection.stream().socket())) {}

std::string HttpExchange::head_of(unsigned status, const std::string& content_type, const Fields& fields) const {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + reason_of(status) + "\r\n";
  if (!content_type.empty()) head += "Content-Type: " + content_type + "\r\n";
  append(head, fields);
  append(head, options_.fields);
  head += "X-Content-Type-Options: nosniff\r\n";
  if (!says_how_long_to_keep(fields)) head += "Cache-Control: no-store\r\n";
  head += options_.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return head;
}

Task<bool> HttpExchange::reply(Response response) {
  status_ = response.status;
  const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
  std::string head = head_of(response.status, has_body ? response.content_type : "", response.headers);
  if (has_body) head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  head += "\r\n";
  if (has_body && request.method != "HEAD") head += response.body;
  co_return co_await send(std::move(head));
}

void HttpExchange::begin_stream(const std::string& content_type) {
  status_ = 200;
  streams_ = true;
  Fields fields;
  fields.emplace_back("X-Accel-Buffering", "no");
  // HTTP/1.0 has no chunks: the end of the connection marks the end of the stream.
  if (!is_chunked()) options_.keep_alive = false;
  head_ = head_of(200, content_type, fields);
  head_ += is_chunked() ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
}

void HttpExchange::make_chunk(std::string& piece) const {
  if (piece.empty() || !is_chunked()) return;
  std::array<char, 20> size{};
  const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
  piece.insert(0, size.data(), static_cast<std::size_t>(digits));
  piece += "\r\n";
}

Task<bool> HttpExchange::write(std::string piece) {
  if (piece.empty()) co_return !broken_;
  make_chunk(piece);
  co_return co_await send(std::move(piece));
}

Task<bool> HttpExchange::end_stream(std::string last) {
  ended_ = true;
  make_chunk(last);
  if (is_chunked()) last += "0\r\n\r\n";
  if (last.empty() && head_.empty()) co_return !broken_;
  co_return co_await send(std::move(last));
}

bool HttpExchange::wants_websocket() const {
  constexpr std::size_t key_characters = 24;  // 16 bytes in Base64
  return beast::websocket::is_upgrade(message_) && message_[http::field::sec_websocket_version] == "13" &&
         message_[http::field::sec_websocket_key].size() == key_characters;
}

Task<std::shared_ptr<WebSocket>> HttpExchange::accept_websocket(WebSocket::Options options) {
  watch_->end();
  status_ = 101;
  broken_ = true;  // for HTTP; the WebSocket has the stream now
  connection_.give_away();
  auto socket = std::make_shared<BeastWebSocket>(std::move(connection_.stream()), std::move(options),
                                                 connection_.shared_from_this());
  const bool accepted = co_await socket->accept(message_);
  std::shared_ptr<WebSocket> result;
  if (accepted) result = std::move(socket);
  co_return result;
}

void HttpExchange::when_gone(std::function<void()> notify) {
  const bool starts = notify && !watching_;
  watch_->notify(std::move(notify));
  if (starts) {
    watching_ = true;
    watch_->start();
  }
}

Task<bool> HttpExchange::send(std::string bytes) {
  if (broken_) co_return false;
  if (!head_.empty()) bytes.insert(0, std::exchange(head_, {}));
  broken_ = !co_await connection_.send(std::move(bytes), options_.write_timeout);
  co_return !broken_;
}

}  // namespace strawberry::gateway

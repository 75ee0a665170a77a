#include "gateway/http/connection.h"

#include <sys/socket.h>

#include <array>

namespace strawberry::gateway {
namespace {

constexpr char tls_handshake_record = 0x16;  // RFC 8446, 5.1: the first byte that a TLS client sends

std::string not_https() {
  const std::string_view words = "this port speaks TLS: use https\n";
  return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(words.size()) +
         "\r\nConnection: close\r\n\r\n" + std::string(words);
}

}  // namespace

Connection::Connection(Tcp::socket socket, std::shared_ptr<Connections> all, std::size_t read_ahead_max)
    : all_(std::move(all)), stream_(std::move(socket)), buffer_(read_ahead_max), deadline_(stream_.get_executor()) {
  boost::system::error_code ignored;
  stream_.socket().set_option(Tcp::no_delay(true), ignored);
  stream_.socket().non_blocking(true, ignored);  // for write_now()
  peer_ = stream_.socket().remote_endpoint(ignored).address().to_string();
  all_->open.insert(this);
}

Connection::~Connection() {
  end_answer();
  all_->open.erase(this);
}

void Connection::begin_answer() {
  answering_ = true;
  ++all_->answering;
}

void Connection::end_answer() {
  if (std::exchange(answering_, false)) --all_->answering;
}

void Connection::give_away() {
  given_away_ = true;
  buffer_.clear();
  buffer_.shrink_to_fit();
  end_answer();
  unlimited();
}

void Connection::limit(std::chrono::milliseconds time) {
  timed_out_ = false;
  deadline_.expires_after(time);
  // The number detects a timer that expired just before it was replaced: it comes without an error.
  const std::uint64_t number = ++limits_set_;
  deadline_.async_wait([this, number, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& cancelled) {
    if (cancelled || alive.expired() || number != limits_set_) return;
    timed_out_ = true;
    boost::system::error_code ignored;
    stream_.socket().cancel(ignored);
  });
}

Task<bool> Connection::secure(std::shared_ptr<asio::ssl::context> context, std::chrono::milliseconds time) {
  limit(time);
  if (const auto [error] = co_await stream_.socket().async_wait(Tcp::socket::wait_read, as_tuple); error)
    co_return false;
  char first = 0;
  if (::recv(stream_.socket().native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1) co_return false;
  if (first != tls_handshake_record) {
    std::string answer = not_https();
    co_await send(std::move(answer), time);
    co_return false;
  }
  stream_.begin_tls(std::move(context));
  co_return co_await stream_.handshake();
}

Task<bool> Connection::fill(std::chrono::milliseconds time) {
  limit(time);
  const auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(4096), as_tuple);
  if (!error) buffer_.commit(count);
  co_return !error;
}

std::size_t Connection::write_now(std::string_view bytes) {
  if (stream_.has_tls()) return 0;
  boost::system::error_code ignored;  // the next write reports it
  return stream_.socket().write_some(asio::buffer(bytes), ignored);
}

Task<bool> Connection::send(std::string bytes, std::chrono::milliseconds time) {
  // Usually writes everything: then neither a timer nor another round of the loop is needed.
  const std::size_t written = write_now(bytes);
  if (written == bytes.size()) co_return true;
  limit(time);
  const auto [error, count] = co_await asio::async_write(stream_, asio::buffer(bytes) + written, as_tuple);
  unlimited();
  co_return !error;
}

Task<void> Connection::finish() {
  if (given_away_) co_return;
  limit(linger_timeout);
  if (stream_.has_tls()) co_await stream_.end_tls();
  boost::system::error_code ignored;
  stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> rest{};
  constexpr int pieces_max = 64;
  for (int i = 0; i < pieces_max && !has_timed_out(); ++i) {
    const auto [error, count] = co_await stream_.socket().async_read_some(asio::buffer(rest), as_tuple);
    if (error) break;
  }
  close();
}

void Connection::close() {
  if (given_away_) return;
  boost::system::error_code ignored;
  stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
}

}  // namespace strawberry::gateway

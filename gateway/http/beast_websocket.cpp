#include "gateway/http/beast_websocket.h"

#include <algorithm>

namespace strawberry::gateway {
namespace {

namespace ws = boost::beast::websocket;

constexpr std::chrono::seconds handshake_timeout{10};
constexpr std::chrono::seconds idle_timeout{60};  // a ping is sent after half of it

/// Returns whether a comma-separated header contains this word.
bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == word) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

BeastWebSocket::BeastWebSocket(ClientStream stream, Options options, std::shared_ptr<void> connection)
    : stream_(std::move(stream)),
      options_(std::move(options)),
      connection_(std::move(connection)),
      written_(stream_.get_executor()) {
  ws::stream_base::timeout timeouts{handshake_timeout, idle_timeout, true};
  stream_.set_option(timeouts);
  stream_.read_message_max(options_.message_bytes_max);
  stream_.auto_fragment(false);
}

Task<bool> BeastWebSocket::accept(const http::request<http::string_body>& request) {
  const auto self = shared_from_this();
  if (!options_.subprotocol.empty()) {
    const auto offered = request[http::field::sec_websocket_protocol];
    if (has_word(std::string_view(offered.data(), offered.size()), options_.subprotocol)) {
      stream_.set_option(ws::stream_base::decorator([name = options_.subprotocol](ws::response_type& response) {
        response.set(http::field::sec_websocket_protocol, name);
      }));
    }
  }
  const auto [error] = co_await stream_.async_accept(request, as_tuple);
  stream_.binary(options_.binary);
  ended_ = static_cast<bool>(error);
  co_return !error;
}

Task<std::optional<WebSocket::Message>> BeastWebSocket::read() {
  const auto self = shared_from_this();
  std::optional<Message> message;
  if (ended_) co_return message;
  const auto [error, count] = co_await stream_.async_read(buffer_, as_tuple);
  if (error) {
    ended_ = true;
    written_.cancel();
    co_return message;
  }
  message.emplace(std::string(static_cast<const char*>(buffer_.data().data()), buffer_.size()), stream_.got_text());
  buffer_.consume(buffer_.size());
  // Frees a large buffer, so that one large message does not use memory while the connection is idle.
  constexpr std::size_t kept_max = 4096;
  if (buffer_.capacity() > kept_max) buffer_.shrink_to_fit();
  co_return message;
}

bool BeastWebSocket::send(std::string payload) {
  if (ended_ || closing_) return false;
  if (queued_bytes_ + payload.size() > options_.queue_bytes_max) {
    ended_ = true;
    beast_close_socket(stream_.next_layer());
    return false;
  }
  queued_bytes_ += payload.size();
  queue_.push_back(std::move(payload));
  start_writing();
  return true;
}

Task<bool> BeastWebSocket::drained() {
  const auto self = shared_from_this();
  while (!ended_ && queued_bytes_ > drained_bytes) {
    written_.expires_at(std::chrono::steady_clock::time_point::max());
    (void)co_await written_.async_wait(as_tuple);
  }
  co_return !ended_;
}

void BeastWebSocket::close(std::uint16_t code, std::string reason) {
  if (ended_ || closing_) return;
  constexpr std::size_t reason_bytes_max = 120;
  closing_.emplace(static_cast<ws::close_code>(code), reason.substr(0, reason_bytes_max));
  start_writing();
}

void BeastWebSocket::start_writing() {
  if (writing_) return;
  writing_ = true;
  asio::co_spawn(
      stream_.get_executor(), [self = shared_from_this()] { return self->write_all(); }, asio::detached);
}

Task<void> BeastWebSocket::write_all() {
  while (!ended_ && !queue_.empty()) {
    const std::string payload = std::move(queue_.front());
    queue_.pop_front();
    const auto [error, count] = co_await stream_.async_write(asio::buffer(payload), as_tuple);
    queued_bytes_ -= payload.size();
    if (error) ended_ = true;
    written_.cancel();
  }
  if (!ended_ && closing_) {
    (void)co_await stream_.async_close(*closing_, as_tuple);
    ended_ = true;
  }
  writing_ = false;
}

}  // namespace strawberry::gateway

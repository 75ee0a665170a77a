#include "tests/soak/line.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace strawberry::soak {
namespace {

namespace wire = test::wire;

constexpr int mqtt_5 = 5;

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text.at(at)); }
unsigned short_at(std::string_view text, std::size_t at) { return byte_at(text, at) << 8 | byte_at(text, at + 1); }

std::string two_bytes(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

/// Reads an MQTT length from the front of `text`; nullopt when it is incomplete.
std::optional<std::size_t> take_length(std::string_view& text) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4 && i < text.size(); ++i) {
    value |= static_cast<std::size_t>(byte_at(text, i) & 0x7f) << (7 * i);
    if ((byte_at(text, i) & 0x80) != 0) continue;
    text.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

std::string length(std::size_t value) {
  std::string text;
  do {
    const auto more = value >= 0x80 ? 0x80U : 0U;
    text += static_cast<char>((value & 0x7f) | more);
    value >>= 7;
  } while (value != 0);
  return text;
}

std::string_view take(std::string_view& text, std::size_t bytes) {
  const auto part = text.substr(0, bytes);
  text.remove_prefix(std::min(bytes, text.size()));
  return part;
}
std::string_view take_text(std::string_view& text) {
  const auto bytes = short_at(take(text, 2), 0);
  return take(text, bytes);
}

/// Reads the properties of a PUBLISH that the run needs.
void read_properties(std::string_view properties, Incoming& message) {
  while (!properties.empty()) {
    switch (byte_at(take(properties, 1), 0)) {
      case 0x01: take(properties, 1); break;
      case 0x02: take(properties, 4); break;
      case 0x23: take(properties, 2); break;
      case 0x0b: take_length(properties); break;
      case 0x09: message.correlation_data = std::string(take_text(properties)); break;
      case 0x26: take_text(properties); [[fallthrough]];
      default: take_text(properties);
    }
  }
}

}  // namespace

Line::Line(int port, wire::Connect connect, std::vector<std::string> filters, Handlers handlers)
    : port_(port), connect_(std::move(connect)), filters_(std::move(filters)), handlers_(std::move(handlers)) {}

bool Line::open() {
  close();
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::runtime_error("no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return false;
  }
  ::fcntl(socket, F_SETFL, O_NONBLOCK);
  fd_ = socket;
  outgoing_ = connect_.bytes();
  flush();
  return is_open();
}

void Line::close() {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  outgoing_.clear();
  incoming_.clear();
  subscriptions_open_ = 0;
  if (std::exchange(up_, false) && handlers_.on_down) handlers_.on_down();
}

void Line::cut() { close(); }

void Line::leave() {
  if (fd_ < 0) return;
  outgoing_ += std::string_view("\xe0\x00", 2);
  flush();
  close();
}

std::uint16_t Line::next_packet_id() {
  const auto is_taken = [this](std::uint16_t id) {
    return id == 0 || std::any_of(pending_.begin(), pending_.end(),
                                  [id](const auto& entry) { return entry.second.packet_id == id; });
  };
  do {
    ++last_packet_id_;
  } while (is_taken(last_packet_id_));
  return last_packet_id_;
}

void Line::publish(const Outgoing& message) {
  if (!up_) throw std::logic_error("publishing on a line that is down");
  const auto id = next_packet_id();
  pending_.emplace(published_++, Pending{message, id});
  write(id, message, false);
  flush();
}

void Line::write(std::uint16_t packet_id, const Outgoing& message, bool again) {
  std::string body = wire::with_length(message.topic) + two_bytes(packet_id);
  if (connect_.version == mqtt_5) {
    std::string properties;
    if (message.response_topic) properties += '\x08' + wire::with_length(*message.response_topic);
    if (message.correlation_data) properties += '\x09' + wire::with_length(*message.correlation_data);
    body += length(properties.size()) + properties;
  }
  body += message.payload;
  outgoing_ += wire::packet(static_cast<unsigned char>(0x32 | (again ? 0x08 : 0) | (message.retain ? 1 : 0)), body);
  if (message.tag >= 0 && handlers_.on_sent) handlers_.on_sent(message.tag);
}

void Line::flush() {
  while (fd_ >= 0 && !outgoing_.empty()) {
    const ssize_t sent = ::send(fd_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent < 0) return;  // the next poll() reports the reason
    outgoing_.erase(0, static_cast<std::size_t>(sent));
  }
}

pollfd Line::wanted() const { return {fd_, static_cast<short>(outgoing_.empty() ? POLLIN : POLLIN | POLLOUT), 0}; }

void Line::handle(short events) {
  if ((events & POLLOUT) != 0) flush();
  if ((events & ~POLLOUT) != 0 && fd_ >= 0) receive();
  flush();
}

void Line::receive() {
  std::array<char, 64 * 1024> bytes{};
  const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return close();
  incoming_.append(bytes.data(), static_cast<std::size_t>(size));
  take_packets();
}

void Line::take_packets() {
  const std::string buffer = std::exchange(incoming_, {});  // a handler may cut the line
  std::string_view rest = buffer;
  while (fd_ >= 0 && rest.size() >= 2) {
    auto body = rest.substr(1);
    const auto bytes = take_length(body);
    if (bytes && *bytes > packet_bytes_max) throw std::runtime_error("the broker sends a packet without end");
    if (!bytes || body.size() < *bytes) break;
    take_packet(static_cast<unsigned char>(rest[0]), body.substr(0, *bytes));
    rest = body.substr(*bytes);
  }
  if (fd_ >= 0) incoming_ = rest;
}

void Line::take_packet(unsigned char first, std::string_view body) {
  switch (first & 0xf0) {
    case 0x20:  // CONNACK
      if (byte_at(body, 1) != 0) return close();
      return connected((byte_at(body, 0) & 1) != 0);
    case 0x30: return take_message(first, body);
    case 0x40: {  // PUBACK
      const auto id = short_at(body, 0);
      const auto code = body.size() > 2 ? byte_at(body, 2) : 0;
      const auto found =
          std::find_if(pending_.begin(), pending_.end(), [id](const auto& p) { return p.second.packet_id == id; });
      if (found == pending_.end()) return;
      if (code >= 0x80) throw std::runtime_error("the broker refuses a message on " + found->second.message.topic);
      pending_.erase(found);
      return;
    }
    case 0x90:  // SUBACK
      if (byte_at(body, body.size() - 1) >= 0x80) throw std::runtime_error("a subscription is refused");
      if (subscriptions_open_ > 0 && --subscriptions_open_ == 0) now_up();
      return;
    case 0xe0: return close();  // DISCONNECT
    default: return;
  }
}

void Line::connected(bool session_present) {
  if (session_present && !connect_.clean) return now_up();
  subscriptions_open_ = filters_.size();
  for (const auto& filter : filters_) {
    std::string body = two_bytes(next_packet_id());
    if (connect_.version == mqtt_5) body += '\0';
    outgoing_ += wire::packet(0x82, body + wire::with_length(filter) + '\1');
  }
  if (filters_.empty()) now_up();
}

void Line::now_up() {
  up_ = true;
  for (const auto& [order, pending] : pending_) write(pending.packet_id, pending.message, true);
  if (handlers_.on_up) handlers_.on_up();
}

void Line::take_message(unsigned char first, std::string_view body) {
  Incoming message;
  message.retained = (first & 0x01) != 0;
  message.redelivered = (first & 0x08) != 0;
  message.topic = std::string(take_text(body));
  std::string_view packet_id;
  if ((first & 0x06) != 0) packet_id = take(body, 2);
  if (connect_.version == mqtt_5) {
    const auto bytes = take_length(body).value_or(0);
    read_properties(take(body, bytes), message);
  }
  message.payload = std::string(body);
  if (handlers_.on_message) handlers_.on_message(message);
  if (fd_ >= 0 && !packet_id.empty()) outgoing_ += wire::packet(0x40, packet_id);
}

}  // namespace strawberry::soak

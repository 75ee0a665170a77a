#include "tests/support/wire_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace strawberry::test {
namespace {

constexpr int mqtt_5 = 5;
constexpr int no_matching_subscribers = 0x10;

constexpr unsigned char connect_packet = 0x10;
constexpr unsigned char connack_packet = 0x20;
constexpr unsigned char publish_packet = 0x30;
constexpr unsigned char puback_packet = 0x40;
constexpr unsigned char subscribe_packet = 0x82;
constexpr unsigned char suback_packet = 0x90;
constexpr unsigned char unsubscribe_packet = 0xa2;
constexpr unsigned char pingresp_packet = 0xd0;
constexpr unsigned char qos_1 = 0x02;
constexpr unsigned char retain_flag = 0x01;

std::string number(std::uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>((value >> shift) & 0xff);
  return text;
}

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text.at(at)); }
unsigned short_at(std::string_view text, std::size_t at) { return byte_at(text, at) << 8 | byte_at(text, at + 1); }

std::string variable_length(std::size_t value) {
  std::string text;
  do {
    auto byte = static_cast<unsigned char>(value & 0x7f);
    value >>= 7;
    if (value != 0) byte |= 0x80;
    text += static_cast<char>(byte);
  } while (value != 0);
  return text;
}

struct Length {
  std::size_t value = 0;
  std::size_t bytes = 0;  // 0: incomplete
};
Length parse_length(std::string_view text) {
  Length length;
  for (std::size_t i = 0; i < 4 && i < text.size(); ++i) {
    length.value |= static_cast<std::size_t>(byte_at(text, i) & 0x7f) << (7 * i);
    if ((byte_at(text, i) & 0x80) == 0) {
      length.bytes = i + 1;
      return length;
    }
  }
  return length;
}

}  // namespace

namespace wire {

std::string with_length(std::string_view text) {
  return number(static_cast<std::uint32_t>(text.size()), 2) + std::string(text);
}

std::string packet(unsigned char first, std::string_view body) {
  return static_cast<char>(first) + variable_length(body.size()) + std::string(body);
}

std::string Connect::bytes() const {
  unsigned char flags = clean ? 0x02 : 0;
  if (will) flags |= 0x04 | (1U << 3) | (will->retain ? 0x20U : 0U);
  if (password) flags |= 0x40;
  if (user_name) flags |= 0x80;
  std::string body = with_length("MQTT") + static_cast<char>(version) + static_cast<char>(flags);
  body += number(keepalive_s, 2);
  if (version == mqtt_5) {
    std::string all = properties;
    if (session_expiry_s) all += '\x11' + number(*session_expiry_s, 4);
    body += variable_length(all.size()) + all;
  }
  body += with_length(client_id);
  if (will) {
    if (version == mqtt_5) {
      const std::string all = will->delay_s == 0 ? std::string() : '\x18' + number(will->delay_s, 4);
      body += variable_length(all.size()) + all;
    }
    body += with_length(will->topic) + with_length(will->payload);
  }
  if (user_name) body += with_length(*user_name);
  if (password) body += with_length(*password);
  return packet(connect_packet, body);
}

std::string publish(int version, std::uint16_t packet_id, std::string_view topic, std::string_view payload,
                    bool retain) {
  std::string body = with_length(topic) + number(packet_id, 2);
  if (version == mqtt_5) body += '\0';
  body += payload;
  return packet(static_cast<unsigned char>(publish_packet | qos_1 | (retain ? retain_flag : 0)), body);
}

std::string subscribe(int version, std::uint16_t packet_id, std::string_view filter) {
  std::string body = number(packet_id, 2);
  if (version == mqtt_5) body += '\0';
  body += with_length(filter) + '\0';
  return packet(subscribe_packet, body);
}

std::string unsubscribe(int version, std::uint16_t packet_id, std::string_view filter) {
  return packet(unsubscribe_packet, number(packet_id, 2) + (version == mqtt_5 ? std::string(1, '\0') : std::string()) +
                                        with_length(filter));
}

}  // namespace wire

WireClient::WireClient(int port, wire::Connect connect, std::chrono::milliseconds timeout)
    : port_(port), connect_(std::move(connect)), timeout_(timeout) {}

WireClient::~WireClient() { close(); }

void WireClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool WireClient::open() {
  close();
  outgoing_.clear();
  incoming_.clear();
  connack_.reset();
  pings_answered_ = pings_sent_;  // the lost ones will not be answered any more
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) throw std::runtime_error("no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close();
    return false;
  }
  ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  return true;
}

int WireClient::connect() { return connect_with(connect_.bytes()); }

int WireClient::connect_with(std::string_view bytes) {
  if (!open()) return closed;
  send(bytes);
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  while (!connack_ && exchange(deadline)) {
  }
  return connack_.value_or(closed);
}

std::uint16_t WireClient::next_packet_id() {
  if (++last_packet_id_ == 0) ++last_packet_id_;
  answers_.erase(last_packet_id_);
  return last_packet_id_;
}

std::uint16_t WireClient::publish(std::string_view topic, std::string_view payload, bool retain) {
  const std::uint16_t id = next_packet_id();
  outgoing_ += wire::publish(connect_.version, id, topic, payload, retain);
  return id;
}

std::uint16_t WireClient::subscribe(std::string_view filter) {
  const std::uint16_t id = next_packet_id();
  outgoing_ += wire::subscribe(connect_.version, id, filter);
  return id;
}

std::uint16_t WireClient::unsubscribe(std::string_view filter) {
  const std::uint16_t id = next_packet_id();
  outgoing_ += wire::unsubscribe(connect_.version, id, filter);
  return id;
}

void WireClient::flush() {
  while (fd_ >= 0 && !outgoing_.empty()) {
    const ssize_t sent = ::send(fd_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent < 0) return;
    outgoing_.erase(0, static_cast<std::size_t>(sent));
  }
}

std::size_t WireClient::ping() {
  send(std::string_view("\xc0\x00", 2));
  return pings_sent_++;
}

bool WireClient::sync() {
  ping();
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  while (pings_answered_ < pings_sent_) {
    if (!exchange(deadline)) return false;
  }
  return true;
}

bool WireClient::wait_for_end() {
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  while (exchange(deadline)) {
  }
  return fd_ < 0;
}

bool WireClient::exchange(Deadline deadline) {
  if (fd_ < 0) return false;
  flush();
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  if (left <= 0) return false;
  pollfd ready{fd_, static_cast<short>(outgoing_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  if (::poll(&ready, 1, static_cast<int>(left)) <= 0) return false;
  return (ready.revents & ~POLLOUT) == 0 || receive();
}

bool WireClient::receive() {
  std::array<char, 16 * 1024> bytes{};
  const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (size > 0) {
    incoming_.append(bytes.data(), static_cast<std::size_t>(size));
    take_packets();
    return true;
  }
  close();
  return false;
}

void WireClient::take_packets() {
  std::string_view rest = incoming_;
  while (rest.size() >= 2) {
    const Length length = parse_length(rest.substr(1));
    if (length.value > packet_bytes_max) throw std::runtime_error("the broker sends a packet without end");
    if (length.bytes == 0 || rest.size() < 1 + length.bytes + length.value) break;
    take_packet(static_cast<unsigned char>(rest[0]), rest.substr(1 + length.bytes, length.value));
    rest.remove_prefix(1 + length.bytes + length.value);
  }
  incoming_.erase(0, incoming_.size() - rest.size());
}

void WireClient::take_packet(unsigned char first, std::string_view body) {
  switch (first & 0xf0) {
    case connack_packet:
      session_present_ = (byte_at(body, 0) & 1) != 0;
      connack_ = static_cast<int>(byte_at(body, 1));
      break;
    case puback_packet: {
      const int code = body.size() > 2 ? static_cast<int>(byte_at(body, 2)) : 0;
      answers_[static_cast<std::uint16_t>(short_at(body, 0))] = code == no_matching_subscribers ? 0 : code;
      break;
    }
    case suback_packet:
      answers_[static_cast<std::uint16_t>(short_at(body, 0))] = static_cast<int>(byte_at(body, body.size() - 1));
      break;
    case publish_packet: take_message(first, body); break;
    case pingresp_packet: ++pings_answered_; break;
    default: others_.emplace_back(first, body); break;
  }
}

void WireClient::take_message(unsigned char first, std::string_view body) {
  Message message;
  std::size_t at = 2 + short_at(body, 0);
  message.topic = std::string(body.substr(2, at - 2));
  if ((first & 0x06) != 0) {
    send(wire::packet(puback_packet, body.substr(at, 2)));
    at += 2;
  }
  if (connect_.version == mqtt_5) {
    const Length length = parse_length(body.substr(at));
    at += length.bytes + length.value;
  }
  message.payload = std::string(body.substr(at));
  message.retained = (first & retain_flag) != 0;
  message.pings_before = pings_answered_;
  messages_.push_back(std::move(message));
}

std::optional<int> WireClient::answer_to(std::uint16_t packet_id) const {
  const auto found = answers_.find(packet_id);
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

std::vector<WireClient::Message> WireClient::take() { return std::exchange(messages_, {}); }

}  // namespace strawberry::test

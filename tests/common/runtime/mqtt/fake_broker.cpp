#include "tests/common/runtime/mqtt/fake_broker.h"

#include <sys/socket.h>

#include <algorithm>

#include "common/runtime/asio.h"

namespace strawberry::test {
namespace {

using asio::ip::tcp;

std::string packet(unsigned char first, const std::string& body) {
  std::string bytes(1, static_cast<char>(first));
  std::size_t rest = body.size();
  do {
    const auto digit = static_cast<unsigned char>(rest % 128);
    rest /= 128;
    bytes += static_cast<char>(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return bytes + body;
}

std::size_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

/// Reads a PUBLISH of this project's client: the expiry is the only property with a number of four bytes.
Packet read_publish(unsigned char first, const std::string& body, bool has_properties) {
  Packet read;
  read.type = 3;
  read.qos = first >> 1 & 3;
  std::size_t at = 2 + number(body, 0, 2);
  read.topic = body.substr(2, at - 2);
  if (read.qos > 0) at += 2;
  if (!has_properties) {
    read.payload = body.substr(at);
    return read;
  }
  const std::size_t properties = number(body, at, 1);
  if (properties >= 5 && body.at(at + 1) == 2) read.expiry_s = static_cast<std::uint32_t>(number(body, at + 2, 4));
  read.payload = body.substr(at + 1 + properties);
  return read;
}

}  // namespace

FakeBroker::FakeBroker(asio::io_context& loop, std::uint16_t port, asio::ip::address address)
    : loop_(loop), tcp_(loop, tcp::endpoint(std::move(address), port)), unix_(loop) {
  accept(tcp_);
}

FakeBroker::FakeBroker(asio::io_context& loop, const std::string& path)
    : loop_(loop), tcp_(loop), unix_(loop, asio::local::stream_protocol::endpoint(path)) {
  accept(unix_);
}

FakeBroker::~FakeBroker() { *alive_ = false; }

std::size_t FakeBroker::open_connections() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& connection) { return connection->socket.is_open(); }));
}

std::size_t FakeBroker::count(int type) const {
  return static_cast<std::size_t>(
      std::count_if(received.begin(), received.end(), [type](const Packet& one) { return one.type == type; }));
}

std::vector<std::string> FakeBroker::payloads() const {
  std::vector<std::string> all;
  for (const auto& one : received) {
    if (one.type == 3) all.push_back(one.payload);
  }
  return all;
}

template <class Acceptor>
void FakeBroker::accept(Acceptor& acceptor) {
  acceptor.async_accept([this, alive = alive_, &acceptor](const boost::system::error_code& error, auto socket) {
    if (error || !*alive) return;
    ++connections;
    connections_.push_back(std::make_shared<Connection>(loop_, socket.release()));
    read(connections_.back());
    accept(acceptor);
  });
}

void FakeBroker::read(const std::shared_ptr<Connection>& connection) {
  if (!script.reads || connection->reading) return;
  connection->reading = true;
  connection->socket.async_read_some(
      asio::buffer(connection->buffer),
      [this, alive = alive_, connection](const boost::system::error_code& error, std::size_t size) {
        if (!*alive) return;
        connection->reading = false;
        if (error) {
          boost::system::error_code ignored;
          connection->socket.close(ignored);
          return;
        }
        connection->incoming.append(connection->buffer.data(), size);
        take_packets(*connection);
        if (connection->socket.is_open()) read(connection);
      });
}

void FakeBroker::take_packets(Connection& connection) {
  constexpr char tls_handshake = 0x16;
  auto& bytes = connection.incoming;
  if (!bytes.empty() && bytes.front() == tls_handshake) return;  // the bytes after it are no packets
  for (;;) {
    std::size_t length = 0;
    std::size_t at = 1;
    bool whole = false;
    for (unsigned shift = 0; !whole && at < bytes.size(); shift += 7, ++at) {
      length |= static_cast<std::size_t>(bytes[at] & 0x7F) << shift;
      whole = (bytes[at] & 0x80) == 0;
    }
    if (!whole || bytes.size() < at + length) return;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const std::string body = bytes.substr(at, length);
    bytes.erase(0, at + length);
    take(connection, first, body);
  }
}

void FakeBroker::take(Connection& connection, unsigned char first, const std::string& body) {
  const int type = first >> 4;
  if (type == 1 && turns_away_v5(connection, body)) return;
  received.push_back(type == 3 ? read_publish(first, body, !connection.is_v311) : Packet{type, 0, {}, {}, {}});
  std::string answer;
  if (type == 1 && script.answers_connect) {
    std::string properties;
    if (script.receive_maximum)
      properties = {0x21, static_cast<char>(*script.receive_maximum >> 8), static_cast<char>(*script.receive_maximum)};
    answer = packet(0x20, std::string{0, static_cast<char>(script.connect_reason)} +
                              (connection.is_v311 ? "" : static_cast<char>(properties.size()) + properties));
  }
  if (type == 3 && received.back().qos > 0 && script.answers_publish)
    answer = packet(0x40, body.substr(2 + number(body, 0, 2), 2) +
                              (connection.is_v311 ? "" : std::string{static_cast<char>(script.publish_reason), '\0'}));
  if (type == 8 && script.answers_subscribe)
    answer = packet(0x90, body.substr(0, 2) + (connection.is_v311 ? "" : std::string(1, '\0')) +
                              static_cast<char>(script.subscribe_reason));
  if (type == 12 && script.answers_ping) answer = packet(0xD0, "");
  boost::system::error_code ignored;
  if (!answer.empty()) asio::write(connection.socket, asio::buffer(answer), ignored);
  if (type == 1 && script.connect_reason != 0) connection.socket.close(ignored);
}

bool FakeBroker::turns_away_v5(Connection& connection, const std::string& connect) {
  constexpr std::size_t level_at = 6;  // after the protocol's name
  connection.is_v311 = connect.at(level_at) == 4;
  if (!script.speaks_v311 || connection.is_v311) return false;
  boost::system::error_code ignored;
  const std::string refusal{0x20, 2, 0, 1};
  if (script.says_what_it_speaks) asio::write(connection.socket, asio::buffer(refusal), ignored);
  connection.socket.close(ignored);
  return true;
}

void FakeBroker::publish(const std::string& topic, const std::string& payload) {
  send(packet(0x30, std::string{static_cast<char>(topic.size() >> 8), static_cast<char>(topic.size())} + topic + '\0' +
                        payload));
}

void FakeBroker::send(const std::string& bytes) {
  boost::system::error_code ignored;
  for (const auto& connection : connections_) {
    if (connection->socket.is_open()) asio::write(connection->socket, asio::buffer(bytes), ignored);
  }
}

void FakeBroker::resume() {
  for (const auto& connection : connections_) {
    if (connection->socket.is_open()) read(connection);
  }
}

void FakeBroker::drop_all(bool with_reset) {
  boost::system::error_code ignored;
  for (const auto& connection : connections_) {
    const linger at_once{1, 0};
    if (with_reset && connection->socket.is_open())
      ::setsockopt(connection->socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    connection->socket.close(ignored);
  }
  connections_.clear();
}

}  // namespace strawberry::test

#include "tests/bench/raw_client.h"

#include <poll.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace strawberry::bench {
namespace {

constexpr int patience_ms = 10'000;

/// Shared by all clients: an incomplete rest moves to the client before the next one reads.
std::array<char, 256 * 1024>& read_buffer() {
  static std::array<char, 256 * 1024> buffer;
  return buffer;
}

}  // namespace

bool RawClient::read_packets(std::string_view& bytes) {
  auto& buffer = read_buffer();
  std::memcpy(buffer.data(), partial_.data(), partial_.size());
  const std::size_t before = partial_.size();
  std::size_t got = 0;
  if (!read(buffer.data() + before, buffer.size() - before, got)) return false;
  bytes = {buffer.data(), before + got};
  return true;
}

void RawClient::keep(std::string_view bytes) {
  if (bytes.size() > read_buffer().size() / 2) throw std::runtime_error("the broker sends a packet without end");
  if (!bytes.empty() || !partial_.empty()) partial_ = bytes;
}

void RawClient::expect(void (*check)(const wire::Packet&)) {
  bool came = false;
  while (!came) {
    pollfd socket{fd(), POLLIN, 0};
    if (::poll(&socket, 1, patience_ms) == 0) throw std::runtime_error("no answer from the broker");
    const bool open = receive([&](const wire::Packet& packet) {
      if (!came) check(packet);
      came = true;
    });
    if (!open) throw std::runtime_error("the broker has closed the connection");
  }
}

}  // namespace strawberry::bench

#include "common/runtime/mqtt/socket_buffer.h"

#include <dlfcn.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace strawberry {
namespace {

// The first byte of a packet (MQTT 5, section 2.1.1).
constexpr unsigned char type_bits = 0xF0;
constexpr unsigned char puback = 0x40;
constexpr unsigned char disconnect = 0xE0;

thread_local SocketBuffer* in_use = nullptr;
thread_local SocketBuffer* in_use_with_tls = nullptr;
/// For who reads next: only one connection reads at a time, and few leave something in it.
thread_local std::unique_ptr<char[]> spare_input;
thread_local bool makes_no_pair = false;

ssize_t next_read(int fd, void* into, std::size_t bytes) {
  static const auto next = reinterpret_cast<ssize_t (*)(int, void*, std::size_t)>(::dlsym(RTLD_NEXT, "read"));
  return next(fd, into, bytes);
}

ssize_t next_write(int fd, const void* from, std::size_t bytes) {
  static const auto next = reinterpret_cast<ssize_t (*)(int, const void*, std::size_t)>(::dlsym(RTLD_NEXT, "write"));
  return next(fd, from, bytes);
}

ssize_t next_send(int fd, const void* from, std::size_t bytes, int flags) {
  static const auto next =
      reinterpret_cast<ssize_t (*)(int, const void*, std::size_t, int)>(::dlsym(RTLD_NEXT, "send"));
  return next(fd, from, bytes, flags);
}

int next_socketpair(int domain, int type, int protocol, int* ends) {
  static const auto next = reinterpret_cast<int (*)(int, int, int, int*)>(::dlsym(RTLD_NEXT, "socketpair"));
  return next(domain, type, protocol, ends);
}

int next_ssl_read(SSL* ssl, void* into, int bytes) {
  static const auto next = reinterpret_cast<int (*)(SSL*, void*, int)>(::dlsym(RTLD_NEXT, "SSL_read"));
  return next(ssl, into, bytes);
}

ssize_t fail_with(int error) {
  errno = error;
  return -1;
}

}  // namespace

SocketBuffer::Use::Use(SocketBuffer& buffer) {
  buffer.is_drained_ = false;
  (buffer.fd() >= 0 ? in_use : in_use_with_tls) = &buffer;
}
SocketBuffer::Use::~Use() {
  if (in_use != nullptr && !in_use->has_input() && in_use->input_) spare_input = std::move(in_use->input_);
  in_use = in_use_with_tls = nullptr;
}

SocketBuffer::NoPair::NoPair() { makes_no_pair = true; }
SocketBuffer::NoPair::~NoPair() { makes_no_pair = false; }

void SocketBuffer::attach(int fd) {
  fd_ = fd;
  begin_ = end_ = owed_ = 0;
  is_drained_ = is_blocked_ = false;
  packets_.clear();
  acknowledgements_.clear();
}

bool SocketBuffer::may_read(std::size_t bytes) {
  if (packet_bytes_max_ == 0 || bytes <= packet_bytes_max_) return true;
  is_too_large_ = true;
  return false;
}

ssize_t SocketBuffer::read(void* into, std::size_t bytes) {
  if (!may_read(bytes)) return fail_with(EMSGSIZE);
  if (has_input()) {
    const auto taken = std::min(bytes, end_ - begin_);
    std::memcpy(into, input_.get() + begin_, taken);
    begin_ += taken;
    return static_cast<ssize_t>(taken);
  }
  if (is_drained_) return fail_with(EAGAIN);
  if (!input_) input_ = std::move(spare_input);
  if (!input_) input_ = std::make_unique_for_overwrite<char[]>(capacity);
  const std::array<iovec, 2> places{{{into, bytes}, {input_.get(), capacity}}};
  const ssize_t got = ::readv(fd_, places.data(), static_cast<int>(places.size()));
  if (got <= 0) return got;
  const auto taken = std::min(bytes, static_cast<std::size_t>(got));
  begin_ = 0;
  end_ = static_cast<std::size_t>(got) - taken;
  is_drained_ = end_ < capacity;
  return static_cast<ssize_t>(taken);
}

ssize_t SocketBuffer::write(const void* from, std::size_t bytes) {
  const auto* text = static_cast<const char*>(from);
  const bool is_rest = owed_ > 0;
  const auto type = is_rest || bytes == 0 ? 0 : static_cast<unsigned char>(*text) & type_bits;
  // The library closes the socket after a DISCONNECT.
  const bool leaves_now = type == disconnect || packets_.size() + acknowledgements_.size() + bytes > capacity;
  if (leaves_now || is_blocked_) {
    if (const int error = flush(); error != 0) return fail_with(error);
    if (is_blocked_) return fail_with(EAGAIN);
  }
  ssize_t written = static_cast<ssize_t>(bytes);
  if (leaves_now) {
    written = next_write(fd_, from, bytes);
    if (written < 0) return written;
  } else {
    (type == puback ? acknowledgements_ : packets_).append(text, bytes);
  }
  owed_ = bytes - static_cast<std::size_t>(written);
  return written;
}

void SocketBuffer::shrink() {
  packets_.shrink_to_fit();
  acknowledgements_.shrink_to_fit();
}

int SocketBuffer::flush() {
  packets_ += acknowledgements_;
  acknowledgements_.clear();
  is_blocked_ = false;
  std::size_t written = 0;
  while (written < packets_.size()) {
    const ssize_t now = next_write(fd_, packets_.data() + written, packets_.size() - written);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0 && errno != EAGAIN) return errno;
    is_blocked_ = now < 0;
    if (is_blocked_) break;
    written += static_cast<std::size_t>(now);
  }
  packets_.erase(0, written);
  return 0;
}

}  // namespace strawberry

extern "C" __attribute__((visibility("default"))) ssize_t read(int fd, void* into, std::size_t bytes) {
  auto* buffer = strawberry::in_use;
  if (buffer == nullptr || buffer->fd() != fd) return strawberry::next_read(fd, into, bytes);
  return buffer->read(into, bytes);
}

extern "C" __attribute__((visibility("default"))) int SSL_read(SSL* ssl, void* into, int bytes) {
  auto* buffer = strawberry::in_use_with_tls;
  if (buffer != nullptr && bytes > 0 && !buffer->may_read(static_cast<std::size_t>(bytes))) {
    errno = EMSGSIZE;
    return -1;
  }
  return strawberry::next_ssl_read(ssl, into, bytes);
}

/// Libmosquitto 2.1 writes packets with it.
extern "C" __attribute__((visibility("default"))) ssize_t send(int fd, const void* from, std::size_t bytes, int flags) {
  auto* buffer = strawberry::in_use;
  if (buffer == nullptr || buffer->fd() != fd) return strawberry::next_send(fd, from, bytes, flags);
  return buffer->write(from, bytes);
}

extern "C" __attribute__((visibility("default"))) ssize_t write(int fd, const void* from, std::size_t bytes) {
  auto* buffer = strawberry::in_use;
  if (buffer == nullptr) return strawberry::next_write(fd, from, bytes);
  if (buffer->fd() == fd) return buffer->write(from, bytes);
  // If the library did create its socket pair, it writes a byte to it for each packet, which nobody reads.
  return bytes == 1 ? 1 : strawberry::next_write(fd, from, bytes);
}

/// Libmosquitto opens a pair for each connection, to wake a thread that does not exist here; it works without one.
extern "C" __attribute__((visibility("default"))) int socketpair(int domain, int type, int protocol,
                                                                 int ends[2]) noexcept {
  if (strawberry::makes_no_pair) return -1;
  return strawberry::next_socketpair(domain, type, protocol, ends);
}

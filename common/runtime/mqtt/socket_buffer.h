/// Buffers what libmosquitto reads from its socket and writes to it, to need few system calls.
///
/// The library reads a packet in three or more pieces (a byte, the length byte by byte, the rest) and writes each
/// packet by itself; it has no option against that. So every program that is linked with this file defines read(),
/// write() and send(), which the library finds before those of libc. While a Use is alive, on its thread and for its
/// socket, they are served from the buffer; everywhere else they call libc's. A future library that calls other
/// functions would use the socket directly, as it does without this file.
///
/// Reading takes what the socket has, up to `capacity`, and returns it in pieces. Writing gathers whole packets until
/// flush(). Acknowledgements are written last: nobody waits for them, and the broker handles one packet at a time.
///
/// The library makes room for a packet as large as its sender says, up to 256 MB. It then asks for all that is left of
/// the packet at once: where more than `packet_bytes_max` are asked for, reading fails, and no such packet is read.
/// With TLS, SSL_read() is where that is seen.
///
/// Threading: one thread.   Lifetime: one connection. Not for TLS, where OpenSSL reads and writes.
/// Errors: as read(2) and write(2) report them.   Bounds: `capacity` each way, packet_bytes_max; a connection without
/// input has no memory for it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

namespace strawberry {

class SocketBuffer {
 public:
  static constexpr std::size_t capacity = 64 * 1024;

  /// Serves read() and write() on `buffer.fd()` from `buffer`, on this thread, while it lives. Does nothing when there
  /// is no socket. At most one at a time on a thread.
  class Use {
   public:
    explicit Use(SocketBuffer& buffer);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

  /// While it lives, the library gets no socket pair on this thread, which saves two files per connection.
  class NoPair {
   public:
    NoPair();
    ~NoPair();
    NoPair(const NoPair&) = delete;
    NoPair& operator=(const NoPair&) = delete;
  };

  /// 0: no limit.
  void set_packet_bytes_max(std::size_t bytes) { packet_bytes_max_ = bytes; }
  /// True once a packet came that was too large to be read.
  bool is_too_large() const { return is_too_large_; }
  /// Called before so many bytes of one packet are read. False: they must not be.
  bool may_read(std::size_t bytes);

  /// Begins with a stream socket in non-blocking mode, or with none (-1). What was buffered is dropped.
  void attach(int fd);
  int fd() const { return fd_; }

  /// As read(2). Also EAGAIN when the socket was empty at an earlier read within the same Use.
  ssize_t read(void* into, std::size_t bytes);
  /// As write(2), for one packet or for the rest of one. EAGAIN while the socket has not accepted what came before.
  ssize_t write(const void* from, std::size_t bytes);

  /// True when data read from the socket has not been returned yet.
  bool has_input() const { return begin_ != end_; }
  /// True when gathered packets have not been written yet.
  bool has_output() const { return !packets_.empty() || !acknowledgements_.empty(); }
  /// True when the socket has not accepted everything: call flush() again when it is writable.
  bool is_blocked() const { return is_blocked_; }
  /// Frees the memory of what was written.
  void shrink();
  /// Writes the gathered packets. Returns 0, or the errno of a broken socket.
  int flush();

 private:
  int fd_ = -1;
  std::size_t packet_bytes_max_ = 0;
  bool is_too_large_ = false;
  std::unique_ptr<char[]> input_;  // while there is input; connections of a thread share it otherwise
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_drained_ = false;  // within this Use, the socket returned less than was asked for
  std::string packets_;
  std::string acknowledgements_;
  std::size_t owed_ = 0;  // bytes of a large packet that the library has yet to write
  bool is_blocked_ = false;
};

}  // namespace strawberry

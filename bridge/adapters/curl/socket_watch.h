/// One socket that curl opened and asio watches. Waits for what curl wants (reading, writing or both) and tells when it
/// is there. The socket stays curl's: it is released, never closed.
///
/// Threading: loop only.   Lifetime: shared with its own pending waits; stop() before curl closes the socket.
#pragma once

#include <functional>
#include <memory>

#include "common/runtime/asio.h"

namespace strawberry::bridge {

class SocketWatch : public std::enable_shared_from_this<SocketWatch> {
 public:
  enum class Event { readable, writable, failed };
  using Ready = std::function<void(int socket, Event event)>;

  SocketWatch(const asio::any_io_executor& executor, int socket, Ready ready);
  ~SocketWatch();

  /// Replaces what is waited for.
  void want(bool readable, bool writable);
  void stop();

 private:
  void arm();
  void wait(asio::posix::descriptor_base::wait_type type, bool& armed);

  asio::posix::stream_descriptor descriptor_;
  int socket_;
  Ready ready_;
  bool want_read_ = false;
  bool want_write_ = false;
  bool read_armed_ = false;
  bool write_armed_ = false;
};

}  // namespace strawberry::bridge

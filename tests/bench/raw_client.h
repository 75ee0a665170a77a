/// A minimal end of an MQTT connection: a socket, and the bytes of an incomplete packet. A library's client costs as
/// much as the broker's part of a message; this one does not, so that the broker is measured.
///
/// Threading: one thread.   Errors: as LoopbackSocket.   Bounds: one incomplete packet.
#pragma once

#include <string>
#include <string_view>

#include "tests/bench/loopback_socket.h"
#include "tests/bench/wire.h"

namespace strawberry::bench {

class RawClient : public LoopbackSocket {
 public:
  using LoopbackSocket::LoopbackSocket;

  /// Reads once without waiting, and calls `handle` for each packet. Returns false when the broker has closed the
  /// connection.
  template <class Handle>
  bool receive(Handle handle) {
    std::string_view bytes;
    if (!read_packets(bytes)) return false;
    wire::Packet packet;
    while (wire::next_packet(bytes, packet)) handle(packet);
    keep(bytes);
    return true;
  }

  /// Waits for the broker's next packet, of any type, and checks it.
  void expect(void (*check)(const wire::Packet&));

 private:
  bool read_packets(std::string_view& bytes);
  void keep(std::string_view bytes);

  std::string partial_;
};

}  // namespace strawberry::bench

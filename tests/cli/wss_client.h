/// MQTT over a WebSocket over TLS, like a browser: checks the certificate, does the handshake of RFC 6455, then sends
/// MQTT packets in masked frames.
///
/// Threading: one thread.   Lifetime: closes the connection when destroyed.   Errors: throws with the reason; a server
/// that is silent for 10 s counts as one that closed.
#pragma once

#include <string>

#include "tests/support/tls_connection.h"

namespace strawberry::test {

class WssClient {
 public:
  WssClient(int port, const std::string& ca_file);

  /// One packet, in a frame of its own.
  void send(const std::string& packet);
  /// The payload of the next frame; empty when the server closed.
  std::string receive();

 private:
  TlsConnection connection_;
};

}  // namespace strawberry::test

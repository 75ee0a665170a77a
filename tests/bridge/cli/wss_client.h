/// MQTT over a WebSocket over TLS, as a browser does it: the certificate is checked, then comes the handshake of RFC
/// 6455, then MQTT packets in masked frames.
///
/// Threading: one thread.   Life: closes the connection when destroyed.   Errors: throws with what went wrong; a server
/// that says nothing for 10 s counts as one that closed.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace strawberry::test {

class WssClient {
 public:
  WssClient(int port, const std::string& ca_file);

  /// One packet, in a frame of its own.
  void send(const std::string& packet);
  /// The payload of the next frame; empty when the server closed.
  std::string receive();

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(BIO* connection) const { BIO_free_all(connection); }
  };
  std::string read(std::size_t size);

  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<BIO, Free> connection_;
};

}  // namespace strawberry::test

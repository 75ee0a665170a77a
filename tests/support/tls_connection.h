/// A TLS connection to a server on this machine whose certificate is checked.
///
/// Threading: one thread.   Lifetime: closes the connection when destroyed.   Errors: the constructor throws with the
/// reason; a server that is silent for 10 s counts as one that closed.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace strawberry::test {

class TlsConnection {
 public:
  /// `version_max`: the newest that is offered; 0: the newest that the library has.
  TlsConnection(int port, const std::string& ca_file, int version_max = 0);

  bool send(const std::string& bytes);
  /// Reads exactly `size` bytes; fewer when the server closed.
  std::string read(std::size_t size);
  /// Reads to the end of `text`; less when the server closed.
  std::string read_to(const std::string& text);
  /// Ends TLS with close_notify, then the connection.
  void close();
  /// The certificate's serial number, in hex.
  std::string serial() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(BIO* connection) const { BIO_free_all(connection); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<BIO, Free> connection_;
};

}  // namespace strawberry::test

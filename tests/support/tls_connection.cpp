#include "tests/support/tls_connection.h"

#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <csignal>
#include <stdexcept>

namespace strawberry::test {

TlsConnection::TlsConnection(int port, const std::string& ca_file, int version_max)
    : context_(SSL_CTX_new(TLS_client_method())) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (version_max != 0) {
    SSL_CTX_set_security_level(context_.get(), 0);  // allows old versions where the library has them
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
  }
  if (SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) != 1) throw std::runtime_error("no CA in " + ca_file);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context_.get()), "127.0.0.1");
  connection_.reset(BIO_new_ssl_connect(context_.get()));
  BIO_set_conn_hostname(connection_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  if (BIO_do_connect(connection_.get()) != 1) throw std::runtime_error("no TLS connection");
  int fd = -1;
  BIO_get_fd(connection_.get(), &fd);
  const timeval patience{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

bool TlsConnection::send(const std::string& bytes) {
  return BIO_write(connection_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
}

std::string TlsConnection::read(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t at = 0;
  while (at < size) {
    const int got = BIO_read(connection_.get(), bytes.data() + at, static_cast<int>(size - at));
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

std::string TlsConnection::read_to(const std::string& text) {
  std::string bytes;
  while (!bytes.ends_with(text)) {
    const std::string byte = read(1);
    if (byte.empty()) break;
    bytes += byte;
  }
  return bytes;
}

void TlsConnection::close() {
  SSL* ssl = nullptr;
  BIO_get_ssl(connection_.get(), &ssl);
  SSL_shutdown(ssl);
  connection_.reset();
}

std::string TlsConnection::serial() const {
  SSL* ssl = nullptr;
  BIO_get_ssl(connection_.get(), &ssl);
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl), &X509_free);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
      ASN1_INTEGER_to_BN(X509_get_serialNumber(shown.get()), nullptr), &BN_free);
  char* text = BN_bn2hex(number.get());
  std::string hex(text);
  OPENSSL_free(text);
  return hex;
}

}  // namespace strawberry::test

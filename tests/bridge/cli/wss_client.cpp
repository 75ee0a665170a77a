#include "tests/bridge/cli/wss_client.h"

#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdexcept>

namespace strawberry::test {

WssClient::WssClient(int port, const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) != 1) throw std::runtime_error("no CA in " + ca_file);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context_.get()), "127.0.0.1");
  connection_.reset(BIO_new_ssl_connect(context_.get()));
  BIO_set_conn_hostname(connection_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  if (BIO_do_connect(connection_.get()) != 1) throw std::runtime_error("no TLS connection");
  int fd = -1;
  BIO_get_fd(connection_.get(), &fd);
  const timeval patience{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string request =
      "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: "
      "mqtt\r\n\r\n";
  BIO_write(connection_.get(), request.data(), static_cast<int>(request.size()));
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = read(1);
    if (byte.empty()) throw std::runtime_error("no WebSocket: " + head);
    head += byte;
  }
  if (head.find(" 101 ") == std::string::npos) throw std::runtime_error("no WebSocket: " + head);
}

std::string WssClient::read(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const int got = BIO_read(connection_.get(), bytes.data() + at, static_cast<int>(size - at));
    if (got <= 0) return {};
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

void WssClient::send(const std::string& packet) {
  std::string frame = "\x82";  // the last of its message, binary
  if (packet.size() < 126) {
    frame += static_cast<char>(0x80 | packet.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(packet.size() >> 8);
    frame += static_cast<char>(packet.size());
  }
  frame += std::string(4, '\0') + packet;  // masked with zeros
  BIO_write(connection_.get(), frame.data(), static_cast<int>(frame.size()));
}

std::string WssClient::receive() {
  const std::string head = read(2);
  if (head.empty()) return {};
  std::size_t size = head[1] & 0x7F;
  if (size == 126) {
    const std::string longer = read(2);
    if (longer.empty()) return {};
    size = static_cast<std::size_t>(static_cast<unsigned char>(longer[0])) << 8 | static_cast<unsigned char>(longer[1]);
  }
  return read(size);
}

}  // namespace strawberry::test

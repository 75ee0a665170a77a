#include "tests/cli/wss_client.h"

#include <stdexcept>

namespace strawberry::test {

WssClient::WssClient(int port, const std::string& ca_file) : connection_(port, ca_file) {
  const std::string request =
      "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: "
      "mqtt\r\n\r\n";
  connection_.send(request);
  const std::string head = connection_.read_to("\r\n\r\n");
  if (head.find(" 101 ") == std::string::npos) throw std::runtime_error("no WebSocket: " + head);
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
  connection_.send(frame);
}

std::string WssClient::receive() {
  const std::string head = connection_.read(2);
  if (head.size() < 2) return {};
  std::size_t size = head[1] & 0x7F;
  if (size == 126) {
    const std::string longer = connection_.read(2);
    if (longer.size() < 2) return {};
    size = static_cast<std::size_t>(static_cast<unsigned char>(longer[0])) << 8 | static_cast<unsigned char>(longer[1]);
  }
  return connection_.read(size);
}

}  // namespace strawberry::test

// CONNECT packets that no client library would send.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/broker-plugin/plugin_fixture.h"

namespace strawberry::test {
namespace {

std::string with_length(const std::string& text) {
  const auto size = static_cast<unsigned>(text.size());
  return std::string{static_cast<char>(size >> 8), static_cast<char>(size & 0xff)} + text;
}

std::string packet(char type, const std::string& body) {
  std::string length;
  std::size_t rest = body.size();
  do {
    char byte = static_cast<char>(rest & 0x7f);
    rest >>= 7;
    if (rest != 0) byte = static_cast<char>(byte | 0x80);
    length += byte;
  } while (rest != 0);
  return type + length + body;
}

struct Connect {
  std::string client_id;
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  std::string properties;

  std::string bytes() const {
    int flags = 0x02;  // clean start
    if (user_name) flags |= 0x80;
    if (password) flags |= 0x40;
    std::string body = with_length("MQTT");
    body += '\x05';
    body += static_cast<char>(flags);
    body += std::string("\0\x3c", 2);
    body += static_cast<char>(properties.size()) + properties + with_length(client_id);
    if (user_name) body += with_length(*user_name);
    if (password) body += with_length(*password);
    return packet('\x10', body);
  }
};

class RawPackets : public PluginInBroker {
 protected:
  RawPackets() { start_broker(); }

  /// The reason in the CONNACK; -1 when the broker closed instead.
  int connack(const std::string& bytes) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(broker_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::array<char, 64> answer{};
    pollfd readable{fd, POLLIN, 0};
    const ssize_t size = ::poll(&readable, 1, 5'000) > 0 ? ::recv(fd, answer.data(), answer.size(), 0) : 0;
    ::close(fd);
    return size >= 4 && answer[0] == 0x20 ? static_cast<unsigned char>(answer[3]) : -1;
  }
  std::string token() const { return hub_.user_token("alice"); }
};

TEST_P(RawPackets, AGoodOneIsAccepted) {
  EXPECT_EQ(connack(Connect{"free", "", token(), ""}.bytes()), 0);
  EXPECT_EQ(connack(Connect{"free", std::nullopt, token(), ""}.bytes()), 0);
}

TEST_P(RawPackets, AnAuthenticationMethodIsNoWayAroundTheToken) {
  const std::string method = '\x15' + with_length("PLAIN");
  const std::string data = '\x16' + with_length("x");
  EXPECT_NE(connack(Connect{"free", std::nullopt, std::nullopt, method}.bytes()), 0);
  EXPECT_NE(connack(Connect{"free", "", "rubbish", method + data}.bytes()), 0);
}

TEST_P(RawPackets, CredentialsThatAreMissingOrCutAreRefused) {
  EXPECT_NE(connack(Connect{"free", std::nullopt, std::nullopt, ""}.bytes()), 0);
  EXPECT_NE(connack(Connect{"free", "alice", std::nullopt, ""}.bytes()), 0);
  EXPECT_NE(connack(Connect{"free", "", "", ""}.bytes()), 0);
  EXPECT_NE(connack(Connect{"free", "", std::string("\0", 1) + token(), ""}.bytes()), 0);
  EXPECT_NE(connack(Connect{"free", "", std::string(65'535, 'x'), ""}.bytes()), 0);
  EXPECT_NE(connack(Connect{"free", std::string(65'535, 'x'), token(), ""}.bytes()), 0);
}

TEST_P(RawPackets, StrangeClientIdsAreRefused) {
  for (const std::string& id : {std::string("speaker\0x", 9), std::string("speaker\xe2\x80\xae"),
                                std::string(65'535, 'x'), std::string("a/+/#"), std::string("\x7f")}) {
    EXPECT_NE(connack(Connect{id, "", token(), ""}.bytes()), 0);
  }
  EXPECT_TRUE(broker_->process().is_running());
}

INSTANTIATE_TEST_SUITE_P(Mqtt5, RawPackets, ::testing::Values(5));

}  // namespace
}  // namespace strawberry::test

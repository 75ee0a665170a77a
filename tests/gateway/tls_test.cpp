/// The web door with TLS: certificates, versions, names, the answer to plain HTTP, and the detection of clients that
/// disconnect.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/gateway/web_door.h"
#include "tests/support/tls_connection.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class WebDoorWithTls : public testing::Test {
 protected:
  static constexpr std::chrono::seconds patience{15};

  WebDoorWithTls() {
    make_certificates();
    door_.emplace(hub_, "[http]\nheader_timeout_ms = 1000\ncertificate_file = \"" + file("server.crt") +
                            "\"\nkey_file = \"" + file("server.key") + "\"\n");
  }
  std::string file(const std::string& name) const { return tls_.file(name); }
  std::string ca() const { return file("ca.crt"); }
  /// Makes a new certificate if the old one was deleted.
  void make_certificates() const {
    ChildProcess::Options make;
    make.argv = {STRAWBERRY_SOURCE_DIR "/scripts/certificates", tls_.path(), "hub.example"};
    ChildProcess process(make);
    if (process.wait_for_exit(patience) != 0) throw std::runtime_error(process.output());
  }
  std::string request(const std::string& line, const std::string& host = "localhost", const std::string& body = {}) {
    return line + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + hub_.files().user_token("alice") +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string chat(bool is_streamed) {
    return json{{"messages", {{{"role", "user"}, {"content", "a long story"}}}}, {"stream", is_streamed}}.dump();
  }
  /// Returns the status line of the answer over TLS.
  std::string status(const std::string& line, const std::string& host = "localhost") {
    TlsConnection client(door_->port(), ca());
    client.send(request(line, host));
    return client.read_to("\r\n");
  }

  TempDir tls_;
  StubLlm model_;
  HubProcess hub_{hub_with(model_)};
  std::optional<GatewayProcess> door_;
};

TEST_F(WebDoorWithTls, AnswersOverTlsAndSaysWhereItIs) {
  EXPECT_EQ(status("GET /api/v1/devices"), "HTTP/1.1 200 OK\r\n");
  std::string endpoint;
  std::getline(std::ifstream(hub_.files().directory().file("http-endpoint")) >> std::ws, endpoint);
  EXPECT_EQ(endpoint, "https://127.0.0.1:" + std::to_string(door_->port()));
}

TEST_F(WebDoorWithTls, KeepsAConnectionForManyRequests) {
  TlsConnection client(door_->port(), ca());
  for (int i = 0; i < 20; ++i) {
    client.send(request("GET /health"));
    EXPECT_THAT(client.read_to("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(client.read(20), R"({"status":"healthy"})");
  }
}

TEST_F(WebDoorWithTls, StreamsAndEndsInOrder) {
  TlsConnection client(door_->port(), ca());
  std::string asked = request("POST /v1/chat/completions", "localhost", chat(true));
  asked.insert(asked.find("\r\n") + 2, "Connection: close\r\n");
  client.send(asked);
  const std::string answer = client.read(1'000'000);
  EXPECT_THAT(answer, HasSubstr("data: [DONE]"));
  EXPECT_TRUE(answer.ends_with("0\r\n\r\n")) << answer;
}

TEST_F(WebDoorWithTls, SaysHttpsToAClientThatSpeaksPlainHttp) {
  RawHttp plain(door_->port());
  plain.send(request("GET /health"));
  const std::string answer = plain.read(5s);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr("use https"));
  EXPECT_TRUE(plain.is_closed());
}

TEST_F(WebDoorWithTls, WaitsForNoHandshakeForEver) {
  RawHttp silent(door_->port());
  RawHttp half(door_->port());
  half.send(std::string("\x16\x03\x01\x02", 4));
  silent.read(10s);
  half.read(10s);
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(half.is_closed());
  EXPECT_EQ(status("GET /health"), "HTTP/1.1 200 OK\r\n");
}

TEST_F(WebDoorWithTls, SpeaksNoOldVersion) {
  EXPECT_THROW(TlsConnection(door_->port(), ca(), TLS1_1_VERSION), std::runtime_error);
  EXPECT_NO_THROW(TlsConnection(door_->port(), ca(), TLS1_2_VERSION));
}

TEST_F(WebDoorWithTls, KnowsTheNamesOfItsCertificate) {
  EXPECT_EQ(status("GET /health", "hub.example:8443"), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(status("GET /health", "evil.example"), "HTTP/1.1 403 Forbidden\r\n");
}

TEST_F(WebDoorWithTls, CancelsTheChatOfAClientThatLeaves) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(1'000, 20); });
  std::size_t left = 0;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsConnection client(door_->port(), ca(), version);
    client.send(request("POST /v1/chat/completions", "localhost", chat(false)));
    for (int i = 0; i < 500 && model_.requests().size() <= left; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_GT(model_.requests().size(), left);
    client.close();  // with TLS's own end before that of TCP
    ++left;
    for (int i = 0; i < 500 && model_.clients_gone() < left; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(model_.clients_gone(), left) << version;
  }
}

TEST_F(WebDoorWithTls, TakesAWebSocket) {
  TlsConnection client(door_->port(), ca());
  client.send("GET /api/v1/ws?token=" + hub_.files().user_token("alice") +
              " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  EXPECT_THAT(client.read_to("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  EXPECT_THAT(client.read_to("}"), HasSubstr(R"("status":"connected")"));
}

TEST_F(WebDoorWithTls, ReadsANewCertificateAndKeepsTheOldOneForABadOne) {
  TlsConnection before(door_->port(), ca());
  const auto reload = [&](const std::string& wanted) {
    const std::size_t from = door_->log().size();
    door_->process().signal(SIGHUP);
    ASSERT_TRUE(door_->process().wait_for_output(wanted, patience, from)) << door_->log();
  };
  std::filesystem::remove(file("server.crt"));
  make_certificates();
  reload("the certificate was read again");
  const std::string renewed = TlsConnection(door_->port(), ca()).serial();
  EXPECT_NE(renewed, before.serial());
  std::ofstream(file("server.key")) << "rubbish\n";
  reload("the one before stays");
  EXPECT_EQ(TlsConnection(door_->port(), ca()).serial(), renewed);
  before.send(request("GET /health"));
  EXPECT_THAT(before.read_to("\r\n"), StartsWith("HTTP/1.1 200")) << "an open connection goes on";
}

}  // namespace
}  // namespace strawberry::test

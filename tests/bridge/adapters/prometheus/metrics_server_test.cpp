#include "bridge/adapters/prometheus/metrics_server.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

std::string page() { return "up 1\n"; }

TEST(AnswerScrape, GivesThePageToGetAndItsLengthToHead) {
  const auto got = answer_scrape("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", page);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_TRUE(got.ends_with("\r\n\r\nup 1\n"));
  const auto head = answer_scrape("HEAD /metrics HTTP/1.0\r\n\r\n", page);
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_THAT(answer_scrape("GET /metrics?name[]=x HTTP/1.1\r\n\r\n", page), StartsWith("HTTP/1.1 200"));
}

TEST(AnswerScrape, RefusesEverythingElseWithoutMakingThePage) {
  const auto never = []() -> std::string { throw std::runtime_error("made"); };
  const std::pair<const char*, const char*> cases[] = {{"GET / HTTP/1.1", "404"},
                                                       {"GET /metrics/../etc/passwd HTTP/1.1", "404"},
                                                       {"POST /metrics HTTP/1.1", "405"},
                                                       {"GET", "400"},
                                                       {"", "400"},
                                                       {" ", "400"},
                                                       {"GET  HTTP/1.1", "400"},
                                                       {"GET /metrics FTP/1.1", "400"},
                                                       {"\x16\x03\x01", "400"}};
  for (const auto& [line, status] : cases)
    EXPECT_THAT(answer_scrape(std::string(line) + "\r\n\r\n", never), StartsWith(std::string("HTTP/1.1 ") + status))
        << line;
}

class MetricsServerTest : public testing::Test {
 protected:
  void serve(MetricsServer::Options options) {
    server_ = std::make_unique<MetricsServer>(loop_, page, std::move(options));
    const auto listening = server_->listen();
    ASSERT_TRUE(listening) << listening.error().message;
  }
  tcp::socket client() {
    tcp::socket socket(loop_);
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    return socket;
  }
  /// What comes until the server closes, while the loop runs.
  std::string read_all(tcp::socket& socket) {
    std::string got;
    bool ended = false;
    asio::async_read(socket, asio::dynamic_buffer(got),
                     [&](const boost::system::error_code&, std::size_t) { ended = true; });
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    loop_.restart();
    while (!ended && std::chrono::steady_clock::now() < give_up) loop_.run_one_for(1s);
    EXPECT_TRUE(ended) << "the server keeps the connection";
    return got;
  }
  std::string ask(const std::string& request) {
    auto socket = client();
    asio::write(socket, asio::buffer(request));
    return read_all(socket);
  }

  asio::io_context loop_;
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, AnswersOneAfterTheOther) {
  serve({});
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\n\r\n").ends_with("up 1\n")) << i;
}

TEST_F(MetricsServerTest, ARequestWithoutEndIsCutOff) {
  serve({.request_bytes_max = 1'024});
  EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\n" + std::string(1'024, 'x')), StartsWith("HTTP/1.1 431"));
}

TEST_F(MetricsServerTest, WhoeverSaysNothingIsClosedAtTheDeadline) {
  serve({.connection_timeout = 50ms});
  auto silent = client();
  EXPECT_EQ(read_all(silent), "");
}

TEST_F(MetricsServerTest, TakesConnectionsUpToTheLimit) {
  serve({.connections_max = 2, .connection_timeout = 60s});
  auto first = client();
  auto second = client();
  auto third = client();
  EXPECT_EQ(read_all(third), "");
  first.close();
  loop_.restart();
  loop_.run_for(20ms);
  EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\n\r\n").ends_with("up 1\n")) << "there is room again";
}

TEST_F(MetricsServerTest, SaysThatAPortIsTakenAndCanTryAgain) {
  serve({});
  MetricsServer late(loop_, page, {.port = server_->port()});
  const auto listening = late.listen();
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().message, "Address already in use");
  EXPECT_EQ(late.port(), 0);
  server_.reset();
  EXPECT_TRUE(late.listen());
  EXPECT_FALSE(MetricsServer(loop_, page, {.address = "no.address"}).listen());
}

TEST_F(MetricsServerTest, MayGoWhileSomebodyIsConnected) {
  serve({});
  auto socket = client();
  loop_.run_for(10ms);
  asio::write(socket, asio::buffer(std::string_view("GET /metrics HTTP/1.1\r\n\r\n")));
  server_.reset();
  loop_.restart();
  loop_.run_for(10ms);
}

}  // namespace
}  // namespace strawberry::bridge

/// How the client finds its broker, and its behaviour while there is none.
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "common/runtime/asio.h"
#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/common/runtime/mqtt/fake_broker.h"
#include "tests/support/free_port.h"

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
// A name server that does not answer: names ending in ".hangs" wait until this is reset, and then mean this machine.
std::atomic<bool> resolver_hangs{false};
std::atomic<int> resolver_waiting{0};

addrinfo* address_of(const char* service, in_addr_t address, addrinfo* next) {
  auto* memory = static_cast<sockaddr_in*>(std::calloc(1, sizeof(addrinfo) + sizeof(sockaddr_in)));
  auto* info = reinterpret_cast<addrinfo*>(memory + 1);
  memory->sin_family = AF_INET;
  memory->sin_addr.s_addr = htonl(address);
  memory->sin_port = htons(static_cast<std::uint16_t>(service != nullptr ? std::atoi(service) : 0));
  info->ai_family = AF_INET;
  info->ai_socktype = SOCK_STREAM;
  info->ai_addrlen = sizeof(sockaddr_in);
  info->ai_addr = reinterpret_cast<sockaddr*>(memory);
  info->ai_next = next;
  return info;
}
}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name, const char* service,
                                                                  const addrinfo*, addrinfo** result) {
  const std::string_view text = name != nullptr ? name : "";
  if (text.ends_with(".hangs")) {
    ++resolver_waiting;
    resolver_hangs.wait(true);
    --resolver_waiting;
  } else if (text == "unknown.example") {
    return EAI_NONAME;
  }
  in_addr numeric{};
  addrinfo* found = nullptr;
  if (inet_pton(AF_INET, name, &numeric) == 1) {
    found = address_of(service, ntohl(numeric.s_addr), nullptr);
  } else {
    found = address_of(service, INADDR_LOOPBACK, nullptr);
    if (text == "several.example")
      for (const in_addr_t other : {1U, 2U}) found = address_of(service, INADDR_LOOPBACK + other, found);
  }
  *result = found;
  return 0;
}

extern "C" __attribute__((visibility("default"))) void freeaddrinfo(addrinfo* result) {
  while (result != nullptr) {
    auto* next = result->ai_next;
    std::free(result->ai_addr);
    result = next;
  }
}

namespace strawberry::test {
namespace {

using Connecting = ClientFixture;

void let_resolver_hang(bool hangs) {
  resolver_hangs = hangs;
  resolver_hangs.notify_all();
}

TEST_F(Connecting, FindsABrokerThatComesLater) {
  const auto port = static_cast<std::uint16_t>(free_port());
  start(options_for(port));
  ASSERT_TRUE(until([this] { return lost.size() == 3; }));
  EXPECT_THAT(lost, Each(HasSubstr("Connection refused")));
  FakeBroker broker(loop, port);
  EXPECT_TRUE(until_ready());
  EXPECT_TRUE(client->is_ready());
  EXPECT_EQ(broker.connections, 1U) << "no look before: the broker would log it";
}

TEST_F(Connecting, TriesEveryAddressOfAHostInOneAttempt) {
  FakeBroker broker(loop);  // on the last of the three
  auto options = options_for(broker.port());
  options.host = "several.example";
  options.connect_once = true;
  start(options);
  EXPECT_TRUE(until_ready());
  EXPECT_TRUE(lost.empty());
}

/// A full queue of connections: the system drops further connection attempts.
TEST_F(Connecting, AnAddressThatSwallowsEverythingDoesNotHideTheNext) {
  asio::ip::tcp::acceptor full(loop);
  full.open(asio::ip::tcp::v4());
  full.bind({asio::ip::make_address("127.0.0.3"), 0});
  full.listen(0);
  std::vector<asio::ip::tcp::socket> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(loop, asio::ip::tcp::v4());
    waiting.back().native_non_blocking(true);
    ::connect(waiting.back().native_handle(), full.local_endpoint().data(), sizeof(sockaddr_in));
  }
  FakeBroker broker(loop, full.local_endpoint().port());  // on the last of the three
  auto options = options_for(broker.port());
  options.host = "several.example";
  options.connect_timeout = 500ms;  // also the most that the broker on the last may take
  options.connect_once = true;
  start(options);
  EXPECT_TRUE(until_ready());
  EXPECT_TRUE(lost.empty());
}

/// After a reset the system no longer knows that there was a connection.
TEST_F(Connecting, TheOtherAddressesAreNotForAConnectionThatIsReset) {
  for (const bool is_accepted : {true, false}) {
    SCOPED_TRACE(is_accepted);
    lost.clear();
    ready = 0;
    FakeBroker broker(loop, 0, asio::ip::make_address("127.0.0.3"));
    const FakeBroker other(loop, broker.port(), asio::ip::make_address("127.0.0.2"));
    broker.script.answers_connect = is_accepted;
    auto options = options_for(broker.port());
    options.host = "several.example";
    options.connect_once = true;
    start(options);
    ASSERT_TRUE(until([&] { return broker.count(1) == 1 && ready == (is_accepted ? 1U : 0U); }));
    broker.drop_all(/*with_reset=*/true);
    ASSERT_TRUE(until([this] { return !lost.empty(); }));
    EXPECT_EQ(other.connections, 0U);
    EXPECT_EQ(lost.size(), 1U);
  }
}

TEST_F(Connecting, WaitsTwiceAsLongEachTimeUpToTheLimit) {
  auto options = options_for(free_port());
  options.reconnect_min = 20ms;
  options.reconnect_max = 80ms;
  start(options);
  ASSERT_TRUE(until([this] { return lost.size() == 9; }));
  const auto pause = [this](std::size_t i) { return lost_at[i + 1] - lost_at[i]; };
  EXPECT_GE(pause(0), 20ms);
  EXPECT_GE(pause(1), 40ms);
  for (std::size_t i = 2; i < 8; ++i) EXPECT_GE(pause(i), 80ms);
  EXPECT_LT(pause(7), 2'000ms) << "doubled eight times it were 2 560 ms";
}

TEST_F(Connecting, ConnectingResetsThePause) {
  const auto port = static_cast<std::uint16_t>(free_port());
  auto options = options_for(port);
  options.reconnect_min = 100ms;
  options.reconnect_max = 1h;
  start(options);
  ASSERT_TRUE(until([this] { return lost.size() == 5; }));
  FakeBroker broker(loop, port);
  ASSERT_TRUE(until_ready());
  broker.drop_all();
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(until_ready());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2'500ms) << "the pause had grown to 3 200 ms";
}

TEST_F(Connecting, GivesUpOnALookUpThatTakesTooLongAndUsesALaterOne) {
  let_resolver_hang(true);
  FakeBroker broker(loop);
  auto options = options_for(broker.port());
  options.host = "broker.hangs";
  options.connect_timeout = 50ms;
  start(options);
  ASSERT_TRUE(until([this] { return lost.size() == 2; }));
  EXPECT_THAT(lost, Each(HasSubstr("no answer within 50 ms")));
  let_resolver_hang(false);
  EXPECT_TRUE(until_ready());
}

TEST_F(Connecting, MayBeDestroyedDuringALookUp) {
  let_resolver_hang(true);
  auto options = options_for(1);
  options.host = "broker.hangs";
  start(options);
  ASSERT_TRUE(until([] { return resolver_waiting == 1; }));
  client.reset();
  let_resolver_hang(false);
  run_for(50ms);
  EXPECT_TRUE(lost.empty());
}

TEST_F(Connecting, ReportsAnUnknownHost) {
  auto options = options_for(1);
  options.host = "unknown.example";
  options.connect_once = true;
  start(options);
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost, ElementsAre(HasSubstr("not found")));
  EXPECT_TRUE(client->loss().is_host_unknown);
}

TEST_F(Connecting, GivesUpOnASilentBrokerAndHangsUp) {
  FakeBroker broker(loop);
  broker.script.answers_connect = false;
  auto options = options_for(broker.port());
  options.connect_timeout = 50ms;
  start(options);
  ASSERT_TRUE(until([this] { return lost.size() == 3; }));
  EXPECT_THAT(lost, Each(HasSubstr("no answer within 50 ms")));
  EXPECT_TRUE(client->loss().was_reached);
  EXPECT_TRUE(until([&] { return broker.open_connections() <= 1; })) << "connections are left behind";
  broker.script.answers_connect = true;
  EXPECT_TRUE(until_ready());
}

TEST_F(Connecting, GivesUpOnABrokerThatDoesNotAnswerASubscription) {
  FakeBroker broker(loop);
  broker.script.answers_subscribe = false;
  auto options = options_for(broker.port());
  options.connect_timeout = 50ms;
  start(options);
  ASSERT_TRUE(until([this] { return lost.size() == 2; }));
  EXPECT_EQ(ready, 0U);
  broker.script.answers_subscribe = true;
  EXPECT_TRUE(until_ready());
}

TEST_F(Connecting, SaysWhyTheBrokerRefuses) {
  FakeBroker broker(loop);
  broker.script.connect_reason = 0x87;
  auto options = options_for(broker.port());
  options.password = [] { return std::string("no good token"); };
  options.connect_once = true;
  start(options);
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost, ElementsAre(HasSubstr("Not authorized")));
  run_for(100ms);
  EXPECT_EQ(broker.connections, 1U) << "once, it was told";
}

TEST_F(Connecting, AsksForATokenBeforeEveryAttempt) {
  FakeBroker broker(loop);
  broker.script.connect_reason = 0x87;
  auto options = options_for(broker.port());
  std::size_t asked = 0;
  options.password = [&asked] { return "token " + std::to_string(++asked); };
  start(options);
  ASSERT_TRUE(until([this] { return lost.size() == 3; }));
  EXPECT_EQ(asked, 3U);
}

/// A stopped broker with a full queue of connections: a blocking connect would take two minutes.
TEST_F(Connecting, NeverHoldsUpTheLoop) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, name, size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, name, &size), 0);
  auto options = options_for(ntohs(address.sin_port));
  options.connect_timeout = 30ms;
  start(options);
  // The queue takes one or two; each attempt leaves its connection there.
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(until([this] { return lost.size() == 6; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  ::close(listener);
}

/// A handler that opens a file or socket gets the number of the lost connection.
TEST_F(Connecting, LeavesASocketAloneThatHasTheNumberOfALostOne) {
  FakeBroker broker(loop);
  auto options = options_for(broker.port());
  options.connect_once = true;
  asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
  std::vector<std::unique_ptr<asio::ip::tcp::socket>> opened;
  std::array<char, 1> byte{};
  std::size_t heard = 0;
  auto all = handlers();
  all.on_message = [&](const MqttMessage&) {
    for (int i = 0; i < 8; ++i) {
      opened.push_back(std::make_unique<asio::ip::tcp::socket>(loop));
      opened.back()->connect(acceptor.local_endpoint());
      opened.back()->async_read_some(asio::buffer(byte), [&](const boost::system::error_code& error, std::size_t) {
        if (!error) ++heard;
      });
    }
  };
  client = std::make_unique<MosquittoClient>(loop, options);
  client->start({"in"}, all);
  ASSERT_TRUE(until_ready());
  // With messages under way the library reads on after a message, and finds the end at once.
  broker.script.answers_publish = false;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->publish(message("x")));
  ASSERT_TRUE(until([&] { return broker.count(3) == 3; }));
  broker.publish("in", "now");
  broker.drop_all();
  ASSERT_TRUE(until([&] { return opened.size() == 8 && !lost.empty(); }));
  std::vector<asio::ip::tcp::socket> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(acceptor.accept());
    asio::write(peers.back(), asio::buffer("x", 1));
  }
  EXPECT_TRUE(until([&] { return heard == 8; }, 2s)) << heard << " of 8";
}

/// The same for a TLS handshake with a silent server: waiting uses no processor time.
TEST_F(Connecting, WaitsForAHandshakeWithoutBurningTheProcessor) {
  FakeBroker broker(loop);
  broker.script.answers_connect = false;
  auto options = options_for(broker.port());
  options.tls = MosquittoClient::Tls{};
  options.connect_timeout = 400ms;
  start(options);
  const auto used = std::clock();
  ASSERT_TRUE(until([this] { return lost.size() == 1; }));
  EXPECT_LT(static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC, 0.2);
  EXPECT_THAT(lost, ElementsAre(HasSubstr("no answer within 400 ms")));
}

TEST_F(Connecting, NoticesThatAHandshakeIsBrokenOff) {
  for (const bool with_reset : {false, true}) {
    lost.clear();
    FakeBroker broker(loop);
    broker.script.answers_connect = false;
    auto options = options_for(broker.port());
    options.tls = MosquittoClient::Tls{};
    options.connect_once = true;
    start(options);
    ASSERT_TRUE(until([&] { return broker.connections == 1; }));
    run_for(20ms);
    broker.drop_all(with_reset);
    ASSERT_TRUE(until([this] { return !lost.empty(); }, 2s)) << with_reset;
    // Newer versions of the library do not report the reset.
    EXPECT_THAT(lost.front(), AnyOf(HasSubstr("no TLS connection"), HasSubstr(with_reset ? "reset" : "no TLS")));
    EXPECT_EQ(client->loss().tls, TlsTrouble::no_tls);
    EXPECT_TRUE(client->loss().was_reached);
  }
}

TEST_F(Connecting, TlsFindsNobodyThere) {
  auto options = options_for(free_port());
  options.tls = MosquittoClient::Tls{};
  options.connect_once = true;
  start(options);
  ASSERT_TRUE(until([this] { return !lost.empty(); }, 2s));
  EXPECT_THAT(lost, ElementsAre(AnyOf(HasSubstr("refused"), HasSubstr("no TLS connection"))));
  // Some versions of the library lose errno, and report a failed handshake.
  if (lost.front().find("refused") != std::string::npos) {
    EXPECT_FALSE(client->loss().was_reached);
  }
}

/// A server of another thread that resets each connection as soon as there is one, often before the client can look.
TEST_F(Connecting, ReachesAServerThatResetsAtOnce) {
  constexpr int connections = 200;
  asio::io_context other;
  asio::ip::tcp::acceptor server(other, {asio::ip::address_v4::loopback(), 0});
  std::thread resetting([&] {
    for (int i = 0; i < connections; ++i) {
      boost::system::error_code failed;
      asio::ip::tcp::socket accepted = server.accept(failed);
      if (failed) return;
      accepted.set_option(asio::socket_base::linger(true, 0), failed);
    }
  });
  auto options = options_for(server.local_endpoint().port());
  options.connect_once = true;
  int reached = 0;
  int lost_all = 0;
  for (int i = 0; i < connections; ++i) {
    lost.clear();
    start(options);
    lost_all += until([this] { return !lost.empty(); }) ? 1 : 0;
    reached += client->loss().was_reached ? 1 : 0;
    stop();
  }
  resetting.join();
  EXPECT_EQ(lost_all, connections);
  EXPECT_EQ(reached, connections);
}

/// A server that answers everything with as many bytes as an MQTT packet has.
TEST_F(Connecting, KnowsAnAnswerThatIsNoMqtt) {
  asio::ip::tcp::acceptor web(loop, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket accepted(loop);
  const std::string answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x');
  web.async_accept(accepted, [&](const boost::system::error_code& error) {
    if (!error) asio::async_write(accepted, asio::buffer(answer), [](const boost::system::error_code&, std::size_t) {});
  });
  auto options = options_for(web.local_endpoint().port());
  options.connect_once = true;
  start(options);
  ASSERT_TRUE(until([this] { return !lost.empty(); }, 2s));
  EXPECT_TRUE(client->loss().is_not_mqtt) << lost.front();
  EXPECT_TRUE(client->loss().was_reached);
}

}  // namespace
}  // namespace strawberry::test

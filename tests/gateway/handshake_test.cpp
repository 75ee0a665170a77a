/// WebSockets of the door before a real hub, with a handshake that lasts as long as the test wants: what ends while it
/// lasts must end the WebSocket too.
#include <gtest/gtest.h>

#include <functional>

#include "common/identity/token.h"
#include "common/runtime/signal.h"
#include "common/text/ids.h"
#include "gateway/websocket/device_socket.h"
#include "gateway/websocket/events_socket.h"
#include "tests/support/hub_process.h"
#include "tests/support/run_task.h"

namespace strawberry::gateway {
namespace {

using namespace std::chrono_literals;

constexpr int not_closed = 0;

SteadyTime in_5_s() { return std::chrono::steady_clock::now() + 5s; }

class FakeSocket final : public WebSocket {
 public:
  explicit FakeSocket(asio::io_context& loop) : end_(loop.get_executor()) {}
  /// Its client says nothing, and leaves after a while.
  Task<std::optional<Message>> read() override {
    co_await end_.wait_until(std::chrono::steady_clock::now() + 5s);
    has_ended = true;
    co_return std::nullopt;
  }
  bool send(std::string) override { return !end_.is_set(); }
  Task<bool> drained() override { co_return !end_.is_set(); }
  void close(std::uint16_t code, std::string) override {
    if (end_.set()) close_code = code;
  }

  int close_code = not_closed;
  bool has_ended = false;

 private:
  Signal end_;
};

class FakeExchange final : public Exchange {
 public:
  FakeExchange(asio::io_context& loop, Request about, std::function<Task<void>()> handshake)
      : Exchange(std::move(about)), socket(std::make_shared<FakeSocket>(loop)), handshake_(std::move(handshake)) {}
  Task<bool> reply(Response response) override {
    status = response.status;
    co_return true;
  }
  void begin_stream(const std::string&) override {}
  Task<bool> write(std::string) override { co_return true; }
  Task<bool> end_stream(std::string) override { co_return true; }
  bool wants_websocket() const override { return true; }
  Task<std::shared_ptr<WebSocket>> accept_websocket(WebSocket::Options) override {
    if (handshake_) co_await handshake_();
    status = 101;
    std::shared_ptr<WebSocket> accepted = socket;
    co_return accepted;
  }
  bool has_begun() const override { return status != 0; }
  void when_gone(std::function<void()>) override {}

  unsigned status = 0;
  std::shared_ptr<FakeSocket> socket;

 private:
  std::function<Task<void>()> handshake_;
};

class AHandshake : public testing::Test {
 protected:
  AHandshake() {
    hub_.device("Lamp");  // registers it, and is gone again
    lamp_ = hub_.files().device_token("lamp", "alice");
  }
  ~AHandshake() override {
    links_.close();
    loop_.restart();
    loop_.run_for(5s);
  }

  Links::Options options() const {
    Links::Options options;
    options.broker.port = static_cast<std::uint16_t>(hub_.port());
    options.links_max = 1;
    options.open_timeout = 2s;  // how long the one that is closed while it opens is waited for
    return options;
  }
  static Request request(const std::string& token) {
    Request request;
    request.headers = {{"authorization", "Bearer " + token}};
    request.peer = "127.0.0.1";
    return request;
  }
  /// Runs the loop until `is_so` or for at most 10 s.
  bool becomes(const std::function<bool()>& is_so) {
    loop_.restart();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!is_so() && std::chrono::steady_clock::now() < deadline) loop_.run_one_for(100ms);
    return is_so();
  }
  /// Ends when the broker has ended the device's connections, which it does before it reads a new one's token.
  Task<void> revoke_lamp() {
    hub_.admin()->result_of("devices", {{"op", "revoke"}, {"device_id", "lamp"}});
    HubLink::State state = HubLink::State::opening;
    for (int i = 0; i < 50 && state != HubLink::State::refused; ++i) {
      HubLink::Options options;
      options.broker = links_.broker();
      options.token = lamp_;
      options.principal = {PrincipalType::device, "lamp", "alice"};
      options.client_id = "quiet-" + new_id();
      const auto probe = std::make_shared<HubLink>(loop_, std::move(options));
      probe->start();
      state = co_await probe->opened(in_5_s());
      probe->close();
    }
    EXPECT_EQ(state, HubLink::State::refused);
  }
  Task<void> connect(std::string token) {
    std::string address = "127.0.0.1";
    co_await links_.get(std::move(token), std::move(address));
    ++connected_;
  }
  /// A request with alice's token for her lamp, whose own token the door has already. While the lamp's connection
  /// opens, alice's gives way to bob's, since there is room for one only.
  void connect_lamp_as_alice(FakeExchange& exchange, const std::string& jti_to_revoke = {}) {
    tokens_.remember(alice_, "lamp", lamp_);
    exchange.request.query = {{"device_id", "lamp"}};
    asio::co_spawn(loop_, connect(alice_), asio::detached);
    ASSERT_TRUE(becomes([&] { return connected_ == 1; }));
    if (!jti_to_revoke.empty()) hub_.files().revoke_token(jti_to_revoke);
    asio::co_spawn(loop_, devices_.handler(exchange), asio::detached);
    asio::co_spawn(loop_, connect(hub_.files().user_token("bob")), asio::detached);
    ASSERT_TRUE(becomes([&] { return exchange.has_begun(); }));
  }

  test::HubProcess hub_;
  asio::io_context loop_;
  SystemClock clock_;
  Links links_{loop_, clock_, options()};
  DeviceTokens tokens_{loop_, links_, clock_};
  OpenSockets sockets_;
  Route devices_ = device_socket_route(loop_, links_, tokens_, sockets_);
  Route events_ = events_socket_route(loop_, links_, sockets_);
  std::string lamp_;  // its token
  std::string alice_ = hub_.files().user_token("alice");
  int connected_ = 0;
};

TEST_F(AHandshake, ThatOutlastsTheDevicesTokenEndsItsSocket) {
  FakeExchange exchange(loop_, request(lamp_), [this] { return revoke_lamp(); });
  asio::co_spawn(loop_, devices_.handler(exchange), asio::detached);
  ASSERT_TRUE(becomes([&] { return exchange.socket->has_ended; })) << exchange.status;
  EXPECT_EQ(exchange.status, 101U);
  EXPECT_EQ(exchange.socket->close_code, close_policy);
}

TEST_F(AHandshake, ThatOutlastsTheTokenEndsASocketOfEvents) {
  FakeExchange exchange(loop_, request(lamp_), [this] { return revoke_lamp(); });
  asio::co_spawn(loop_, events_.handler(exchange), asio::detached);
  ASSERT_TRUE(becomes([&] { return exchange.socket->has_ended; })) << exchange.status;
  EXPECT_EQ(exchange.status, 101U);
  EXPECT_EQ(exchange.socket->close_code, close_policy);
}

TEST_F(AHandshake, ADevicesSocketEndsWithTheTokenThatOpenedItWhateverGaveWayMeanwhile) {
  FakeExchange exchange(loop_, request(alice_), nullptr);
  connect_lamp_as_alice(exchange);
  EXPECT_EQ(exchange.status, 101U);
  const auto owner = test::run_task(loop_, links_.get(alice_, "127.0.0.1"));
  ASSERT_TRUE(owner) << "the connection that there is";
  (*owner)->close();
  ASSERT_TRUE(becomes([&] { return exchange.socket->has_ended; }));
  EXPECT_EQ(exchange.socket->close_code, close_policy);
}

TEST_F(AHandshake, IsRefusedOnceTheTokenThatActsForTheDeviceWasRevoked) {
  alice_ = hub_.user("alice")->result_of("devices", {{"op", "refresh_token"}}).at("access_token").get<std::string>();
  const std::string jti = verify_token(hub_.files().keys(), alice_, clock_.wall_now()).value().jti;
  FakeExchange exchange(loop_, request(alice_), nullptr);
  connect_lamp_as_alice(exchange, jti);
  EXPECT_EQ(exchange.status, 403U);
}

}  // namespace
}  // namespace strawberry::gateway

/// `strawberryctl spoke --discovery` when the hub was away so long that its devices' tokens have expired, and with a
/// broker that sends what nobody could hold.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "common/text/clock.h"
#include "common/text/file_descriptor.h"
#include "tests/cli/hub_run.h"
#include "tests/integration/discovery_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class DiscoveryAway : public DiscoveryFixture {
 protected:
  /// In the place of the device's token.
  void let_its_token_expire(const std::string& id) {
    const std::string path = state_dir() + "/" + id + ".json";
    json stored = json::parse(content_of(path));
    const WallTime now = SystemClock().wall_now();
    Claims claims;
    claims.principal = {PrincipalType::device, id, "alice"};
    claims.issued_at = now - std::chrono::hours(2);
    claims.expires_at = now - std::chrono::hours(1);
    stored["token"] = issue_token(hub().files().keys(), claims).value();
    std::ofstream(path, std::ios::trunc) << stored.dump();
  }
};

TEST_F(DiscoveryAway, DevicesWhoseTokensExpireMeanwhileGetOthersAndNothingIsSaidOfEach) {
  announce_light("lamp", "Lamp");
  announce_light("light", "Light");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  ASSERT_TRUE(comes_online("Light")) << process().output();
  const auto ids = {device("Lamp").at("device_id").get<std::string>(),
                    device("Light").at("device_id").get<std::string>()};
  const std::size_t before = hub().bridge().output().size();
  hub().broker().kill();
  wait_for("not connected to 127.0.0.1:" + std::to_string(hub().port()));
  wait_for(": 0 connected");
  for (const std::string& id : ids) let_its_token_expire(id);
  hub().broker().start();
  hub().wait_until_serving(before);
  meet_alice_again();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  ASSERT_TRUE(comes_online("Light")) << process().output();
  EXPECT_EQ(count("not connected to"), 1u) << process().output();
  EXPECT_EQ(count("Lamp: ") + count("Light: "), 0u) << process().output();
  EXPECT_EQ(alice().result_of("devices", {{"op", "list"}}).at("total"), 2) << "they are the same devices";
}

/// A broker of MQTT 3.1.1 that answers the first subscription with a packet of 250 MB, of which it sends as much as the
/// client reads.
class HugeBroker {
 public:
  static constexpr std::size_t packet_bytes = 262'144'000;

  HugeBroker() {
    listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), any, &size) != 0)
      throw std::runtime_error("no listening socket");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HugeBroker() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  HugeBroker(const HugeBroker&) = delete;
  HugeBroker& operator=(const HugeBroker&) = delete;

  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }
  int sent_times() const { return sent_times_; }

 private:
  void serve() {
    while (true) {
      const FileDescriptor client(::accept(listener_.get(), nullptr, nullptr));
      if (!client.is_open()) return;
      const timeval patience{5, 0};
      ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      talk(client.get());
    }
  }
  void talk(int client) {
    constexpr std::size_t level_at = 8;  // of the protocol, in a CONNECT whose length is one byte
    std::array<char, 4096> input{};
    const auto got = ::recv(client, input.data(), input.size(), 0);
    if (got <= static_cast<ssize_t>(level_at)) return;
    const bool speaks_it = input[level_at] == 4;
    if (!send(client, speaks_it ? std::string("\x20\x02\x00\x00", 4) : std::string("\x20\x02\x00\x01", 4)) ||
        !speaks_it)
      return;
    if (::recv(client, input.data(), input.size(), 0) <= 0) return;
    ++sent_times_;
    const std::string topic = "homeassistant/light/x/config";
    std::string packet("\x30", 1);
    for (std::size_t rest = packet_bytes; rest > 0; rest /= 128)
      packet += static_cast<char>(rest % 128 + (rest >= 128 ? 128 : 0));
    packet += std::string("\0", 1) + static_cast<char>(topic.size()) + topic;
    const std::string junk(1024 * 1024, 'x');
    for (bool goes_on = send(client, packet); goes_on;) goes_on = send(client, junk);
  }
  static bool send(int client, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto now = ::send(client, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return false;
      sent += static_cast<std::size_t>(now);
    }
    return true;
  }

  FileDescriptor listener_;
  int port_ = 0;
  std::atomic<int> sent_times_ = 0;
  std::thread thread_;
};

TEST_F(DiscoveryAway, APacketThatIsTooLargeEndsTheConnectionAndIsNotRead) {
  HugeBroker broker;
  run({}, broker.url());
  wait_for("connected to the broker " + broker.url() + ": a packet of more than 4194304 bytes came");
  ASSERT_TRUE(until([&] { return broker.sent_times() >= 3; })) << process().output();
  const std::string status = content_of("/proc/" + std::to_string(process().pid()) + "/status");
  const std::size_t at = status.find("VmHWM:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stoi(status.substr(at + 6)), 64 * 1024) << "KiB at the most";
  std::this_thread::sleep_for(3s);
  EXPECT_LT(broker.sent_times(), 8) << "the pauses grow";
  EXPECT_LT(count_lines(process().output()), 12u) << process().output();
  EXPECT_EQ(count("a packet of"), 1u) << process().output();
}

}  // namespace
}  // namespace strawberry::test

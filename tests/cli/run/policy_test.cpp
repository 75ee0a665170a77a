#include "cli/run/policy.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <vector>

namespace strawberry::cli {
namespace {

using namespace std::chrono_literals;

TEST(NextFreePort, IsTheFirstThatIsNotTaken) {
  const auto taken_below_1886 = [](int port) { return port < 1886; };
  EXPECT_EQ(next_free_port(1883, 1883, taken_below_1886), 1886);
  EXPECT_EQ(next_free_port(1883, 1887, taken_below_1886), 1887) << "goes on where the last one was lost";
}

TEST(NextFreePort, IsLookedForAmongFiftyAndBelowTheLastOne) {
  std::vector<int> asked;
  const auto is_taken = [&asked](int port) {
    asked.push_back(port);
    return true;
  };
  EXPECT_FALSE(next_free_port(1883, 1883, is_taken));
  EXPECT_EQ(asked.size(), 50U);
  EXPECT_EQ(asked.back(), 1932);
  asked.clear();
  EXPECT_FALSE(next_free_port(65'530, 65'530, is_taken));
  EXPECT_EQ(asked.back(), 65'535);
  EXPECT_FALSE(next_free_port(1883, 1933, [](int) { return false; }));
}

std::string command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += word + '\0';
  return line;
}

TEST(Leftover, IsTheProgramThatWasStartedForThisDirectory) {
  EXPECT_TRUE(is_leftover(command_line({"/usr/sbin/mosquitto", "-c", "/hub/my var/mosquitto.conf"}), "mosquitto",
                          "/hub/my var"));
  EXPECT_TRUE(
      is_leftover(command_line({"strawberry-demo", "speaker", "--data-dir", "/hub"}), "strawberry-demo", "/hub"));
}

TEST(Leftover, IsNoOtherProgramAndNoneOfAnotherDirectory) {
  const auto broker_of = [](const std::string& path) { return command_line({"/usr/sbin/mosquitto", "-c", path}); };
  EXPECT_FALSE(is_leftover(broker_of("/hub2/mosquitto.conf"), "mosquitto", "/hub"));
  EXPECT_FALSE(is_leftover(broker_of("/etc/hub/mosquitto.conf"), "mosquitto", "/hub"));
  EXPECT_FALSE(is_leftover(command_line({"vim", "/hub/mosquitto.conf"}), "mosquitto", "/hub"));
  EXPECT_FALSE(is_leftover(command_line({"/hub/mosquitto"}), "strawberry-bridge", "/hub"));
  EXPECT_FALSE(is_leftover("", "mosquitto", "/hub")) << "a process that has ended has no command line";
}

TEST(Host, IsWhereClientsOfThisMachineFindTheBroker) {
  EXPECT_EQ(host_of("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(host_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(host_of("0.0.0.0"), "127.0.0.1");
  EXPECT_EQ(host_of("::"), "::1");
  EXPECT_EQ(shown_host("::1"), "[::1]");
  EXPECT_EQ(shown_host("127.0.0.1"), "127.0.0.1");
  EXPECT_TRUE(is_address("fe80::1"));
  EXPECT_FALSE(is_address("my lan"));
  EXPECT_FALSE(is_address("hub.local"));
  EXPECT_FALSE(is_address(""));
}

TEST(HowItEnded, NamesTheSignalOrTheStatus) {
  EXPECT_EQ(how_it_ended(SIGKILL), "by signal KILL");
  EXPECT_EQ(how_it_ended(3 << 8), "with status 3");
}

TEST(ShownPath, IsRelativeBelowTheCurrentDirectory) {
  EXPECT_EQ(shown_path("/home/me/hub/var", "/home/me/hub"), "var");
  EXPECT_EQ(shown_path("/home/me/hub2/var", "/home/me/hub"), "/home/me/hub2/var");
}

}  // namespace
}  // namespace strawberry::cli

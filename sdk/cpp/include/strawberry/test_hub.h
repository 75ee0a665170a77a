/// A whole hub for the tests of a Spoke: a real broker, bridge and rules, on a free port of 127.0.0.1, with all it
/// keeps in a temporary directory.
///
///   strawberry::TestHub hub;
///   strawberry::Spoke lamp(hub.device("Garden Lamp"));
///   …
///   strawberry::Spoke alice(hub.user("alice"));
///   alice.call("garden_lamp.LampSkill.turn_on", {40});
///
/// It runs `strawberryctl run`, from the package `strawberry-hub` or a build of its sources, and needs no root, no
/// network and no test framework. It takes about half a second to start; several may run at once. It asks no language
/// model but the built-in rules, whatever the environment says, unless Options::environment does.
/// Threading: one thread at a time; the hub ends with the thread that started it, should that end first.
/// Lifetime: running and ready when constructed; gone, with its directory, when destroyed, and soon after the process
/// dies.   Errors: std::runtime_error with what the programs said.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <strawberry/options.h>

namespace strawberry {
inline namespace v0 {

class TestHub {
 public:
  struct Options {
    /// The program; empty: $STRAWBERRYCTL, else the one in PATH.
    std::string strawberryctl = {};
    /// More of the hub's environment: OPENAI_BASE_URL, …
    std::map<std::string, std::string> environment = {};
    /// More of `strawberryctl run`'s options: "--tls", "--no-rate-limits", …
    std::vector<std::string> arguments = {};
    std::chrono::milliseconds start_within{30'000};
  };

  TestHub() : TestHub(Options()) {}
  explicit TestHub(Options options);
  ~TestHub();
  TestHub(const TestHub&) = delete;
  TestHub& operator=(const TestHub&) = delete;

  int port() const { return port_; }
  /// Where the hub keeps what it has: of `strawberryctl --data-dir`.
  std::string data_dir() const { return directory_ + "/hub"; }
  /// Beside it, for files of the test's own; removed with the rest.
  const std::string& directory() const { return directory_; }

  /// Adds a device. Its token and the hub's address are in `connect_directory`.
  SpokeOptions device(const std::string& name, const std::string& user = "alice");
  /// A user, as who calls and chats: several connections at once are fine.
  SpokeOptions user(const std::string& id = "alice");

  /// The hub goes away, and comes back on the same port with what it had.
  void stop();
  void start();

  /// Runs `strawberryctl` on this hub, as its operator: ctl({"device", "revoke", "Garden Lamp"}). What it wrote.
  std::string ctl(const std::vector<std::string>& arguments) const;
  /// What the hub has said so far.
  std::string log() const;

 private:
  std::vector<std::string> environment() const;

  Options options_;
  std::string directory_;
  int port_ = 0;
  int pid_ = -1;
  bool tls_ = false;
  int tokens_ = 0;
};

}  // namespace v0
}  // namespace strawberry

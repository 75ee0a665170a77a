/// A whole hub for the tests of a Spoke: a real broker, bridge and rules, on a free port of 127.0.0.1, with all data in
/// a temporary directory.
///
///   strawberry::TestHub hub;
///   strawberry::Spoke lamp(hub.device("Garden Lamp"));
///   …
///   strawberry::Spoke alice(hub.user("alice"));
///   alice.call("garden_lamp.LampSkill.turn_on", {40});
///
/// It runs `strawberryctl run`, from the package `strawberry-hub` or a build of its sources, and needs no root, no
/// network and no test framework. It takes about half a second to start; several may run at once. It uses no language
/// model but the built-in rules, whatever the environment says, unless Options::environment does.
/// Threading: one thread at a time; the hub ends with the thread that started it, if that ends first.
/// Lifetime: running and ready when constructed; removed, with its directory, when destroyed, and soon after the
/// process dies.   Errors: std::runtime_error with the programs' output.
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
    /// Additions to the hub's environment: OPENAI_BASE_URL, …
    std::map<std::string, std::string> environment = {};
    /// Additional options of `strawberryctl run`: "--tls", "--no-rate-limits", …
    std::vector<std::string> arguments = {};
    std::chrono::milliseconds start_within{30'000};
  };

  TestHub() : TestHub(Options()) {}
  explicit TestHub(Options options);
  ~TestHub();
  TestHub(const TestHub&) = delete;
  TestHub& operator=(const TestHub&) = delete;

  int port() const { return port_; }
  /// Returns the hub's data directory, for `strawberryctl --data-dir`.
  std::string data_dir() const { return directory_ + "/hub"; }
  /// Returns its parent, for files of the test; removed with the rest.
  const std::string& directory() const { return directory_; }

  /// Adds a device. Its token and the hub's address are in `connect_directory`.
  SpokeOptions device(const std::string& name, const std::string& user = "alice");
  /// Options for a user, who calls and chats: several connections at once are allowed.
  SpokeOptions user(const std::string& id = "alice");

  /// Stops the hub; start() starts it on the same port with the same data.
  void stop();
  void start();

  /// Runs `strawberryctl` on this hub, as its operator: ctl({"device", "revoke", "Garden Lamp"}). Returns its output.
  std::string ctl(const std::vector<std::string>& arguments) const;
  /// Returns the hub's output so far.
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

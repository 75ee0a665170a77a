/// strawberryctl run when its processes or itself are killed, when it is stopped, and when two start at once.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"
#include "tests/support/no_language_model.h"

namespace strawberry::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds patience{15};

class RunningSupervisor : public testing::Test {
 protected:
  std::filesystem::path data_dir() const { return directory_.path() / "var"; }
  std::unique_ptr<ChildProcess> start(std::vector<std::string> options = {}) const {
    ChildProcess::Options child;
    child.argv = {STRAWBERRYCTL_PATH, "run",
                  "--data-dir",       data_dir().string(),
                  "--port",           std::to_string(port_),
                  "--http-port",      std::to_string(http_port_)};
    child.argv.insert(child.argv.end(), options.begin(), options.end());
    child.environment = no_language_model();
    return std::make_unique<ChildProcess>(std::move(child));
  }
  std::unique_ptr<ChildProcess> started(std::vector<std::string> options = {}) const {
    auto run = start(std::move(options));
    EXPECT_TRUE(is_up(*run)) << run->output();
    return run;
  }
  static bool is_up(const ChildProcess& run) {
    return run.wait_for_output("Ctrl-C stops everything.", HubRun::startup_timeout);
  }
  int pid(const std::string& name) const {
    int number = 0;
    std::ifstream(data_dir() / (name + ".pid")) >> number;
    return number;
  }
  static bool is_running(int pid) { return pid > 0 && ::kill(pid, 0) == 0; }
  static bool becomes_true(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  bool answers() const { return control({"--data-dir", data_dir().string(), "ready", "--timeout", "10s"}).code == 0; }
  std::string http_endpoint() const { return trimmed(content_of(data_dir() / "http-endpoint")); }

  TempDir directory_;
  int port_ = free_port();
  int http_port_ = free_port();
};

TEST_F(RunningSupervisor, StartsEachProcessAgainThatIsKilled) {
  const auto run = started();
  const std::string door = http_endpoint();
  for (const char* name : {"broker", "bridge", "gateway"}) {
    const int killed = pid(name);
    ASSERT_TRUE(is_running(killed)) << name;
    ::kill(killed, SIGKILL);
    ASSERT_TRUE(
        run->wait_for_output("The " + std::string(name) + " has died (by signal KILL); starting it again.", patience))
        << run->output();
    EXPECT_TRUE(becomes_true([&] { return pid(name) != killed && is_running(pid(name)); })) << name;
    EXPECT_TRUE(answers()) << name;
  }
  EXPECT_TRUE(becomes_true([&] { return http_endpoint() == door; })) << "the door is elsewhere: " << http_endpoint();
  run->signal(SIGTERM);
  EXPECT_EQ(run->wait_for_exit(patience), 0) << run->output();
}

TEST_F(RunningSupervisor, StopsInOrderAtEachSignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const auto run = started();
    std::vector<int> processes;
    for (const char* name : {"broker", "bridge", "gateway"}) processes.push_back(pid(name));
    run->signal(signal);
    EXPECT_EQ(run->wait_for_exit(patience), 0) << run->output();
    EXPECT_THAT(run->output(), HasSubstr("\nStopping …\nStopped.\n")) << signal;
    for (const int process : processes) EXPECT_FALSE(is_running(process)) << signal;
    for (const char* file : {"endpoint", "http-endpoint", "broker.sock", "broker.pid", "bridge.pid", "gateway.pid"}) {
      EXPECT_FALSE(std::filesystem::exists(data_dir() / file)) << file;
    }
  }
  // The bridge disconnected while the broker still ran.
  EXPECT_THAT(content_of(data_dir() / "log" / "bridge.log"), Not(HasSubstr("lost")));
}

TEST_F(RunningSupervisor, StopsWhileItIsStarting) {
  const auto run = start();
  ASSERT_TRUE(becomes_true([this] { return is_running(pid("broker")); })) << run->output();
  const int broker = pid("broker");
  run->signal(SIGINT);
  EXPECT_EQ(run->wait_for_exit(patience), 0) << run->output();
  EXPECT_FALSE(is_running(broker));
  EXPECT_EQ(pid("broker"), 0);
}

TEST_F(RunningSupervisor, IsNotStoppedByASignalThatItsStarterIgnores) {
  ChildProcess::Options child;
  child.argv = {"/usr/bin/nohup", STRAWBERRYCTL_PATH,    "run",      "--data-dir", data_dir().string(),
                "--port",         std::to_string(port_), "--no-http"};
  child.environment = no_language_model();
  ChildProcess run(child);
  ASSERT_TRUE(is_up(run)) << run.output();
  run.signal(SIGHUP);
  // While it stops it restarts nothing.
  ::kill(pid("bridge"), SIGKILL);
  EXPECT_TRUE(run.wait_for_output("The bridge has died (by signal KILL); starting it again.", patience))
      << run.output();
  EXPECT_TRUE(answers());
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait_for_exit(patience), 0) << run.output();
}

TEST_F(RunningSupervisor, ANewOneTakesOverFromOneThatWasKilled) {
  std::vector<int> processes;
  {
    const auto run = started();
    for (const char* name : {"broker", "bridge", "gateway"}) processes.push_back(pid(name));
    ::kill(run->pid(), SIGKILL);
  }
  const auto again = started();
  for (const int process : processes) {
    EXPECT_TRUE(becomes_true([process] { return !is_running(process); }));
  }
  EXPECT_THAT(content_of(data_dir() / "endpoint"), HasSubstr("127.0.0.1 " + std::to_string(port_) + "\n"));
  EXPECT_TRUE(answers());
  again->signal(SIGTERM);
  EXPECT_EQ(again->wait_for_exit(patience), 0) << again->output();
}

TEST_F(RunningSupervisor, OfTwoAtOnceOnOneDirectoryOneRunsAndTheOtherNamesIt) {
  const auto first = start();
  const auto second = start();
  ASSERT_TRUE(becomes_true([&] { return !first->is_running() || !second->is_running(); }));
  const auto& winner = first->is_running() ? first : second;
  const auto& loser = first->is_running() ? second : first;
  EXPECT_EQ(loser->wait_for_exit(patience), 1);
  EXPECT_EQ(count_lines(loser->output()), 1U) << loser->output();
  EXPECT_THAT(loser->output(), HasSubstr("is in use by another strawberryctl run (process "));
  EXPECT_TRUE(is_up(*winner)) << winner->output();
  EXPECT_TRUE(answers());
  winner->signal(SIGTERM);
  EXPECT_EQ(winner->wait_for_exit(patience), 0) << winner->output();
}

TEST_F(RunningSupervisor, SaysHowToComeInAndWhatIsWrongWithItsOptions) {
  const auto run = started({"--no-http"});
  EXPECT_THAT(run->output(), HasSubstr("Created " + data_dir().string() + ": keys, database, admin token"));
  EXPECT_THAT(run->output(), Not(HasSubstr("web door")));
  EXPECT_THAT(run->output(), Not(HasSubstr("chat play"))) << "there is no speaker without --demo";
  EXPECT_FALSE(std::filesystem::exists(data_dir() / "gateway.pid"));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", "--listen", "0.0.0.0"},
                                                {"run", "--tls", "--listen", "my lan"},
                                                {"run", "--data-dir", ""},
                                                {"run", "--port", "0"},
                                                {"run", "--log-files-max", "101"}}) {
    EXPECT_EQ(control(words).code, 2) << words.back();
  }
}

}  // namespace
}  // namespace strawberry::test

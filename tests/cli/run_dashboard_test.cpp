/// What `strawberryctl run` does for people: the link to its dashboard, and data of before there were accounts.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/migrations.h"
#include "cli/process/child.h"
#include "common/runtime/asio.h"
#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"
#include "tests/support/no_language_model.h"

extern char** environ;

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

using test::content_of;
using test::Finished;
using test::HubRun;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds terminal_patience{40};

/// A hub whose output is a terminal.
class HubAtATerminal {
 public:
  HubAtATerminal(const fs::path& data_dir, const std::vector<std::string>& more) {
    int master = -1;
    int slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("no terminal");
    master_ = FileDescriptor(master);
    const FileDescriptor terminal(slave);
    ChildOptions options;
    options.argv = {STRAWBERRYCTL_PATH, "run", "--data-dir", data_dir.string()};
    options.argv.insert(options.argv.end(), more.begin(), more.end());
    for (char** entry = environ; *entry != nullptr; ++entry) options.environment.emplace_back(*entry);
    for (const auto& [name, value] : test::no_language_model()) options.environment.push_back(name + "=" + value);
    options.output = options.error = terminal.get();
    options.signal_at_parents_end = SIGTERM;
    auto started = start_child(options);
    if (!started) throw std::runtime_error(started.error().message);
    child_ = std::move(*started);
    if (!says("Ctrl-C stops everything.")) throw std::runtime_error("the hub did not come up:\n" + output_);
  }
  ~HubAtATerminal() { stop(); }
  HubAtATerminal(const HubAtATerminal&) = delete;
  HubAtATerminal& operator=(const HubAtATerminal&) = delete;

  const std::string& output() const { return output_; }
  void stop() {
    if (child_.pid < 0) return;
    ::kill(child_.pid, SIGTERM);
    while (read_some()) continue;
    reap(std::exchange(child_.pid, -1));
  }

 private:
  bool says(const std::string& text) {
    while (output_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }
  bool read_some() {
    pollfd readable{master_.get(), POLLIN, 0};
    char piece[4096];
    const auto patience = std::chrono::milliseconds(terminal_patience).count();
    if (::poll(&readable, 1, static_cast<int>(patience)) <= 0) return false;
    const ssize_t got = ::read(master_.get(), piece, sizeof piece);  // fails when nobody has the terminal any more
    if (got > 0) output_.append(piece, static_cast<std::size_t>(got));
    return got > 0;
  }

  FileDescriptor master_;
  Child child_;
  std::string output_;
};

class RunDashboard : public ::testing::Test {
 protected:
  fs::path data_dir() const { return directory_.path() / "var"; }
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", data_dir().string()});
    return test::control(std::move(words));
  }
  std::vector<std::string> ports() const {
    return {"--port", std::to_string(test::free_port()), "--http-port", std::to_string(http_port_)};
  }
  /// The token behind the # of the link that was shown; empty when there is none.
  std::string shown_token(const std::string& output) const {
    const std::string before = "http://127.0.0.1:" + std::to_string(http_port_) + "/#token=";
    const std::size_t at = output.find(before);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + before.size();
    return output.substr(begin, output.find_first_of("\r\n", begin) - begin);
  }
  /// Status and body in one.
  std::string post(const std::string& path, const nlohmann::json& body, const std::string& token = {}) const {
    asio::io_context loop;
    asio::ip::tcp::socket socket(loop);
    socket.connect({asio::ip::make_address("127.0.0.1"), static_cast<asio::ip::port_type>(http_port_)});
    const std::string text = body.dump();
    asio::write(socket, asio::buffer("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                                     (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") +
                                     "Content-Type: application/json\r\nContent-Length: " +
                                     std::to_string(text.size()) + "\r\n\r\n" + text));
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
  }
  void expect_not_in_files(const std::string& token) const {
    for (const auto& file : fs::recursive_directory_iterator(data_dir())) {
      if (!file.is_regular_file()) continue;
      EXPECT_EQ(content_of(file.path()).find(token), std::string::npos) << file.path();
    }
  }

  test::TempDir directory_;
  const int http_port_ = test::free_port();
};

TEST_F(RunDashboard, ATerminalIsShownALinkThatCreatesTheFirstAdminAndThenOneThatSignsThatIn) {
  {
    HubAtATerminal hub(data_dir(), ports());
    const std::string token = shown_token(hub.output());
    ASSERT_FALSE(token.empty()) << hub.output();
    EXPECT_THAT(hub.output(), HasSubstr("Its dashboard, to create its first admin (once, within 60 minutes): "));
    const nlohmann::json admin{{"user_id", "gerda"}, {"password", "correct horse"}};
    EXPECT_THAT(post("/api/v1/users/create_first_admin", admin, token), HasSubstr("\"access_token\""));
    hub.stop();
    EXPECT_THAT(hub.output(), HasSubstr("Stopped."));
    expect_not_in_files(token);
  }
  HubAtATerminal again(data_dir(), ports());
  const std::string token = shown_token(again.output());
  ASSERT_FALSE(token.empty()) << again.output();
  EXPECT_THAT(again.output(), HasSubstr("Its dashboard, as gerda (once, within 60 minutes): "));
  const std::string signed_in = post("/api/v1/users/link", {{"token", token}});
  EXPECT_THAT(signed_in, HasSubstr("\"access_token\""));
  EXPECT_THAT(signed_in, HasSubstr("\"gerda\""));
  EXPECT_THAT(post("/api/v1/users/link", {{"token", token}}), Not(HasSubstr("\"access_token\""))) << "good twice";
  EXPECT_THAT(post("/api/v1/users/login", {{"user", "gerda"}, {"password", "correct horse"}}),
              HasSubstr("\"access_token\""));
  again.stop();
  expect_not_in_files(token);
}

TEST_F(RunDashboard, WhatIsNoTerminalIsNotTrustedWithALink) {
  HubRun hub(data_dir(), test::free_port(), {"--no-demo", "--http-port", std::to_string(http_port_)});
  EXPECT_THAT(hub.output(), HasSubstr("Its dashboard: http://127.0.0.1:" + std::to_string(http_port_) + "/ "));
  EXPECT_THAT(hub.output(), HasSubstr("login-link --dashboard)"));
  EXPECT_THAT(hub.output(), Not(HasSubstr("token=")));
  const Finished link = ctl({"login-link", "--dashboard"});
  EXPECT_EQ(link.code, 0) << link.output;
  EXPECT_FALSE(shown_token(link.output).empty()) << link.output;
  EXPECT_THAT(link.output, HasSubstr("creates the hub's first admin"));
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunDashboard, AnAccountThatHasNothingYetGetsALink) {
  HubRun hub(data_dir(), test::free_port(), {"--no-demo", "--http-port", std::to_string(http_port_)});
  const Finished added = ctl({"user", "add", "bob", "--no-password"});
  ASSERT_EQ(added.code, 0) << added.output;
  const Finished link = ctl({"login-link", "--dashboard", "--user", "bob"});
  EXPECT_EQ(link.code, 0) << link.output;
  EXPECT_THAT(post("/api/v1/users/link", {{"token", shown_token(link.output)}}), HasSubstr("\"access_token\""));
  EXPECT_EQ(ctl({"login-link", "--user", "nobody-of-here"}).code, 2);
  EXPECT_EQ(hub.stop(), 0);
}

/// As a hub of before accounts left it: no token of the web door's, a database of then.
TEST_F(RunDashboard, DataOfBeforeThereWereAccountsIsBroughtUpToDateByItself) {
  constexpr int version_of_then = 8;
  ASSERT_EQ(ctl({"init"}).code, 0);
  fs::remove(data_dir() / "gateway.token");
  for (const char* file : {"hub.db", "hub.db-wal", "hub.db-shm"}) fs::remove(data_dir() / file);
  {
    SQLite::Database then((data_dir() / "hub.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (int step = 0; step < version_of_then; ++step)
      then.exec(std::string(bridge::migrations()[static_cast<std::size_t>(step)]));
    ASSERT_EQ(then.execAndGet("PRAGMA user_version").getInt(), version_of_then);
    then.exec(
        "INSERT INTO devices (device_id, user_id, name, normalized_name, created_at)"
        " VALUES ('lamp-1', 'alice', 'Attic Lamp', 'attic_lamp', 1)");
  }
  fs::permissions(data_dir() / "hub.db", fs::perms(0600));

  HubRun hub(data_dir(), test::free_port(), {"--no-demo", "--http-port", std::to_string(http_port_)});
  SQLite::Database now((data_dir() / "hub.db").string(), SQLite::OPEN_READONLY, 5'000);
  EXPECT_EQ(now.execAndGet("PRAGMA user_version").getInt(), bridge::database_version());
  EXPECT_EQ(test::mode_of(data_dir() / "gateway.token"), 0600U);
  EXPECT_THAT(ctl({"device", "list"}).output, HasSubstr("Attic Lamp"));
  ASSERT_EQ(ctl({"user", "add", "alice", "--no-password", "--role", "admin"}).code, 0);
  const Finished link = ctl({"login-link", "--dashboard"});
  EXPECT_THAT(link.output, HasSubstr("signs in alice")) << "who had a device before there were accounts";
  EXPECT_THAT(post("/api/v1/users/link", {{"token", shown_token(link.output)}}), HasSubstr("\"access_token\""));
  // The web door's own token is good: what it is told is that the password is wrong, not that it may not ask.
  EXPECT_THAT(post("/api/v1/users/login", {{"user", "alice"}, {"password", "wrong, surely"}}),
              HasSubstr("the user or the password is wrong"));
  const Finished seen = ctl({"doctor"});
  EXPECT_THAT(seen.output, ContainsRegex("ok +web door's token: "));
  EXPECT_EQ(seen.code, 0) << seen.output;
  EXPECT_EQ(hub.stop(), 0);
}

}  // namespace
}  // namespace strawberry::cli

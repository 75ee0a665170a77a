/// strawberryctl as a program without a hub: its files, errors and exit codes.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <utility>
#include <vector>

#include "cli/files.h"
#include "cli/process/child.h"
#include "common/identity/token.h"
#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"
#include "tests/support/test_hub.h"

namespace strawberry::cli {
namespace {

using test::content_of;
using test::control;
using test::count_lines;
using test::Finished;
using test::mode_of;
using test::trimmed;

class Init : public ::testing::Test {
 protected:
  Finished init() { return control({"init", "--data-dir", dir_.path.string()}); }
  test::TempDir directory_;
  DataDir dir_{directory_.path() / "var"};
};

TEST_F(Init, MakesEverythingForItsOwnerOnly) {
  const Finished made = init();
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_EQ(mode_of(dir_.path), 0700u);
  for (const std::string& file : {dir_.keys(), dir_.database(), dir_.admin_token()}) {
    EXPECT_EQ(mode_of(file), 0600u) << file;
  }
  const auto keys = KeySet::load(dir_.keys());
  ASSERT_TRUE(keys);
  const auto claims = verify_token(*keys, trimmed(content_of(dir_.admin_token())), SystemClock().wall_now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->principal.type, PrincipalType::admin);
  EXPECT_EQ(made.output.find("eyJ"), std::string::npos) << "a token was printed";
}

TEST_F(Init, SecondTimeChangesNothingAndSaysSo) {
  ASSERT_EQ(init().code, 0);
  const std::string keys = content_of(dir_.keys());
  const std::string token = content_of(dir_.admin_token());
  const std::string database = content_of(dir_.database());
  const Finished again = init();
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.output.find("nothing changed"), std::string::npos) << again.output;
  EXPECT_EQ(content_of(dir_.keys()), keys);
  EXPECT_EQ(content_of(dir_.admin_token()), token);
  EXPECT_EQ(content_of(dir_.database()), database);
}

TEST_F(Init, SeveralAtOnceMakeOneHub) {
  std::vector<std::future<Finished>> several;
  for (int i = 0; i < 4; ++i) several.push_back(std::async(std::launch::async, [this] { return init(); }));
  for (auto& one : several) {
    const Finished made = one.get();
    EXPECT_EQ(made.code, 0) << made.output;
  }
  const auto keys = KeySet::load(dir_.keys());
  ASSERT_TRUE(keys);
  EXPECT_TRUE(verify_token(*keys, trimmed(content_of(dir_.admin_token())), SystemClock().wall_now()));
}

TEST_F(Init, RenewsAnAdminTokenThatIsOfNoUse) {
  ASSERT_EQ(init().code, 0);
  std::ofstream(dir_.admin_token(), std::ios::trunc) << "worn out\n";
  EXPECT_EQ(init().code, 0);
  const auto keys = KeySet::load(dir_.keys());
  EXPECT_TRUE(verify_token(*keys, trimmed(content_of(dir_.admin_token())), SystemClock().wall_now()));
}

TEST_F(Init, LeavesUnreadableKeysAlone) {
  ASSERT_EQ(init().code, 0);
  std::ofstream(dir_.keys(), std::ios::trunc) << "not keys";
  const Finished refused = init();
  EXPECT_EQ(refused.code, 4);
  EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
  EXPECT_NE(refused.output.find(dir_.keys()), std::string::npos) << refused.output;
  EXPECT_EQ(content_of(dir_.keys()), "not keys");
}

TEST_F(Init, LeavesACorruptDatabaseAlone) {
  ASSERT_EQ(init().code, 0);
  const std::string rubbish(8192, 'x');
  std::ofstream(dir_.database(), std::ios::trunc) << rubbish;
  const Finished refused = init();
  EXPECT_EQ(refused.code, 4);
  EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
  EXPECT_NE(refused.output.find(dir_.database()), std::string::npos) << refused.output;
  EXPECT_EQ(content_of(dir_.database()), rubbish);
}

TEST_F(Init, RefusesADirectoryThatIsNotItsOwn) {
  std::filesystem::create_directory(dir_.path);
  std::ofstream(dir_.path / "thesis.txt") << "…";
  std::filesystem::permissions(dir_.path, std::filesystem::perms(0755));
  EXPECT_EQ(init().code, 4);
  EXPECT_EQ(mode_of(dir_.path), 0755u);
  EXPECT_FALSE(std::filesystem::exists(dir_.keys()));
}

TEST_F(Init, SharesADirectoryOfRootsWithItsGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root shares a directory";
  std::filesystem::create_directory(dir_.path);
  ASSERT_EQ(::chown(dir_.path.c_str(), 0, 4712), 0);
  ASSERT_EQ(::chmod(dir_.path.c_str(), 02770), 0);
  ASSERT_EQ(init().code, 0);
  EXPECT_EQ(mode_of(dir_.path), 0770u);
  EXPECT_EQ(mode_of(dir_.keys()), 0640u);
  EXPECT_EQ(mode_of(dir_.database()), 0660u);
  EXPECT_EQ(mode_of(dir_.admin_token()), 0600u);
  struct stat keys {};
  ASSERT_EQ(::stat(dir_.keys().c_str(), &keys), 0);
  EXPECT_EQ(keys.st_gid, 4712u);
  EXPECT_TRUE(KeySet::load(dir_.keys())) << "the hub would refuse them";
}

TEST_F(Init, DoesNotFollowALinkThatTheGroupPutThere) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root shares a directory";
  ASSERT_EQ(init().code, 0);
  std::filesystem::permissions(dir_.path, std::filesystem::perms(0770));
  const std::filesystem::path elsewhere = directory_.path() / "elsewhere";
  std::filesystem::rename(dir_.database(), elsewhere);
  for (const bool is_hard : {false, true}) {
    std::filesystem::remove(dir_.database());
    if (is_hard) {
      std::filesystem::create_hard_link(elsewhere, dir_.database());
    } else {
      std::filesystem::create_symlink(elsewhere, dir_.database());
    }
    EXPECT_EQ(init().code, 4);
    EXPECT_EQ(mode_of(elsewhere), 0600u);
  }
}

TEST_F(Init, RefusesALinkInThePlaceOfAFileItMakes) {
  const std::filesystem::path elsewhere = directory_.path() / "elsewhere";
  for (const std::string& file : {dir_.keys(), dir_.admin_token(), dir_.database(), dir_.database() + "-wal",
                                  dir_.database() + "-shm", dir_.database() + "-journal"}) {
    for (const bool leads_nowhere : {false, true}) {
      std::filesystem::remove_all(dir_.path);
      std::filesystem::create_directory(dir_.path);
      std::filesystem::permissions(dir_.path, std::filesystem::perms(0700));
      std::filesystem::remove(elsewhere);
      if (!leads_nowhere) std::ofstream(elsewhere).flush();  // empty, as SQLite would take it for a new database
      std::filesystem::create_symlink(elsewhere, file);
      const Finished refused = init();
      EXPECT_EQ(refused.code, 4) << file;
      EXPECT_EQ(count_lines(refused.output), 1U) << refused.output;
      EXPECT_NE(refused.output.find(file + " is a symbolic link"), std::string::npos) << refused.output;
      EXPECT_NE(refused.output.find("put the file itself there, or remove the link"), std::string::npos);
      EXPECT_TRUE(std::filesystem::is_symlink(file));
      EXPECT_EQ(std::filesystem::exists(elsewhere), !leads_nowhere) << file;
      EXPECT_EQ(content_of(elsewhere), "") << file;
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path), {}), 1) << "something was made";
    }
  }
}

TEST_F(Init, MakesEverythingInADirectoryThatALinkLeadsTo) {
  const std::filesystem::path real = directory_.path() / "real";
  std::filesystem::create_directories(real / "hub");
  std::filesystem::permissions(real / "hub", std::filesystem::perms(0700));
  std::filesystem::create_directory_symlink(real, directory_.path() / "lib");
  std::filesystem::create_directory_symlink("lib/hub", dir_.path);
  const Finished made = init();
  ASSERT_EQ(made.code, 0) << made.output;
  for (const char* file : {"keys.json", "hub.db", "admin.token"})
    EXPECT_EQ(mode_of(real / "hub" / file), 0600U) << file;
  EXPECT_NE(init().output.find("nothing changed"), std::string::npos);
  EXPECT_EQ(control({"token", "list", "--data-dir", dir_.path.string()}).code, 0);
  EXPECT_EQ(control({"device", "list", "--data-dir", dir_.path.string()}).output.find("symbolic link"),
            std::string::npos);
}

TEST_F(Init, TakesTheDirectoryFromTheEnvironment) {
  EXPECT_EQ(control({"init"}, "", {{"STRAWBERRY_DATA_DIR", dir_.path.string()}}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(dir_.keys()));
}

class Token : public ::testing::Test {
 protected:
  Token() { hub_.add_device("dev-1", "alice", "Kitchen Tablet"); }
  Finished issue(std::vector<std::string> words) {
    words.insert(words.begin(), {"token", "issue", "--data-dir", hub_.directory().path().string()});
    return control(std::move(words));
  }
  Claims claims(const Finished& run) {
    EXPECT_EQ(run.code, 0) << run.output;
    const auto verified = verify_token(hub_.keys(), test::first_line(run.output), SystemClock().wall_now());
    EXPECT_TRUE(verified) << run.output;
    return verified.value_or(Claims{});
  }
  test::TestHub hub_;
};

TEST_F(Token, OfADeviceCarriesItsOwnerAndName) {
  const Claims issued = claims(issue({"--device", "dev-1"}));
  EXPECT_EQ(issued.principal, (Principal{PrincipalType::device, "dev-1", "alice"}));
  EXPECT_EQ(issued.name, "Kitchen Tablet");
  EXPECT_EQ(issued.expires_at - issued.issued_at, std::chrono::hours(24 * 30));
}

TEST_F(Token, OfADeviceMayNameItAsCallsDo) {
  EXPECT_EQ(claims(issue({"--device", "kitchen_tablet"})).principal.id, "dev-1");
}

TEST_F(Token, OfAUserIsTheUsers) {
  EXPECT_EQ(claims(issue({"--user", "bob"})).principal, (Principal{PrincipalType::user, "bob", "bob"}));
}

TEST_F(Token, IsNotForAUserNamedLikeTheHubItself) {
  for (const auto* reserved : {"admin", "hub", "strawberry-bridge"}) {
    EXPECT_EQ(issue({"--user", reserved}).code, 2) << reserved;
    EXPECT_EQ(issue({"--enroll", "--user", reserved}).code, 2) << reserved;
  }
}

TEST_F(Token, ToEnrollIsGoodForThatUser) {
  const Claims first = claims(issue({"--enroll", "--user", "bob"}));
  EXPECT_EQ(first.principal.type, PrincipalType::enroll);
  EXPECT_EQ(first.principal.user_id, "bob");
  EXPECT_NE(first.principal.id, claims(issue({"--enroll", "--user", "bob"})).principal.id);
}

TEST_F(Token, LivesAsLongAsItWasTold) {
  const Claims issued = claims(issue({"--admin", "--ttl", "90s"}));
  EXPECT_EQ(issued.principal.type, PrincipalType::admin);
  EXPECT_EQ(issued.expires_at - issued.issued_at, std::chrono::seconds(90));
}

TEST_F(Token, GoesIntoAFileWithoutBeingPrinted) {
  const std::string path = hub_.directory().file("tablet.token");
  const Finished issued = issue({"--device", "dev-1", "--output", path});
  EXPECT_EQ(issued.code, 0);
  EXPECT_EQ(issued.output.find("eyJ"), std::string::npos);
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_TRUE(verify_token(hub_.keys(), trimmed(content_of(path)), SystemClock().wall_now()));
  EXPECT_EQ(issue({"--device", "dev-1", "--output", path}).code, 4) << "a file was overwritten";
}

TEST_F(Token, GoesIntoOptionFilesForMosquittosClients) {
  const std::filesystem::path directory = hub_.directory().path() / "lamp";
  const Finished issued = issue({"--device", "dev-1", "--mosquitto", directory.string(), "--port", "2883"});
  EXPECT_EQ(issued.code, 0) << issued.output;
  EXPECT_EQ(issued.output.find("eyJ"), std::string::npos);
  EXPECT_EQ(mode_of(directory), 0700u);
  for (const char* client : {"mosquitto_sub", "mosquitto_pub", "mosquitto_rr"}) {
    EXPECT_EQ(mode_of(directory / client), 0600u);
    const std::string options = content_of(directory / client);
    EXPECT_EQ(options.rfind("-h 127.0.0.1\n-p 2883\n-V 5\n-q 1\n-u dev-1\n-P eyJ", 0), 0u);
  }
}

TEST_F(Token, OptionFilesForABrokerWithTlsNameTheCa) {
  const std::filesystem::path directory = hub_.directory().path() / "lamp";
  const std::string client = directory / "mosquitto_sub";
  EXPECT_EQ(issue({"--device", "dev-1", "--mosquitto", directory.string(), "--ca-file", "/etc/hub/ca.crt"}).code, 0);
  EXPECT_TRUE(content_of(client).ends_with("\n--cafile /etc/hub/ca.crt\n"));
  EXPECT_EQ(issue({"--device", "dev-1", "--mosquitto", directory.string(), "--tls"}).code, 0);
  EXPECT_TRUE(content_of(client).ends_with("\n--tls-use-os-certs\n"));
}

TEST_F(Token, IsRefusedToUnknownAndRevokedDevices) {
  EXPECT_EQ(issue({"--device", "nobody"}).code, 2);
  hub_.set_active("dev-1", false);
  EXPECT_EQ(issue({"--device", "dev-1"}).code, 2);
}

TEST_F(Token, IsRefusedWhenANameFitsTwoDevices) {
  hub_.add_device("dev-2", "bob", "Kitchen Tablet");
  const Finished refused = issue({"--device", "kitchen_tablet"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.output.find("dev-2 (bob)"), std::string::npos) << refused.output;
  EXPECT_EQ(claims(issue({"--device", "kitchen_tablet", "--user", "bob"})).principal.id, "dev-2");
}

TEST_F(Token, IsRefusedToAUserWhoIsADevice) { EXPECT_EQ(issue({"--user", "dev-1"}).code, 2); }

TEST_F(Token, IsRefusedWithoutAClearHolder) {
  EXPECT_EQ(issue({}).code, 2);
  EXPECT_EQ(issue({"--admin", "--user", "bob"}).code, 2);
  EXPECT_EQ(issue({"--enroll"}).code, 2);
  EXPECT_EQ(issue({"--user", "no spaces"}).code, 2);
  EXPECT_EQ(issue({"--user", "bob", "--ttl", "forever"}).code, 2);
}

TEST_F(Token, IsNotMadeForANumberWithoutAUnit) {
  const Finished refused = issue({"--user", "bob", "--ttl", "365"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.output, "strawberryctl: --ttl 365: add a unit, such as 365d, 12h or 30m\n");
}

TEST_F(Token, ComesWithItsUserNameAndItsEndWhichAProgramNeedNotRead) {
  const Finished issued = issue({"--user", "bob", "--ttl", "365d"});
  const std::string end = format_rfc3339(claims(issued).expires_at).substr(0, 19) + "Z";
  EXPECT_NE(issued.output.find("\nuser name: bob (the token is the password)\n"), std::string::npos) << issued.output;
  EXPECT_NE(issued.output.find("valid until "), std::string::npos) << issued.output;
  EXPECT_NE(issued.output.find(end), std::string::npos) << issued.output;
  const Finished for_programs = issue({"--device", "dev-1", "--json"});
  EXPECT_EQ(nlohmann::json::parse(for_programs.output).at("user_name"), "dev-1");
}

TEST_F(Token, ForAUserWhoIsNewSaysSo) {
  EXPECT_NE(issue({"--user", "alcie"}).output.find("alcie is new; there is also alice"), std::string::npos);
  EXPECT_EQ(issue({"--user", "alice"}).output.find("is new"), std::string::npos);
}

TEST_F(Token, IsNotAskedForAsAUserWhoDoesNotExist) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"skills"},
                                                                 {"chat", "hello"},
                                                                 {"call", "Lamp.on"},
                                                                 {"token", "list"},
                                                                 {"token", "revoke", "--name", "x"},
                                                                 {"device", "list"},
                                                                 {"device", "rename", "Kitchen Tablet", "Other"},
                                                                 {"device", "revoke", "Kitchen Tablet"}}) {
    auto asked = words;
    asked.insert(asked.begin(), {"--data-dir", hub_.directory().path().string(), "--port", "1", "--timeout", "1s"});
    asked.insert(asked.end(), {"--user", "alise"});
    const Finished refused = control(asked);
    EXPECT_EQ(refused.code, 2) << refused.output;
    EXPECT_EQ(refused.output, "strawberryctl: there is no user 'alise': did you mean 'alice'?\n") << words.front();
  }
}

TEST_F(Token, IsNeededAgainForADeviceThatWasDeletedNotForOneThatWasRevoked) {
  const std::vector<std::string> at{"--data-dir", hub_.directory().path().string(), "--port", "1"};
  const auto device = [&](std::vector<std::string> words) {
    words.insert(words.begin(), at.begin(), at.end());
    return control(words);
  };
  const Finished unconfirmed = device({"device", "delete", "dev-1"});
  EXPECT_EQ(unconfirmed.code, 2);
  EXPECT_EQ(unconfirmed.output,
            "strawberryctl: deleting Kitchen Tablet (dev-1) of alice cannot be undone: say --yes if that is meant\n");
  const Finished gone = device({"device", "restore", "Old Radio"});
  EXPECT_EQ(gone.code, 2);
  EXPECT_NE(gone.output.find("a deleted one cannot"), std::string::npos) << gone.output;
  EXPECT_NE(device({"device", "restore", "dev-1"}).output.find("is not revoked"), std::string::npos);
}

TEST(CommandLine, EveryHelpHasAnExample) {
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"init"},
                                                                 {"device"},
                                                                 {"device", "add"},
                                                                 {"device", "list"},
                                                                 {"device", "revoke"},
                                                                 {"device", "delete"},
                                                                 {"device", "rename"},
                                                                 {"device", "restore"},
                                                                 {"token", "issue"},
                                                                 {"token", "list"},
                                                                 {"token", "revoke"},
                                                                 {"key"},
                                                                 {"key", "list"},
                                                                 {"key", "add"},
                                                                 {"key", "rotate"},
                                                                 {"key", "retire"},
                                                                 {"call"},
                                                                 {"chat"},
                                                                 {"skills"},
                                                                 {"tail"},
                                                                 {"ready"}}) {
    std::vector<std::string> asked = words;
    asked.emplace_back("--help");
    const Finished help = control(asked);
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.output.find("Example: strawberryctl"), std::string::npos) << help.output;
  }
}

TEST(CommandLine, WrongUsageExitsWithTwoAndOneLine) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {}, {"dance"}, {"device"}, {"device", "add"}, {"init", "--port", "0"}, {"init", "--port", "x"}, {"call"}}) {
    const Finished wrong = control(words);
    EXPECT_EQ(wrong.code, 2) << wrong.output;
    EXPECT_EQ(count_lines(wrong.output), 1u) << wrong.output;
  }
}

TEST(CommandLine, MissingDataDirectoryIsALocalProblem) {
  const test::TempDir empty;
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"call", "A.b", "--user", "alice"}, {"chat", "hello"}, {"tail"}}) {
    std::vector<std::string> asked{"--data-dir", empty.path().string()};
    asked.insert(asked.end(), words.begin(), words.end());
    const Finished wrong = control(asked);
    EXPECT_EQ(wrong.code, 4) << wrong.output;
    EXPECT_NE(wrong.output.find("strawberryctl init"), std::string::npos) << wrong.output;
  }
}

/// Standard output is for what a program reads.
TEST(CommandLine, LoginAsksForATokenOnStandardError) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const FileDescriptor keyboard(master);
  FileDescriptor terminal(slave);
  auto output = make_pipe();
  auto error = make_pipe();
  ASSERT_TRUE(output && error);
  ChildOptions options;
  options.argv = {STRAWBERRYCTL_PATH, "login", "--json"};
  for (char** entry = environ; *entry != nullptr; ++entry) options.environment.emplace_back(*entry);
  options.input = terminal.get();
  options.output = output->writer.get();
  options.error = error->writer.get();
  auto child = start_child(options);
  ASSERT_TRUE(child) << child.error().message;
  terminal = FileDescriptor();
  output->writer = FileDescriptor();
  error->writer = FileDescriptor();
  std::string said[2];
  pollfd pipes[] = {{output->reader.get(), POLLIN, 0}, {error->reader.get(), POLLIN, 0}};
  constexpr int patience_ms = 10'000;
  bool has_typed = false;
  while ((pipes[0].fd >= 0 || pipes[1].fd >= 0) && ::poll(pipes, 2, patience_ms) > 0) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (pipes[i].fd < 0 || pipes[i].revents == 0) continue;
      char bytes[256];
      const ssize_t size = ::read(pipes[i].fd, bytes, sizeof bytes);
      if (size <= 0) pipes[i].fd = -1;
      if (size > 0) said[i].append(bytes, static_cast<std::size_t>(size));
    }
    const bool is_asked = (said[0] + said[1]).find("token: ") != std::string::npos;
    if (is_asked && !std::exchange(has_typed, true)) {
      EXPECT_EQ(::write(keyboard.get(), "\n", 1), 1);
    }
  }
  if (!has_ended(child->pid)) ::kill(child->pid, SIGKILL);
  EXPECT_EQ(WEXITSTATUS(reap(child->pid)), 2);
  EXPECT_EQ(said[0], "");
  EXPECT_EQ(said[1].find("token: \n"), 0u) << said[1];
}

TEST(CommandLine, UnreachableBrokerExitsWithThreeInTime) {
  test::TestHub hub;
  hub.add_device("dev-1", "alice", "Lamp");
  const std::string port = std::to_string(test::free_port());
  for (const auto& words : std::vector<std::vector<std::string>>{{"call", "A.b", "--user", "alice"},
                                                                 {"chat", "hello", "--user", "alice"},
                                                                 {"tail"},
                                                                 {"device", "list"},
                                                                 {"device", "list", "--user", "alice"},
                                                                 {"device", "revoke", "Lamp"},
                                                                 {"ready"}}) {
    std::vector<std::string> asked{"--data-dir", hub.directory().path().string(), "--port", port, "--timeout", "300ms"};
    asked.insert(asked.end(), words.begin(), words.end());
    const Finished wrong = control(asked);
    EXPECT_EQ(wrong.code, 3) << words.front() << ": " << wrong.output;
    EXPECT_EQ(count_lines(wrong.output), 1u) << wrong.output;
  }
}

TEST(CommandLine, SaysWhatIsWrongWithAnOptionOrAFile) {
  test::TestHub hub;
  const std::string data = hub.directory().path().string();
  struct Case {
    std::vector<std::string> words;
    int code;
    std::string why;
  };
  for (const Case& wrong :
       std::vector<Case>{{{"--user", "alice", "skills"},
                          2,
                          "misplaced option: --user (write it behind the command: strawberryctl skills"},
                         {{"tail", "a#"}, 2, "not a topic filter: a#"},
                         {{"tail", "a/#/b"}, 2, "not a topic filter: a/#/b"},
                         {{"tail", "--count", "0"}, 2, "--count"},
                         {{"user", "update", "alice"}, 2, "nothing to change"},
                         {{"user", "add", "alice", "--role", "king", "--no-password"}, 2, "--role"}}) {
    std::vector<std::string> asked{"--data-dir", data};
    asked.insert(asked.end(), wrong.words.begin(), wrong.words.end());
    const Finished refused = control(asked);
    EXPECT_EQ(refused.code, wrong.code) << refused.output;
    EXPECT_NE(refused.output.find(wrong.why), std::string::npos) << refused.output;
    EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
  }
}

TEST(CommandLine, ARevocationOfWhatIsOnNoListIsDoneAndSaysSo) {
  test::TestHub hub;
  hub.add_device("dev-1", "alice", "Lamp");
  const std::string data = hub.directory().path().string();
  const Finished user = control({"--data-dir", data, "token", "revoke", "--user", "alise", "--all"});
  EXPECT_EQ(user.code, 0) << user.output;
  EXPECT_NE(user.output.find("note: there is no user 'alise': did you mean 'alice'?"), std::string::npos)
      << user.output;
  const Finished jti = control({"--data-dir", data, "token", "revoke", "no-such-jti"});
  EXPECT_EQ(jti.code, 0) << jti.output;
  EXPECT_NE(jti.output.find("note: no token with this JTI is on the list"), std::string::npos) << jti.output;
}

/// The database of a hub that does not run says what is misspelt.
TEST(CommandLine, DeviceCommandsKnowUnknownNamesWithoutAHub) {
  test::TestHub hub;
  hub.add_device("dev-1", "alice", "Lamp");
  const std::string port = std::to_string(test::free_port());
  for (const auto& [words, why] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"device", "revoke", "Lmap"}, "there is no device 'Lmap'"},
           {{"device", "restore", "Lamp", "--user", "alise"}, "there is no user 'alise': did you mean 'alice'?"},
           {{"device", "list", "--user", "al ice"}, "'al ice' is not an id"}}) {
    std::vector<std::string> asked{"--data-dir", hub.directory().path().string(), "--port", port, "--timeout", "300ms"};
    asked.insert(asked.end(), words.begin(), words.end());
    const Finished wrong = control(asked);
    EXPECT_EQ(wrong.code, 2) << wrong.output;
    EXPECT_NE(wrong.output.find(why), std::string::npos) << wrong.output;
    EXPECT_EQ(count_lines(wrong.output), 1u) << wrong.output;
  }
}

}  // namespace
}  // namespace strawberry::cli

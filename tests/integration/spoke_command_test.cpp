/// `strawberryctl spoke`: its limits, its sources of a token, malicious callers and invalid usage.
#include <gmock/gmock.h>

#include <csignal>
#include <set>

#include "cli/connect_directory.h"
#include "cli/spoke/command_skills.h"
#include "cli/spoke/spoke_device.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"
#include "tests/cli/hub_run.h"
#include "tests/integration/spoke_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* skills = R"(
  class_name = "BoxSkill"
  [[skill]]
  signature = "say(text: str) -> str"
  command = ["printf", "--", "%s", "{text}"]
  [[skill]]
  signature = "bare(text: str) -> str"
  command = ["printf", "{text}"]
  [[skill]]
  signature = "words(*words: str) -> str"
  command = ["sh", "-c", 'printf "<%s>" "$@"', "words", "--", "{words}"]
  [[skill]]
  signature = "sleep() -> str"
  command = ["sh", "-c", "sleep 1000 & echo $! > child; echo $$ > parent; wait"]
  timeout_ms = 300
  [[skill]]
  signature = "wait() -> str"
  command = ["sh", "-c", "echo $$ > parent; sleep 1000"]
  timeout_ms = 60000
  [[skill]]
  signature = "flood() -> str"
  command = ["yes"]
  output_bytes_max = 1000
  [[skill]]
  signature = "fork() -> str"
  command = ["sh", "-c", "sleep 1000 & echo $! > child; echo forked"]
  [[skill]]
  signature = "fail() -> str"
  command = ["sh", "-c", "echo 'out of strawberries' >&2; exit 7"]
  [[skill]]
  signature = "missing() -> str"
  command = ["./no-such-program"]
  [[skill]]
  signature = "here() -> str"
  command = ["cat", "skills.toml"]
  [[skill]]
  signature = "data() -> dict"
  command = ["echo", '{"level": 5}']
  output = "json"
  [[skill]]
  signature = "count() -> str"
  command = ["sh", "-c", "echo x >> counted"]
)";

class SpokeCommand : public SpokeFixture {
 protected:
  void start() {
    spoke({"--connect", connect_directory("lamp")}, skills);
    wait_for("offers 12 skills");
  }
  /// The process whose number a command wrote is gone, or a zombie until its parent reaps it.
  bool is_gone(const std::string& name) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    for (;;) {
      const std::string stat = content_of("/proc/" + trimmed(content_of(file(name))) + "/stat");
      if (stat.empty() || stat.find(") Z ") != std::string::npos) return true;
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
  }
  /// Exit code and output of a Spoke that is expected to end by itself.
  Finished refused(const std::vector<std::string>& options, const std::string& of = skills) {
    spoke(options, of);
    const auto code = process().wait_for_exit(20s);
    return {code.value_or(-1), process().output()};
  }
  std::string token(std::chrono::seconds age, std::chrono::seconds rest) {
    const WallTime now = SystemClock().wall_now();
    Claims claims;
    claims.principal = {PrincipalType::device, "lamp", "alice"};
    claims.name = "lamp";
    claims.issued_at = now - age;
    claims.expires_at = now + rest;
    return issue_token(hub().files().keys(), claims).value();
  }
};

TEST_F(SpokeCommand, RunsCommandsInTheFoldersOfTheirFile) {
  start();
  EXPECT_EQ(answer("BoxSkill.say", {"hello"}), "hello");
  EXPECT_EQ(answer("BoxSkill.data"), R"({"level":5})");
  EXPECT_THAT(answer("BoxSkill.here"), HasSubstr("class_name"));
}

TEST_F(SpokeCommand, SaysWhatWentWrong) {
  start();
  EXPECT_THAT(answer("BoxSkill.fail"), HasSubstr("exit code 7: out of strawberries"));
  EXPECT_THAT(answer("BoxSkill.missing"), HasSubstr("cannot start './no-such-program': No such file or directory"));
  EXPECT_THAT(answer("BoxSkill.say"), HasSubstr("the argument text is missing"));
}

TEST_F(SpokeCommand, LetsNothingOutOfItsLimits) {
  start();
  EXPECT_THAT(answer("BoxSkill.sleep"), HasSubstr("it did not end within 300 ms and was killed"));
  EXPECT_TRUE(is_gone("parent"));
  EXPECT_TRUE(is_gone("child"));
  EXPECT_THAT(answer("BoxSkill.flood"), HasSubstr("it wrote more than 1000 bytes and was killed"));
  EXPECT_EQ(answer("BoxSkill.fork"), "forked") << "at once, though somebody holds its output";
  EXPECT_TRUE(is_gone("child"));
}

TEST_F(SpokeCommand, GivesArgumentsAsTheyAreAndToNoShell) {
  start();
  for (const char* text : {"$(touch hacked)", "`touch hacked`", "; touch hacked", "a && touch hacked", "| touch hacked",
                           "> hacked", "*", "\"'\\", "a\nb", "%s%n", "{text}", "日本語 🍓", "-n", "--help", ""}) {
    EXPECT_EQ(answer("BoxSkill.say", {text}), text);
  }
  EXPECT_EQ(answer("BoxSkill.words", {"a b", "-c", "$HOME"}), "<--><a b><-c><$HOME>");
  EXPECT_TRUE(content_of(file("hacked")).empty());
  EXPECT_THAT(answer("BoxSkill.bare", {"-v"}), HasSubstr("could be taken for an option"));
  EXPECT_THAT(answer("BoxSkill.say", {std::string("a\0b", 3)}), HasSubstr("NUL character"));
  EXPECT_THAT(answer("BoxSkill.say", {std::string(140'000, 'x')}), HasSubstr("more than 131071 bytes"));
  EXPECT_EQ(answer("BoxSkill.say", {std::string(60'000, 'x')}).size(), 60'000u);
}

TEST_F(SpokeCommand, AnswersEachOfAThousandCallsAndRunsNoneTwice) {
  start();
  constexpr int calls = 1000;
  for (int i = 0; i < calls; ++i) {
    publish_call({{"correlation_id", std::to_string(i)}, {"skill_path", "BoxSkill.count"}, {"timeout_ms", 60'000}});
  }
  std::set<std::string> answered;
  std::size_t done = 0;
  for (int i = 0; i < calls; ++i) {
    const json result = next_result();
    EXPECT_TRUE(answered.insert(result.at("correlation_id").get<std::string>()).second) << result;
    if (result.at("success").get<bool>()) {
      ++done;
    } else {
      EXPECT_THAT(result.at("error").get<std::string>(), HasSubstr("too many calls at once"));
    }
  }
  EXPECT_EQ(count_lines(content_of(file("counted"))), done);
  EXPECT_GE(done, 4u + 64u);
  EXPECT_EQ(answer("BoxSkill.say", {"still here"}), "still here");
}

TEST_F(SpokeCommand, CtrlCTakesItsCommandsAlong) {
  start();
  caller().send("skills", {{"op", "call"}, {"skill_path", "BoxSkill.wait"}, {"target", "lamp"}});
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (trimmed(content_of(file("parent"))).empty() && std::chrono::steady_clock::now() < give_up) {
  }
  process().signal(SIGINT);
  EXPECT_EQ(process().wait_for_exit(10s), 0) << process().output();
  EXPECT_TRUE(is_gone("parent"));
  EXPECT_TRUE(goes_offline());
}

TEST_F(SpokeCommand, CtrlCEndsItThoughTheBridgeIsNotThere) {
  hub().kill_bridge();
  const std::string directory = file("lamp");
  ASSERT_TRUE(cli::write_mosquitto_options(directory, {"127.0.0.1", static_cast<std::uint16_t>(hub().port())}, "lamp",
                                           token(0s, 1h)));
  hub().files().add_device("lamp", "alice", "lamp");
  spoke({"--connect", directory}, skills);
  wait_for("is the device lamp");
  process().signal(SIGINT);
  EXPECT_EQ(process().wait_for_exit(10s), 0) << process().output();
}

TEST_F(SpokeCommand, ReadsItsFileAgainAtHangup) {
  start();
  write_skills("[[skill]]\nsignature = \"broken(\"\ncommand = [\"echo\"]\n");
  process().signal(SIGHUP);
  wait_for("the skills stay what they were");
  EXPECT_EQ(answer("BoxSkill.say", {"old"}), "old");
  write_skills("[[skill]]\nsignature = \"fresh()\"\ncommand = [\"echo\", \"new\"]\n");
  process().signal(SIGHUP);
  wait_for("offers 1 skill");
  EXPECT_EQ(answer("CommandSkill.fresh"), "new");
  EXPECT_THAT(answer("BoxSkill.say", {"old"}), HasSubstr("does not offer"));
}

TEST_F(SpokeCommand, IsADeviceOfTheHubsMachineWithTheHubsKeys) {
  const std::vector<std::string> options = {"--data-dir", hub().files().directory().path(), "--host",   "127.0.0.1",
                                            "--port",     std::to_string(hub().port()),     "--device", "My Box"};
  const Finished unknown = refused(options);
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.output, HasSubstr("there is no device 'My Box' yet: say whose it will be with --user"));
  auto with_user = options;
  with_user.insert(with_user.end(), {"--user", "alice"});
  for (const auto& each : {with_user, options}) {
    spoke(each, skills);
    wait_for("offers 12 skills");
    EXPECT_EQ(caller().result_of("skills", {{"op", "call"}, {"skill_path", "my_box.BoxSkill.say"}, {"args", {"x"}}}),
              "x");
    EXPECT_EQ(process().terminate(), 0);
  }
  EXPECT_EQ(caller().result_of("devices", {{"op", "list"}}).at("total"), 1) << "added once";
}

TEST_F(SpokeCommand, OfTheHubsMachineComesBackWhenItsKeyIsRetired) {
  const std::string data = hub().files().directory().path();
  spoke({"--data-dir", data, "--host", "127.0.0.1", "--port", std::to_string(hub().port()), "--device", "My Box",
         "--user", "alice"},
        skills);
  wait_for("offers 12 skills");
  const std::string old = hub().files().keys().signing_key().kid();
  const Finished rotated = control({"--data-dir", data, "key", "rotate"});
  ASSERT_EQ(rotated.code, 0) << rotated.output;
  const Finished retired = control({"--data-dir", data, "key", "retire", old, "--yes"});
  ASSERT_EQ(retired.code, 0) << retired.output;
  wait_for("offers 12 skills");
}

TEST_F(SpokeCommand, RenewsItsTokenWhenAThirdIsLeft) {
  connect_directory("lamp");  // a token must be younger than its device
  const std::string directory = connect_directory("lamp", token(0s, 9s));
  const std::string old = cli::read_connect_directory(directory)->token;
  spoke({"--connect", directory}, skills);
  wait_for("has a new token");
  const auto now = cli::read_connect_directory(directory);
  ASSERT_TRUE(now) << now.error().message;
  EXPECT_NE(now->token, old);
  EXPECT_GT(cli::times_of(now->token)->expires_at, SystemClock().wall_now() + 24h);
  for (const char* client : {"/mosquitto_pub", "/mosquitto_sub", "/mosquitto_rr"}) {
    EXPECT_EQ(mode_of(directory + client), 0600u);
    EXPECT_THAT(content_of(directory + client), HasSubstr("-P " + now->token + "\n"));
  }
  EXPECT_EQ(process().output().find(now->token), std::string::npos);
  restart_broker();
  wait_for("offers 12 skills");
  EXPECT_EQ(answer("BoxSkill.say", {"new token"}), "new token");
}

TEST_F(SpokeCommand, DoesNotRenewAYoungToken) {
  const std::string directory = connect_directory("lamp", token(0s, 1h));
  spoke({"--connect", directory}, skills);
  wait_for("offers 12 skills");
  EXPECT_EQ(answer("BoxSkill.say", {"x"}), "x");
  EXPECT_EQ(count("has a new token"), 0u);
}

TEST_F(SpokeCommand, SaysWhenItsTokenHasExpired) {
  spoke({"--connect", connect_directory("lamp", token(2h, -1h)), "--timeout", "3s"}, skills);
  EXPECT_EQ(process().wait_for_exit(20s), 1) << process().output();
  EXPECT_THAT(process().output(), HasSubstr("its token has expired"));
}

TEST_F(SpokeCommand, RegistersAgainWhenTheHubWasRestarted) {
  start();
  hub().kill_bridge();
  hub().files().database().exec("DELETE FROM skills");
  hub().start_bridge();
  wait_for("offers 12 skills");
  EXPECT_EQ(answer("BoxSkill.say", {"x"}), "x");
}

TEST_F(SpokeCommand, RegistersAgainWhenItsHeartbeatFindsOtherSkillsAtTheHub) {
  connect_directory("lamp");
  const Principal lamp{PrincipalType::device, "lamp", "alice"};
  asio::io_context loop;
  int registered = 0;
  cli::SpokeDevice::Options options;
  options.connection.endpoint = {"127.0.0.1", static_cast<std::uint16_t>(hub().port())};
  options.connection.who.principal = lamp;
  options.connection.token = [token = hub().files().token(lamp)] { return token; };
  options.heartbeat_every = 20ms;
  Spoke somebody(hub(), lamp, 5, "somebody");
  options.say = [&](const std::string& line) {
    if (line != "offers 12 skills") return;
    if (++registered == 1) somebody.send("skills", {{"op", "register"}, {"skills", json::array()}});
    if (registered == 2) loop.stop();
  };
  cli::CommandSkills offered(loop, cli::parse_skill_file(skills, "skills.toml").value(), {});
  cli::SpokeDevice device(loop, offered, options);
  asio::co_spawn(loop, device.join(), asio::detached);
  loop.run_for(20s);
  EXPECT_EQ(registered, 2);
}

TEST_F(SpokeCommand, SaysInOneLineWhatTheUserGotWrong) {
  const std::string directory = connect_directory("lamp");
  EXPECT_EQ(refused({}).code, 2);
  EXPECT_EQ(refused({"--connect", directory, "--device", "x"}).code, 2);
  const Finished nowhere = refused({"--connect", file("nowhere")});
  EXPECT_EQ(nowhere.code, 4);
  EXPECT_THAT(nowhere.output, HasSubstr("device add NAME --user USER --mosquitto DIR"));
  const Finished bad = refused({"--connect", directory}, "[[skill]]\nsignature = \"f(a)\"\ncommand = [\"f\"]\n");
  EXPECT_EQ(bad.code, 4);
  EXPECT_THAT(bad.output, HasSubstr("skills.toml:1: skill f: command: the parameter a has no place in it"));
  EXPECT_EQ(count_lines(bad.output), 1u) << bad.output;
}

}  // namespace
}  // namespace strawberry::test

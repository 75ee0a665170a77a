/// strawberryctl on a machine without the hub's keys: with a login, a token file or a connect directory.
#include <gmock/gmock.h>
#include <memory>
#include <thread>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class WithoutTheHubsKeys : public ::testing::Test {
 protected:
  WithoutTheHubsKeys() {
    token_file_ = elsewhere_.file("token");
    const auto issued = control({"--data-dir", hub_.files().directory().path().string(), "token", "issue", "--user",
                                 "alice", "--output", token_file_});
    EXPECT_EQ(issued.code, 0) << issued.output;
  }
  /// With an empty home directory, and without a data directory.
  Finished run(std::vector<std::string> words, std::string input = {},
               std::map<std::string, std::string> environment = {}) {
    environment.emplace("HOME", elsewhere_.path().string());
    environment.emplace("XDG_CONFIG_HOME", elsewhere_.file("config"));
    return control(std::move(words), std::move(input), std::move(environment));
  }
  std::vector<std::string> at_the_hub(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--host", "127.0.0.1", "--port", std::to_string(hub_.port())});
    return words;
  }
  std::string kept() const { return (elsewhere_.path() / "config" / "strawberry" / "login").string(); }

  TempDir elsewhere_;
  HubProcess hub_;
  std::string token_file_;
};

TEST_F(WithoutTheHubsKeys, ALoginIsKeptAndForgotten) {
  auto speaker = hub_.device("Speaker");
  speaker->offer("Music", {"play(name: str) -> str"});
  const auto in = run(at_the_hub({"login", "--token-file", token_file_}));
  EXPECT_EQ(in.code, 0) << in.output;
  EXPECT_THAT(in.output, HasSubstr("logged in as user alice at 127.0.0.1:"));
  EXPECT_EQ(mode_of(kept() + "/mosquitto_pub"), 0600u);

  const auto skills = run({"skills"});
  EXPECT_THAT(skills.output, HasSubstr("Music.play(name: str)"));
  EXPECT_THAT(run({"device", "list"}).output, HasSubstr("Speaker"));
  EXPECT_THAT(run({"device", "rename", "Speaker", "Loud Speaker"}).output, HasSubstr("renamed Speaker"));
  EXPECT_EQ(run({"device", "delete", "nothing", "--yes"}).code, 2);
  EXPECT_THAT(run({"chat", "hello"}).output, Not(HasSubstr("strawberryctl:")));

  EXPECT_THAT(run({"logout"}).output, HasSubstr("logged out"));
  const auto after = run({"skills"});
  EXPECT_EQ(after.code, 4);
  EXPECT_THAT(after.output, HasSubstr("strawberryctl login"));
}

TEST_F(WithoutTheHubsKeys, ATokenIsPastedAndNeverShown) {
  const auto token = content_of(token_file_);
  const auto in = run(at_the_hub({"login"}), token);
  EXPECT_EQ(in.code, 0) << in.output;
  EXPECT_THAT(in.output, Not(HasSubstr(trimmed(token))));
  EXPECT_EQ(run(at_the_hub({"login"}), "no token\n").code, 2);
  EXPECT_EQ(run(at_the_hub({"login"}), "").code, 2);
}

TEST_F(WithoutTheHubsKeys, ATokenThatTheHubRefusesIsNotKept) {
  auto token = content_of(token_file_);
  token[token.size() / 2] = token[token.size() / 2] == 'a' ? 'b' : 'a';
  const auto in = run(at_the_hub({"login"}), token);
  EXPECT_NE(in.code, 0);
  EXPECT_EQ(mode_of(kept() + "/mosquitto_pub"), 0u);
}

TEST_F(WithoutTheHubsKeys, ATokenFileOrAConnectDirectoryIsEnough) {
  EXPECT_THAT(run(at_the_hub({"skills"}), {}, {{"STRAWBERRY_TOKEN_FILE", token_file_}}).output,
              HasSubstr("no device offers a skill"));
  const auto directory = elsewhere_.file("lamp");
  const auto added =
      control({"--data-dir", hub_.files().directory().path().string(), "--port", std::to_string(hub_.port()), "device",
               "add", "Lamp", "--user", "alice", "--mosquitto", directory});
  ASSERT_EQ(added.code, 0) << added.output;
  EXPECT_THAT(run({"--connect", directory, "device", "list"}).output, HasSubstr("Lamp"));
  const auto tail = run({"--connect", directory, "tail", "--count", "1"});
  EXPECT_EQ(tail.code, 0) << tail.output;
}

TEST_F(WithoutTheHubsKeys, NobodyElseIsSpokenFor) {
  const auto other = run(at_the_hub({"--token-file", token_file_, "skills", "--user", "bob"}));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.output, HasSubstr("is for user alice"));
  const auto add = run(at_the_hub({"--token-file", token_file_, "device", "add", "Lamp", "--user", "bob"}));
  EXPECT_EQ(add.code, 1) << add.output;
}

TEST_F(WithoutTheHubsKeys, AWordStaysTextWhereTheSkillWantsText) {
  auto notes = hub_.device("Notes");
  notes->offer("Notes", {"add(text: str, times: int = 1) -> str"});
  const auto said = std::make_shared<Finished>();
  std::thread caller([&] {
    *said = run(at_the_hub({"--token-file", token_file_, "call", "Notes.add", "42", "times=2"}));
  });
  const auto call = notes->next_call();
  if (call) {
    EXPECT_EQ(call->at("args"), nlohmann::json({"42"}));
    EXPECT_EQ(call->at("kwargs"), (nlohmann::json{{"times", 2}}));
    notes->answer(*call, "noted");
  }
  caller.join();
  EXPECT_TRUE(call);
  EXPECT_THAT(said->output, HasSubstr("noted"));
}

TEST_F(WithoutTheHubsKeys, AMistypedCommandOrOptionIsGuessed) {
  EXPECT_THAT(run({"devcie", "list"}).output, HasSubstr("unknown command: devcie (did you mean device?)"));
  EXPECT_THAT(run({"device", "lst"}).output, HasSubstr("unknown command: lst (did you mean list?)"));
  EXPECT_THAT(run({"device", "list", "--usr", "alice"}).output,
              HasSubstr("unknown option: --usr (did you mean --user?)"));
  EXPECT_EQ(run({"device", "lst"}).code, 2);
  EXPECT_THAT(run({"--version"}).output, testing::StartsWith("strawberryctl "));
  EXPECT_THAT(run({"completion"}).output, HasSubstr("complete -F _strawberryctl"));
}

}  // namespace
}  // namespace strawberry::test

/// `strawberryctl chat` with a slow model, and a skill that asks first.
#include <gtest/gtest.h>

#include <thread>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class ChatFromATerminal : public ::testing::Test {
 protected:
  static HubProcess::Options asking(const StubLlm& model) {
    HubProcess::Options options;
    options.config =
        "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
    return options;
  }
  std::vector<std::string> command(const std::vector<std::string>& words) {
    std::vector<std::string> all = {
        STRAWBERRYCTL_PATH,          "--data-dir", hub_.files().directory().path().string(), "--port",
        std::to_string(hub_.port()), "chat"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  /// Runs it at a terminal of its own, with `input` typed.
  std::unique_ptr<ChildProcess> at_a_terminal(const std::vector<std::string>& words, const std::string& input) {
    std::string line;
    for (const auto& word : command(words)) line += "'" + word + "' ";
    ChildProcess::Options options;
    options.argv = {"/usr/bin/script", "-qec", line, "/dev/null"};
    options.environment = {{"XDG_STATE_HOME", hub_.files().directory().path().string()}};
    options.input = input;
    return std::make_unique<ChildProcess>(options);
  }
  bool is_asked(std::size_t count) const {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (model_.requests().size() < count && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(1ms);
    return model_.requests().size() >= count;
  }
  std::unique_ptr<Spoke> door() {
    auto door = hub_.device("Front Door");
    door->offer("DoorSkill", {"unlock() -> str"});
    door->result_of("skills", {{"op", "register"},
                               {"skills",
                                {{{"class_name", "DoorSkill"},
                                  {"function_name", "unlock"},
                                  {"signature", "unlock() -> str"},
                                  {"confirm", true}}}}});
    return door;
  }

  StubLlm model_;
  HubProcess hub_{asking(model_)};
};

TEST_F(ChatFromATerminal, ExitEndsItWhereverItsLinesComeFrom) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::words("hello"); });
  auto tablet = hub_.device("Tablet");
  ChildProcess::Options options;
  options.argv = command({"--device", "tablet"});
  options.input = "good morning\nexit\ngood night\n";
  ChildProcess ctl(options);
  EXPECT_EQ(ctl.wait_for_exit(5s), 0) << ctl.output();
  EXPECT_EQ(model_.requests().size(), 1u) << ctl.output();
}

TEST_F(ChatFromATerminal, CtrlCTakesTheQuestionBack) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  auto tablet = hub_.device("Tablet");
  ChildProcess::Options options;
  options.argv = command({"--device", "tablet", "tell", "me", "a", "story"});
  ChildProcess ctl(options);
  ASSERT_TRUE(is_asked(1)) << ctl.output();
  ctl.signal(SIGINT);
  EXPECT_EQ(ctl.wait_for_exit(5s), 1);
  EXPECT_NE(ctl.output().find("cancelled: the chat was cancelled"), std::string::npos) << ctl.output();
}

TEST_F(ChatFromATerminal, ASecondCtrlCLeavesWhateverTheHubDoes) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  auto tablet = hub_.device("Tablet");
  ChildProcess::Options options;
  options.argv = command({"--device", "tablet", "tell", "me", "a", "story"});
  ChildProcess ctl(options);
  ASSERT_TRUE(is_asked(1)) << ctl.output();
  hub_.kill_bridge();
  ctl.signal(SIGINT);
  ctl.signal(SIGINT);
  EXPECT_NE(ctl.wait_for_exit(5s).value_or(0), 0) << ctl.output();
}

TEST_F(ChatFromATerminal, AYesRunsTheSkillThatAsks) {
  model_.otherwise(stub_calling("unlock", json::object()));
  auto front_door = door();
  auto tablet = hub_.device("Tablet");
  auto ctl = at_a_terminal({"--device", "tablet", "open", "the", "door"}, "y\n");
  const auto call = front_door->next_call();
  ASSERT_TRUE(call) << ctl->output();
  front_door->answer(*call, "it is open");
  EXPECT_EQ(ctl->wait_for_exit(5s), 0) << ctl->output();
  EXPECT_NE(ctl->output().find("? front_door DoorSkill.unlock()  Allow it? [y/N]"), std::string::npos) << ctl->output();
  EXPECT_NE(ctl->output().find("it is open"), std::string::npos) << ctl->output();
}

TEST_F(ChatFromATerminal, AnythingElseIsNo) {
  model_.otherwise(stub_calling("unlock", json::object()));
  auto front_door = door();
  auto tablet = hub_.device("Tablet");
  auto ctl = at_a_terminal({"--device", "tablet", "open", "the", "door"}, "\n");
  EXPECT_EQ(ctl->wait_for_exit(5s), 0) << ctl->output();
  EXPECT_NE(ctl->output().find("forbidden"), std::string::npos) << ctl->output();
  EXPECT_FALSE(front_door->next_call(200ms));
}

TEST_F(ChatFromATerminal, WithoutATerminalNobodyCanBeAsked) {
  model_.otherwise(stub_calling("unlock", json::object()));
  auto front_door = door();
  auto tablet = hub_.device("Tablet");
  ChildProcess::Options options;
  options.argv = command({"--device", "tablet", "open", "the", "door"});
  options.input = "y\n";
  ChildProcess ctl(options);
  EXPECT_EQ(ctl.wait_for_exit(5s), 0) << ctl.output();
  EXPECT_NE(ctl.output().find("DoorSkill.unlock(): not allowed, nobody can be asked here"), std::string::npos)
      << ctl.output();
  EXPECT_FALSE(front_door->next_call(200ms));
}

TEST_F(ChatFromATerminal, ASessionGoesOn) {
  model_.push(StubAnswer::words("Hi, Ada."));
  auto tablet = hub_.device("Tablet");
  const auto session = tablet->result_of("sessions", {{"op", "create"}}).at("session_id").get<std::string>();
  for (const char* words : {"my name is Ada", "what is my name?"}) {
    ChildProcess::Options options;
    options.argv = command({"--device", "tablet", "--session", session, words});
    ChildProcess ctl(options);
    EXPECT_EQ(ctl.wait_for_exit(5s), 0) << ctl.output();
  }
  EXPECT_NE(model_.requests().at(1).body.at("messages").dump().find("Hi, Ada."), std::string::npos);
}

TEST_F(ChatFromATerminal, ThePromptEditsRemembersAndCompletes) {
  model_.otherwise(stub_echo);
  auto tablet = hub_.device("Kitchen Tablet");
  // "helo", one left, "l"; the same again with the arrow up; a name completed with Tab; then `exit`.
  auto ctl = at_a_terminal({"--device", "kitchen_tablet"}, "helo\x1b[Dl\n\x1b[A!\nis kit\tthere\nexit\n");
  EXPECT_EQ(ctl->wait_for_exit(10s), 0) << ctl->output();
  const auto requests = model_.requests();
  ASSERT_EQ(requests.size(), 3u) << ctl->output();
  const auto asked = [&](std::size_t i) {
    return requests[i].body.at("messages").back().at("content").get<std::string>();
  };
  EXPECT_EQ(asked(0), "hello");
  EXPECT_EQ(asked(1), "hello!");
  EXPECT_EQ(asked(2), "is kitchen Tablet there");
  const std::string history = (hub_.files().directory().path() / "strawberry" / "chat_history").string();
  EXPECT_NE(content_of(history).find("hello!"), std::string::npos);
  EXPECT_EQ(mode_of(history), 0600u);
}

}  // namespace
}  // namespace strawberry::test

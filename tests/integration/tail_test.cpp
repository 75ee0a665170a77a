/// `strawberryctl tail` beside a whole hub: its lines for calls and chats, and how it follows one of them.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class TailOfAHub : public ::testing::Test {
 protected:
  static HubProcess::Options with(const StubLlm& model) {
    HubProcess::Options options;
    options.config =
        "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
    return options;
  }
  std::vector<std::string> command(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {STRAWBERRYCTL_PATH, "--data-dir", hub_.files().directory().path().string(),
                                    "--port", std::to_string(hub_.port())};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  std::unique_ptr<ChildProcess> start(const std::vector<std::string>& words) {
    ChildProcess::Options options;
    options.argv = command(words);
    return std::make_unique<ChildProcess>(options);
  }
  std::unique_ptr<ChildProcess> at_a_terminal(const std::vector<std::string>& words,
                                              std::map<std::string, std::string> environment = {}) {
    std::string line = "stty cols 80; exec";
    for (const auto& word : command(words)) line += " '" + word + "'";
    ChildProcess::Options options;
    options.argv = {"/usr/bin/script", "-qec", line, "/dev/null"};
    options.environment = std::move(environment);
    return std::make_unique<ChildProcess>(options);
  }
  /// True once it shows a request with that id, which the hub refuses.
  static bool is_watching(ChildProcess& tail, Spoke& by, const std::string& correlation_id) {
    for (int i = 0; i < 100; ++i) {
      by.send("sessions", {{"op", "nothing"}, {"correlation_id", correlation_id}});
      if (tail.wait_for_output("unknown_op", 50ms)) return true;
    }
    return false;
  }
  void wait_for_tail(ChildProcess& all) { ASSERT_TRUE(all.wait_for_output("hub/state", 5s)) << all.output(); }
  std::unique_ptr<Spoke> speaker() {
    auto device = hub_.device("Speaker");
    device->offer("Music", {"play(name: str) -> str"});
    return device;
  }
  void play(Spoke& on, Spoke& by, const std::string& correlation_id) {
    by.send(
        "skills",
        {{"op", "call"}, {"correlation_id", correlation_id}, {"skill_path", "Music.play"}, {"args", {"Yesterday"}}});
    const auto call = on.next_call();
    ASSERT_TRUE(call);
    on.answer(*call, "Playing Yesterday");
    EXPECT_EQ(by.response("skills", correlation_id).at("success"), true);
  }
  /// Without the requests of is_watching().
  static std::vector<std::string> ops_of(const std::string& output) {
    std::vector<std::string> ops;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);) {
      const json sight = json::parse(line);
      const auto op = sight.at("op").get<std::string>();
      if (!op.starts_with("sessions")) ops.push_back(op);
    }
    return ops;
  }

  StubLlm model_;
  HubProcess hub_{with(model_)};
};

TEST_F(TailOfAHub, SaysWhoDidWhatWithWhichOutcomeAndHowFast) {
  auto player = speaker();
  auto tablet = hub_.device("Tablet");
  auto tail = start({"tail"});
  wait_for_tail(*tail);
  play(*player, *tablet, "c1");
  EXPECT_EQ(tablet->code_of("skills", {{"op", "describe"}, {"path", "No.skill"}}), "not_found");
  ASSERT_TRUE(tail->wait_for_output("skills.describe  not_found", 5s)) << tail->output();
  const std::string shown = tail->output();
  EXPECT_NE(shown.find("→ Tablet              skills.call      Music.play(\"Yesterday\")"), std::string::npos) << shown;
  EXPECT_NE(shown.find("← Speaker             call             Music.play(\"Yesterday\")"), std::string::npos) << shown;
  EXPECT_NE(shown.find("→ Speaker             result           ok "), std::string::npos) << shown;
  EXPECT_NE(shown.find("← Tablet              skills.call      ok "), std::string::npos) << shown;
  EXPECT_NE(shown.find(" ms Playing Yesterday"), std::string::npos) << shown;
  EXPECT_EQ(shown.find('\x1b'), std::string::npos) << "no colours in a pipe";
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait_for_exit(5s), 0);
}

TEST_F(TailOfAHub, SurvivesARestartOfTheBroker) {
  auto tail = start({"tail", "hub/state"});
  wait_for_tail(*tail);
  hub_.broker().kill();
  ASSERT_TRUE(tail->wait_for_output("the broker is gone", 5s)) << tail->output();
  hub_.broker().start();
  ASSERT_TRUE(tail->wait_for_output("the broker is back", 20s)) << tail->output();
  ASSERT_TRUE(tail->wait_for_output("online", 20s, tail->output().find("the broker is back"))) << tail->output();
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait_for_exit(5s), 0) << tail->output();
}

TEST_F(TailOfAHub, ShowsIdsWhenAsked) {
  auto player = speaker();
  auto tablet = hub_.device("Tablet");
  auto tail = start({"tail", "--ids"});
  wait_for_tail(*tail);
  play(*player, *tablet, "c1");
  ASSERT_TRUE(tail->wait_for_output("ms #c1 Playing Yesterday", 5s)) << tail->output();
  EXPECT_NE(tail->output().find("→ Tablet              tablet                               skills.call      #c1"),
            std::string::npos)
      << tail->output();
}

TEST_F(TailOfAHub, FollowsOneCallFromItsRequestToItsResponse) {
  auto player = speaker();
  auto tablet = hub_.device("Tablet");
  auto tail = start({"--json", "tail", "--follow-correlation", "mine"});
  ASSERT_TRUE(is_watching(*tail, *tablet, "mine")) << tail->output();
  const std::size_t before = tail->output().size();
  play(*player, *tablet, "other");
  play(*player, *tablet, "mine");
  play(*player, *tablet, "another");
  ASSERT_TRUE(tail->wait_for_output("\"op\":\"skills.call\",\"outcome\":\"ok\"", 5s, before)) << tail->output();
  EXPECT_EQ(ops_of(tail->output().substr(before)),
            (std::vector<std::string>{"skills.call", "call", "result", "skills.call"}))
      << tail->output();
}

TEST_F(TailOfAHub, FollowsAChatToTheCallsThatItsModelMakes) {
  model_.otherwise(stub_calling("play", {{"name", "Yesterday"}}));
  auto player = speaker();
  auto tablet = hub_.device("Tablet");
  auto tail = start({"--json", "tail", "--follow-correlation", "chat-1"});
  ASSERT_TRUE(is_watching(*tail, *tablet, "chat-1")) << tail->output();
  const std::size_t before = tail->output().size();
  const json message = {{"role", "user"}, {"content", "play Yesterday"}};
  tablet->send("chat", {{"correlation_id", "chat-1"}, {"messages", json::array({message})}});
  const auto call = player->next_call();
  ASSERT_TRUE(call);
  player->answer(*call, "Playing Yesterday");
  EXPECT_EQ(tablet->response("chat", "chat-1").at("success"), true);
  ASSERT_TRUE(tail->wait_for_output("\"op\":\"chat.complete\",\"outcome\":\"ok\"", 5s, before)) << tail->output();
  EXPECT_EQ(ops_of(tail->output().substr(before)),
            (std::vector<std::string>{"chat.complete", "call", "result", "chat.complete"}))
      << tail->output();
}

TEST_F(TailOfAHub, AtATerminalItGathersAStreamAndKeepsToTheWidth) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(200, 100'000); });
  auto tablet = hub_.device("Tablet");
  auto tail = at_a_terminal({"tail", "chat/#"});
  const json message = {{"role", "user"}, {"content", "count"}};
  for (int i = 0; i < 50 && tail->output().find("chat.delta") == std::string::npos; ++i) {
    const std::string id = "c" + std::to_string(i);
    tablet->send("chat", {{"correlation_id", id}, {"stream", true}, {"messages", json::array({message})}});
    while (!tablet->mqtt().wait_for([&](const TestMessage& m) {
      const auto body = json::parse(m.payload);
      return body.contains("success") && body.value("correlation_id", "") == id;
    })) {
    }
    tail->wait_for_output("chat.delta", 100ms);
  }
  const std::string shown = tail->output();
  EXPECT_NE(shown.find("×20"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\x1b[1mTablet"), std::string::npos) << "colours at a terminal: " << shown;
  tail->terminate();
}

TEST_F(TailOfAHub, HasNoColoursWhereTheyAreNotWanted) {
  auto tail = at_a_terminal({"tail", "--count", "1", "hub/state"}, {{"NO_COLOR", "1"}});
  EXPECT_EQ(tail->wait_for_exit(5s), 0);
  EXPECT_NE(tail->output().find("hub/state"), std::string::npos);
  EXPECT_EQ(tail->output().find('\x1b'), std::string::npos) << tail->output();
}

}  // namespace
}  // namespace strawberry::test

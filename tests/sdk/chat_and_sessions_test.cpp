/// Chats with the built-in rules, questions, sessions.
#include <gtest/gtest.h>

#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

class SdkChat : public SdkFixture {
 protected:
  SdkChat() : spoke_(lamp(lamp_options())) {
    spoke_->skill("LockSkill.open_door() -> str", "Open the door.",
                  [this] {
                    ++opened_;
                    return "The door is open";
                  },
                  {.confirm = true});
    spoke_->start();
    EXPECT_TRUE(spoke_->wait_until_ready());
  }
  std::atomic<int> opened_{0};
  std::unique_ptr<Spoke> spoke_;
};

TEST_F(SdkChat, AnswersInWords) {
  const ChatAnswer answer = alice().chat("turn on the lamp");
  EXPECT_NE(answer.text.find("on at 100"), std::string::npos) << answer.text;
  EXPECT_EQ(answer.provider, "rules");
  EXPECT_EQ(answer.session_id, "");
  EXPECT_EQ(answer.completion.at("object"), "chat.completion");
}

TEST_F(SdkChat, StreamsItsTextAndTellsOfSkills) {
  std::string text;
  std::vector<std::string> events;
  ChatRequest request;
  request.text = "turn on the lamp";
  request.on_text = [&](const std::string& piece) { text += piece; };
  request.on_tool_call = [&](const ToolCall& tool) { events.push_back(tool.device + " " + tool.skill_path); };
  request.on_tool_result = [&](const ToolResult& result) { events.push_back(result.result.dump()); };
  const ChatAnswer answer = alice().chat(request);
  EXPECT_EQ(text, answer.text);
  EXPECT_EQ(events, (std::vector<std::string>{"lamp LampSkill.turn_on", "\"on at 100\""}));
}

TEST_F(SdkChat, AsksBeforeASkillThatIsMarkedConfirm) {
  ChatRequest request;
  request.text = "open the door";
  std::vector<std::string> questions;
  request.on_confirm = [&](const ConfirmQuestion& question) {
    questions.push_back(question.skill_path);
    EXPECT_GT(question.expires_in, 1s);
    return questions.size() > 1;
  };
  alice().chat(request);
  EXPECT_EQ(opened_, 0);
  alice().chat(request);
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(questions, (std::vector<std::string>{"LockSkill.open_door", "LockSkill.open_door"}));
  alice().chat("open the door");
  EXPECT_EQ(opened_, 1) << "with nobody to ask it is no";
}

TEST_F(SdkChat, IsStoppedByCancel) {
  spoke_->skill("SlowSkill.make_tea() -> str", "Make tea.", [](const CallContext& context) {
    while (!context.is_over()) std::this_thread::sleep_for(5ms);
    return "cold";
  });
  ASSERT_TRUE(spoke_->wait_until_ready());
  ChatRequest request;
  request.text = "make tea";
  request.timeout = 20s;
  request.on_tool_call = [&](const ToolCall&) { request.cancel.now(); };
  const auto took = time_of([&] { EXPECT_EQ(code_of([&] { alice().chat(request); }), "cancelled"); });
  EXPECT_LT(took, 5s);
}

TEST_F(SdkChat, IsStoppedByWhatItsFunctionsThrow) {
  ChatRequest request;
  request.text = "turn on the lamp";
  request.on_text = [](const std::string&) { throw std::out_of_range("no more room on the screen"); };
  EXPECT_THROW(alice().chat(request), std::out_of_range);
}

TEST_F(SdkChat, IsStoredInASession) {
  ChatRequest request;
  request.text = "turn on the lamp";
  request.session_id = "new";
  const ChatAnswer answer = alice().chat(request);
  ASSERT_NE(answer.session_id, "");
  const auto messages = alice().sessions().messages(answer.session_id);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages.at(0).role, "user");
  EXPECT_EQ(messages.at(1).content, answer.text);
}

TEST_F(SdkChat, SessionsAreMadeReadChangedAndErased) {
  Sessions sessions = alice().sessions();
  const std::string id = sessions.create("Breakfast");
  EXPECT_EQ(sessions.append(id, "user", "eggs", "m1"), "m1");
  sessions.append(id, "user", "eggs", "m1");
  const std::string second = sessions.append(id, "assistant", "bacon");
  const auto messages = sessions.messages(id);
  ASSERT_EQ(messages.size(), 2u) << "the same message again changes nothing";
  EXPECT_EQ(messages.at(1).message_id, second);
  EXPECT_EQ(sessions.messages(id, 50, second).size(), 1u);
  sessions.rename(id, "Lunch");
  EXPECT_EQ(sessions.get(id).title, "Lunch");
  const auto list = sessions.list();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list.at(0).session_id, id);
  EXPECT_EQ(list.at(0).message_count, 2u);
  sessions.erase(id);
  EXPECT_EQ(code_of([&] { sessions.get(id); }), "not_found");
}

TEST_F(SdkChat, AnyOperationOfTheContractCanBeAsked) {
  EXPECT_EQ(alice().request("devices", {{"op", "list"}}).at("total"), 1);
  EXPECT_EQ(code_of([&] { alice().request("devices", {{"op", "nonsense"}}); }), "unknown_op");
  EXPECT_EQ(code_of([&] { alice().request("nonsense", {{"op", "list"}}); }), "bad_request");
}

}  // namespace
}  // namespace strawberry::test

#include "bridge/chat/history.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/seeds.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

json say(const char* role, const std::string& text) { return {{"role", role}, {"content", text}}; }
json calling(const std::vector<std::string>& ids, const json& content = nullptr) {
  json message = {{"role", "assistant"}, {"content", content}, {"tool_calls", json::array()}};
  for (const auto& id : ids)
    message["tool_calls"].push_back(
        {{"id", id}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}});
  return message;
}
json result(const std::string& id) { return {{"role", "tool"}, {"tool_call_id", id}, {"content", "r"}}; }

constexpr std::size_t any = SIZE_MAX;

TEST(CutHistory, WhatFitsStaysAsItIs) {
  const json messages = {say("system", "s"), say("user", "1"),         calling({"a", "b"}), result("a"),
                         result("b"),        say("assistant", "done"), say("user", "2")};
  EXPECT_EQ(cut_history(messages, any, any), messages);
  std::size_t bytes = 0;
  for (const auto& message : messages) bytes += message.dump().size();
  EXPECT_EQ(cut_history(messages, bytes, 6), messages) << "both bounds hold exactly";
  EXPECT_EQ(cut_history(messages, bytes - 1, 6), json({say("system", "s"), say("user", "2")}));
  EXPECT_EQ(cut_history(messages, bytes, 5), json({say("system", "s"), say("user", "2")}));
}

TEST(CutHistory, TurnsGoWholeAndTheOldestFirst) {
  const json messages = {say("user", "1"), say("assistant", "one"), say("user", "2"), calling({"a"}),
                         result("a"),      say("assistant", "two"), say("user", "3"), say("assistant", "three")};
  const json last(json::array({say("user", "3"), say("assistant", "three")}));
  EXPECT_EQ(cut_history(messages, any, 5), last) << "four more would be needed for the turn before";
  EXPECT_EQ(cut_history(messages, any, 6).size(), 6u);
  EXPECT_EQ(cut_history(messages, any, 7).size(), 6u);
  EXPECT_EQ(cut_history(messages, any, 1), json::array());
}

TEST(CutHistory, SystemMessagesStayWhereverTheyAre) {
  const json messages = {say("user", "1"), say("developer", "d"), say("user", "2"), say("system", "s")};
  EXPECT_EQ(cut_history(messages, any, 1), json({say("developer", "d"), say("user", "2"), say("system", "s")}));
  EXPECT_EQ(cut_history(messages, 0, 0), json({say("developer", "d"), say("system", "s")}));
}

TEST(CutHistory, WhatStandsBeforeTheFirstUserIsATurn) {
  const json messages = {say("assistant", "welcome"), say("user", "1")};
  EXPECT_EQ(cut_history(messages, any, 2), messages);
  EXPECT_EQ(cut_history(messages, any, 1), json::array({say("user", "1")}));
}

TEST(CutHistory, CallsWithoutAllResultsAndResultsWithoutACallAreLeftOut) {
  EXPECT_EQ(cut_history({say("user", "1"), result("a")}, any, any), json::array({say("user", "1")}));
  EXPECT_EQ(cut_history({say("user", "1"), calling({"a", "b"}), result("a"), say("user", "2")}, any, any),
            json({say("user", "1"), say("user", "2")}));
  EXPECT_EQ(cut_history({say("user", "1"), calling({"a"}, "wait"), say("user", "2")}, any, any),
            json({say("user", "1"), say("assistant", "wait"), say("user", "2")}));
  EXPECT_EQ(cut_history({say("user", "1"), calling({"a"}), say("user", "2"), result("a")}, any, any),
            json({say("user", "1"), say("user", "2")}))
      << "a result belongs right behind its call";
  EXPECT_EQ(cut_history({calling({"a", "a"}), result("a"), result("a")}, any, any), json::array())
      << "two calls with one id cannot be told apart";
  EXPECT_EQ(cut_history({calling({"a"}), result("a"), result("a"), result("x")}, any, any),
            json({calling({"a"}), result("a")}));
}

json random_messages(test::Random& random) {
  json messages = json::array();
  const auto count = random.below(25);
  std::size_t id = 0;
  while (messages.size() < count) {
    const auto text = std::string(random.below(60), 'x') + std::to_string(messages.size());
    switch (random.below(6)) {
      case 0: messages.push_back(say("system", text)); break;
      case 1:
      case 2: messages.push_back(say("user", text)); break;
      case 3: messages.push_back(say("assistant", text)); break;
      case 4: messages.push_back(result("c" + std::to_string(random.below(id + 2)))); break;
      default: {
        std::vector<std::string> ids;
        for (auto calls = 1 + random.below(3); calls > 0; --calls)
          ids.push_back("c" + std::to_string(random.percent(90) ? ++id : id));
        messages.push_back(calling(ids, random.percent(50) ? json(nullptr) : json(text)));
        for (const auto& each : ids)
          if (random.percent(90)) messages.push_back(result(each));
      }
    }
  }
  return messages;
}

TEST(CutHistory, HoldsItsBoundsAndNeverPartsACallFromItsResultWhateverItGets) {
  test::for_each_seed(3000, [](test::Random& random) {
    const auto messages = random_messages(random);
    const auto whole = cut_history(messages, any, any);
    const auto bytes_max = random.below(2500), messages_max = random.below(25);
    const auto cut = cut_history(messages, bytes_max, messages_max);

    std::size_t system_bytes = 0, bytes = 0;
    json system = json::array(), turns = json::array();
    for (const auto& message : cut) {
      (message.at("role") == "system" ? system_bytes : bytes) += message.dump().size();
      (message.at("role") == "system" ? system : turns).push_back(message);
    }
    EXPECT_LE(turns.size(), messages_max);
    EXPECT_TRUE(turns.empty() || bytes + system_bytes <= bytes_max);
    EXPECT_EQ(turns.size(), spoken(cut));

    std::set<std::string> open;
    for (const auto& message : cut) {
      if (message.at("role") == "tool") {
        EXPECT_EQ(open.erase(message.at("tool_call_id").get<std::string>()), 1u) << "an orphan\n" << cut.dump(1);
        continue;
      }
      EXPECT_TRUE(open.empty()) << "a call without its result\n" << cut.dump(1);
      if (message.contains("tool_calls"))
        for (const auto& call : message.at("tool_calls")) open.insert(call.at("id").get<std::string>());
    }
    EXPECT_TRUE(open.empty()) << cut.dump(1);

    // What is kept is the end of what there was, all system messages with it, and begins with a turn.
    json whole_turns = json::array(), whole_system = json::array();
    for (const auto& message : whole) (message.at("role") == "system" ? whole_system : whole_turns).push_back(message);
    EXPECT_EQ(system, whole_system);
    ASSERT_LE(turns.size(), whole_turns.size());
    const auto dropped = whole_turns.size() - turns.size();
    for (std::size_t i = 0; i < turns.size(); ++i) EXPECT_EQ(turns[i], whole_turns[dropped + i]);
    if (dropped == 0) return;
    EXPECT_TRUE(turns.empty() || turns[0].at("role") == "user");
    // And one turn more would have been too much.
    std::size_t more = 0;
    for (auto i = dropped; i > 0;) {
      bytes += whole_turns[--i].dump().size();
      ++more;
      if (whole_turns[i].at("role") == "user") break;
    }
    EXPECT_TRUE(bytes + system_bytes > bytes_max || turns.size() + more > messages_max) << whole.dump(1);
  });
}

}  // namespace
}  // namespace strawberry::bridge

/// Streamed chats through a whole hub: a model that streams over real HTTP, a client that receives over MQTT
/// (docs/contract.md, section 5).
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json user_says(const std::string& text) {
  return {{"messages", {{{"role", "user"}, {"content", text}}}}, {"stream", true}};
}

/// One event of OpenAI's stream.
StubPiece chunk(const json& delta, const json& finish_reason = nullptr) {
  const json data = {{"id", "c"},
                     {"object", "chat.completion.chunk"},
                     {"model", "stub-1"},
                     {"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", finish_reason}}}}};
  return {"data: " + data.dump() + "\n\n"};
}

class ChatStream : public testing::Test {
 protected:
  static HubProcess::Options asking(const StubLlm& model) {
    HubProcess::Options options;
    options.config =
        "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
    return options;
  }

  /// All events of this chat up to its response, which is the last.
  std::vector<json> follow(Spoke& spoke, const std::string& id, std::chrono::milliseconds timeout = 10s) {
    std::vector<json> heard;
    const auto give_up = std::chrono::steady_clock::now() + timeout;
    while (std::chrono::steady_clock::now() < give_up) {
      for (const auto& message : spoke.mqtt().take_all()) {
        auto read = json::parse(message.payload);
        if (read.value("correlation_id", "") != id) continue;
        heard.push_back(std::move(read));
      }
      if (!heard.empty() && heard.back().contains("success")) return heard;
      std::this_thread::sleep_for(1ms);
    }
    throw std::runtime_error("no response; heard " + std::to_string(heard.size()) + " events");
  }
  /// Waits for a delta with this text.
  bool hears(Spoke& spoke, const std::string& words) {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < give_up) {
      for (const auto& message : spoke.mqtt().take_all())
        if (words_of(json::parse(message.payload)) == words) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  static std::string words_of(const json& event) {
    const json::json_pointer content("/data/choices/0/delta/content");
    return event.contains(content) ? event.at(content).get<std::string>() : "";
  }
  /// The joined text of all deltas, after checking their numbers.
  static std::string said(const std::vector<json>& heard) {
    std::string text;
    for (std::size_t i = 0; i + 1 < heard.size(); ++i) {
      EXPECT_EQ(heard[i].at("seq"), i);
      EXPECT_FALSE(heard[i].contains("success"));
      if (heard[i].at("event") == "delta") text += words_of(heard[i]);
    }
    return text;
  }
  static std::string answer_in(const json& response) {
    const json::json_pointer content("/result/choices/0/message/content");
    return response.contains(content) ? response.at(content).get<std::string>() : response.dump();
  }
  bool client_is_gone() const {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (model_.clients_gone() == 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(1ms);
    return model_.clients_gone() > 0;
  }

  StubLlm model_;
  HubProcess hub_{asking(model_)};
  std::unique_ptr<Spoke> tablet_ = hub_.device("Tablet");
};

TEST_F(ChatStream, EveryTokenComesInOrderAndTheAnswerIsWhole) {
  model_.push(StubAnswer::tokens(300, 3'000));
  const auto heard = follow(*tablet_, tablet_->send("chat", user_says("count")));
  const auto whole = answer_in(heard.back());
  EXPECT_NE(whole.find("298"), std::string::npos) << whole;
  EXPECT_EQ(said(heard), whole);
  EXPECT_GT(heard.size(), 100U) << "in pieces";
  EXPECT_EQ(heard.front().at("data").at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(heard.at(heard.size() - 2).at("data").at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(heard.front().at("data").at("id"), heard.back().at("result").at("id"));
  EXPECT_EQ(model_.requests().at(0).body.at("stream"), true);
}

TEST_F(ChatStream, APieceLeavesBeforeTheModelSaysTheNext) {
  model_.push(StubAnswer::stream({chunk({{"role", "assistant"}, {"content", "Once upon"}})}, StubAnswer::End::hang));
  const auto id = tablet_->send("chat", user_says("a story"));
  EXPECT_TRUE(hears(*tablet_, "Once upon")) << "the model has said no more than this";
  tablet_->result_of("chat", {{"op", "cancel"}, {"cancel", id}});
}

TEST_F(ChatStream, CancelEndsTheRequestToTheModel) {
  model_.push(StubAnswer::stream({chunk({{"content", "Once upon"}})}, StubAnswer::End::hang));
  const auto id = tablet_->send("chat", user_says("a story"));
  ASSERT_TRUE(hears(*tablet_, "Once upon"));
  EXPECT_EQ(model_.clients_gone(), 0U);
  EXPECT_EQ(tablet_->result_of("chat", {{"op", "cancel"}, {"cancel", id}}), json({{"cancelled", true}}));
  const auto response = tablet_->response("chat", id);
  EXPECT_EQ(response.at("error").at("code"), "cancelled") << response;
  EXPECT_TRUE(client_is_gone());
  EXPECT_EQ(model_.requests().size(), 1U) << "it is not asked again";
}

TEST_F(ChatStream, ADeviceThatLeavesEndsTheRequestToTheModel) {
  model_.push(StubAnswer::stream({chunk({{"content", "Once upon"}})}, StubAnswer::End::hang));
  tablet_->send("chat", user_says("a story"));
  ASSERT_TRUE(hears(*tablet_, "Once upon"));
  tablet_->mqtt().drop();
  EXPECT_TRUE(client_is_gone());
}

TEST_F(ChatStream, WhatIsSaidBeforeACallComesBeforeIt) {
  auto speaker = hub_.device("Speaker");
  speaker->offer("MusicControlSkill", {"play_song(name: str) -> str"});
  const json call = {{"index", 0},
                     {"id", "call_1"},
                     {"type", "function"},
                     {"function", {{"name", "MusicControlSkill-play_song"}, {"arguments", R"({"name":"Yesterday"})"}}}};
  model_.push(StubAnswer::stream({chunk({{"content", "One "}}),
                                  chunk({{"content", "moment. "}}),
                                  chunk({{"tool_calls", {call}}}),
                                  chunk(json::object(), "tool_calls"),
                                  {"data: [DONE]\n\n"}}));
  model_.push(StubAnswer::words("It plays."));
  const auto id = tablet_->send("chat", user_says("music"));
  const auto asked = speaker->next_call();
  ASSERT_TRUE(asked);
  speaker->answer(*asked, "playing");
  const auto heard = follow(*tablet_, id);
  EXPECT_EQ(said(heard), "One moment. It plays.");
  EXPECT_EQ(answer_in(heard.back()), "It plays.");
  std::vector<std::string> order;
  for (const auto& event : heard)
    if (const auto name = event.value("event", std::string()); !name.empty() && (order.empty() || order.back() != name))
      order.push_back(name);
  EXPECT_EQ(order, (std::vector<std::string>{"delta", "tool_call", "tool_result", "delta"}));
}

TEST_F(ChatStream, AStreamThatBreaksIsAnErrorAndNotAskedForAgain) {
  model_.push(StubAnswer::stream({chunk({{"content", "Half an ans"}})}, StubAnswer::End::cut));
  const auto heard = follow(*tablet_, tablet_->send("chat", user_says("a story")));
  EXPECT_EQ(said(heard), "Half an ans");
  EXPECT_EQ(heard.back().at("error").at("code"), "provider_error") << heard.back();
  EXPECT_EQ(model_.requests().size(), 1U);
}

TEST_F(ChatStream, WhoDoesNotStreamHearsTheAnswerAlone) {
  model_.push(StubAnswer::words("One two three."));
  auto request = user_says("count");
  request["stream"] = false;
  const auto heard = follow(*tablet_, tablet_->send("chat", request));
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(answer_in(heard[0]), "One two three.");
  EXPECT_FALSE(model_.requests().at(0).body.value("stream", false));
}

TEST_F(ChatStream, AChatRepeatedGetsItsResponseAgainAndNothingElse) {
  model_.push(StubAnswer::tokens(20, 2'000));
  auto request = user_says("count");
  request["correlation_id"] = "again";
  const auto first = follow(*tablet_, tablet_->send("chat", request));
  EXPECT_GT(first.size(), 5U);
  const auto second = follow(*tablet_, tablet_->send("chat", request));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second.back(), first.back());
  EXPECT_EQ(model_.requests().size(), 1U);
}

TEST_F(ChatStream, ATensorZeroStyleChatStreamsInThatShape) {
  model_.push(StubAnswer::tokens(20, 2'000));
  const auto heard = follow(
      *tablet_,
      tablet_->send("chat", {{"input", {{"messages", {{{"role", "user"}, {"content", "count"}}}}}}, {"stream", true}}));
  std::string text;
  for (std::size_t i = 0; i + 2 < heard.size(); ++i) {
    EXPECT_EQ(heard[i].at("seq"), i);
    text += heard[i].at("data").at("content").at(0).at("text").get<std::string>();
  }
  EXPECT_EQ(heard.back().at("result").at("content").at(0).at("text"), text);
  const auto& last = heard.at(heard.size() - 2).at("data");
  EXPECT_EQ(last.at("finish_reason"), "stop");
  EXPECT_GT(last.at("usage").at("output_tokens"), 0);
}

TEST_F(ChatStream, ManyAtOnceKeepTheirOwnOrder) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(100, 200); });
  std::vector<std::unique_ptr<Spoke>> spokes;
  std::vector<std::vector<std::string>> chats;
  for (int i = 0; i < 10; ++i) {
    spokes.push_back(hub_.device("Phone " + std::to_string(i)));
    auto& ids = chats.emplace_back();
    for (int n = 0; n < 4; ++n) ids.push_back(spokes.back()->send("chat", user_says("count")));
  }
  for (std::size_t i = 0; i < spokes.size(); ++i) {
    std::map<std::string, std::vector<json>> heard;
    std::size_t ended = 0;
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (ended < 4 && std::chrono::steady_clock::now() < give_up) {
      for (const auto& message : spokes[i]->mqtt().take_all()) {
        auto read = json::parse(message.payload);
        ended += read.contains("success") ? 1 : 0;
        heard[read.value("correlation_id", "")].push_back(std::move(read));
      }
      std::this_thread::sleep_for(1ms);
    }
    for (const auto& id : chats[i]) {
      ASSERT_FALSE(heard[id].empty());
      const auto whole = answer_in(heard[id].back());
      EXPECT_NE(whole.find("98"), std::string::npos) << whole;
      EXPECT_EQ(said(heard[id]), whole);
    }
  }
}

}  // namespace
}  // namespace strawberry::test

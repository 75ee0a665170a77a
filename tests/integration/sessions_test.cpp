/// Sessions through a whole hub (docs/contract.md, section 6).
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

TEST(Sessions, BelongToTheUserWhicheverDeviceHoldsThem) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  auto stranger = hub.device("Stranger", "bob");
  const auto session = tablet->result_of("sessions", {{"op", "create"}});
  const auto id = session.at("session_id").get<std::string>();
  EXPECT_EQ(session.at("device_id"), "tablet");
  const std::string question = std::string(79, 'q') + "äö and so on";
  tablet->result_of(
      "sessions",
      {{"op", "append"}, {"session_id", id}, {"role", "user"}, {"content", question}, {"message_id", "m1"}});
  tablet->result_of("sessions", {{"op", "append"}, {"session_id", id}, {"role", "assistant"}, {"content", "yes"}});
  tablet->result_of(
      "sessions",
      {{"op", "append"}, {"session_id", id}, {"role", "user"}, {"content", question}, {"message_id", "m1"}});

  EXPECT_EQ(tablet->code_of(
                "sessions",
                {{"op", "append"}, {"session_id", id}, {"role", "user"}, {"content", "other"}, {"message_id", "m1"}}),
            "bad_request")
      << "what is not stored does not pass for stored";
  const auto seen = phone->result_of("sessions", {{"op", "get"}, {"session_id", id}});
  EXPECT_EQ(seen.at("message_count"), 2) << "the same message_id twice is one message";
  EXPECT_EQ(seen.at("title"), std::string(79, 'q') + "ä");
  const auto messages = phone->result_of("sessions", {{"op", "messages"}, {"session_id", id}}).at("messages");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].at("content"), question);
  EXPECT_EQ(messages[1].at("role"), "assistant");
  EXPECT_EQ(phone->result_of("sessions", {{"op", "list"}}).at("total"), 1);

  EXPECT_EQ(stranger->result_of("sessions", {{"op", "list"}}).at("total"), 0);
  for (const auto* op : {"get", "messages", "delete"}) {
    EXPECT_EQ(stranger->code_of("sessions", {{"op", op}, {"session_id", id}}), "not_found") << op;
  }
  EXPECT_EQ(phone->result_of("sessions", {{"op", "update"}, {"session_id", id}, {"title", "Music"}}).at("title"),
            "Music");
  phone->result_of("sessions", {{"op", "delete"}, {"session_id", id}});
  EXPECT_EQ(tablet->code_of("sessions", {{"op", "get"}, {"session_id", id}}), "not_found");
}

TEST(Sessions, KeptOfflineAreUploadedOnceHoweverOftenTheyAreSent) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  auto stranger = hub.device("Stranger", "bob");
  const auto message = [](const std::string& id, const std::string& content, const std::string& at) {
    return json{{"id", id}, {"role", "user"}, {"content", content}, {"created_at", "2026-01-31T" + at + "Z"}};
  };
  const auto sync = [](const std::string& id, json messages) {
    json session = {{"id", id}, {"created_at", "2026-01-31T09:00:00Z"}, {"messages", std::move(messages)}};
    return json{{"op", "sync"}, {"sessions", json::array({std::move(session)})}};
  };
  const auto counts = [](const json& result) {
    const auto& session = result.at("sessions").at(0);
    return session.at("session_id").get<std::string>() + " " + session.at("added").dump() + "/" +
           session.at("already_there").dump();
  };
  const auto first = message("m1", "first", "09:00:01");
  const auto third = message("m3", "third", "09:00:03.5");
  EXPECT_EQ(counts(tablet->result_of("sessions", sync("trip", {third, first}))), "trip 2/0");
  EXPECT_EQ(counts(tablet->result_of("sessions", sync("trip", {third, first}))), "trip 0/2");
  EXPECT_EQ(counts(phone->result_of("sessions", sync("trip", {message("m2", "second", "09:00:02"), third}))),
            "trip 1/1");
  tablet->result_of("sessions", {{"op", "append"}, {"session_id", "trip"}, {"role", "assistant"}, {"content", "now"}});
  EXPECT_EQ(counts(phone->result_of("sessions", sync("trip", {first, third}))), "trip 0/2");

  std::string all;
  const auto result = phone->result_of("sessions", {{"op", "messages"}, {"session_id", "trip"}});
  for (const auto& each : result.at("messages")) all += each.at("content").get<std::string>() + " ";
  EXPECT_EQ(all, "first second third now ");
  const auto session = phone->result_of("sessions", {{"op", "get"}, {"session_id", "trip"}});
  EXPECT_EQ(session.at("message_count"), 4);
  EXPECT_EQ(session.at("title"), "first");
  EXPECT_EQ(session.at("created_at"), "2026-01-31T09:00:00.000Z");
  EXPECT_EQ(session.at("device_id"), "tablet");

  auto mixed = sync("bobs", {first});
  mixed["sessions"].push_back(sync("trip", {first})["sessions"][0]);
  EXPECT_EQ(stranger->code_of("sessions", mixed), "not_found");
  EXPECT_EQ(stranger->result_of("sessions", {{"op", "list"}}).at("total"), 0) << "all of it or nothing";
  auto future = sync("later", {message("m", "x", "09:00:01")});
  future["sessions"][0]["messages"][0]["created_at"] = "2999-01-01T00:00:00Z";
  const auto refused = tablet->ask("sessions", future).at("error");
  EXPECT_EQ(refused.at("code"), "bad_request");
  EXPECT_EQ(refused.at("details").at("path"), "/sessions/0/messages/0/created_at");
}

TEST(Sessions, PagesGoBackFromTheNewest) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  const auto id = tablet->result_of("sessions", {{"op", "create"}, {"title", "T"}}).at("session_id").get<std::string>();
  for (int i = 0; i < 7; ++i) {
    tablet->result_of("sessions", {{"op", "append"},
                                   {"session_id", id},
                                   {"role", "user"},
                                   {"content", "c"},
                                   {"message_id", "m" + std::to_string(i)}});
  }
  const auto ids = [&](json request) {
    request.update({{"op", "messages"}, {"session_id", id}, {"limit", 3}});
    std::string all;
    const auto result = tablet->result_of("sessions", request);
    for (const auto& message : result.at("messages")) all += message.at("message_id").get<std::string>();
    return all;
  };
  EXPECT_EQ(ids(json::object()), "m4m5m6");
  EXPECT_EQ(ids({{"before", "m4"}}), "m1m2m3");
  EXPECT_EQ(ids({{"before", "m1"}}), "m0");
}

}  // namespace
}  // namespace strawberry::test

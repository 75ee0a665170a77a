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

#include "bridge/sessions/session_sync.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class SessionSync : public testing::Test {
 protected:
  Reply<std::vector<SessionUpload>> read(json sessions) {
    Request request;
    request.sender = {PrincipalType::device, "tablet", "alice"};
    request.acting_user = "alice";
    request.body = {{"op", "sync"}, {"sessions", std::move(sessions)}};
    return read_uploads(request, now_);
  }
  static json message(const std::string& id, const std::string& role, const std::string& content,
                      const std::string& created_at) {
    return {{"id", id}, {"role", role}, {"content", content}, {"created_at", created_at}};
  }
  static json session(const std::string& created_at, json messages = json::array()) {
    return {{"id", "s"}, {"created_at", created_at}, {"messages", std::move(messages)}};
  }
  static std::string text(std::int64_t ms) { return format_rfc3339(from_unix_ms(ms)); }

  const WallTime now_ = *parse_rfc3339("2026-01-31T12:00:00Z");
};

TEST_F(SessionSync, ReadsWhatTheSpokeKept) {
  const auto uploads =
      read({session("2026-01-31T10:00:00+01:00", {message("b", "assistant", "Yes.", "2026-01-31T09:30:00.5Z"),
                                                  message("a", "user", "Rain?", "2026-01-31T09:10:00Z")})});
  ASSERT_TRUE(uploads) << uploads.error().message;
  const auto& [row, messages] = uploads->at(0);
  EXPECT_EQ(row.session_id, "s");
  EXPECT_EQ(row.user_id, "alice");
  EXPECT_EQ(row.device_id, "tablet");
  EXPECT_EQ(row.title, "Rain?");
  EXPECT_EQ(text(row.created_at_ms), "2026-01-31T09:00:00.000Z");
  EXPECT_EQ(text(row.last_activity_ms), "2026-01-31T09:30:00.500Z");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].role, "assistant");
  EXPECT_EQ(messages[0].content, "Yes.");
}

TEST_F(SessionSync, TheTitleIsTheEarliestUserMessageUnlessOneIsGiven) {
  auto kept = session("2026-01-31T09:00:00Z", {message("c", "user", "later", "2026-01-31T09:02:00Z"),
                                               message("a", "assistant", "Hello.", "2026-01-31T09:00:00Z"),
                                               message("b", "user", std::string(81, 'x'), "2026-01-31T09:01:00Z")});
  EXPECT_EQ(read({kept})->at(0).session.title, std::string(80, 'x'));
  kept["title"] = "Garden";
  EXPECT_EQ(read({kept})->at(0).session.title, "Garden");
  EXPECT_EQ(read({session("2026-01-31T09:00:00Z")})->at(0).session.title, "");
}

TEST_F(SessionSync, AClockThatIsAheadMakesNoActivityInTheFuture) {
  const auto uploads = read({session("2026-02-01T11:00:00Z", {message("a", "user", "x", "2026-02-01T12:00:00Z")})});
  ASSERT_TRUE(uploads) << uploads.error().message;
  EXPECT_EQ(text(uploads->at(0).session.last_activity_ms), format_rfc3339(now_));
  EXPECT_EQ(text(uploads->at(0).messages.at(0).created_at_ms), "2026-02-01T12:00:00.000Z") << "order is kept";
}

TEST_F(SessionSync, TimesThatCannotBeAreRefusedAtTheirPlace) {
  const auto path = [&](const std::string& of_session, const std::string& of_message) {
    const auto uploads =
        read({session("2026-01-31T09:00:00Z"), session(of_session, {message("a", "user", "x", "2026-01-31T09:00:00Z"),
                                                                    message("b", "user", "x", of_message)})});
    if (uploads) return std::string("accepted");
    EXPECT_EQ(uploads.error().code, ErrorCode::bad_request);
    return uploads.error().details.at("path").get<std::string>();
  };
  const std::string good = "2026-01-31T09:00:00Z";
  EXPECT_EQ(path(good, good), "accepted");
  for (const auto* bad : {"yesterday, at about noon", "1999-12-31T23:59:59.999Z", "2026-02-01T12:00:00.001Z",
                          "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"}) {
    EXPECT_EQ(path(bad, good), "/sessions/1/created_at") << bad;
    EXPECT_EQ(path(good, bad), "/sessions/1/messages/1/created_at") << bad;
  }
  EXPECT_EQ(path("2000-01-01T00:00:00Z", "2026-02-01T12:00:00Z"), "accepted") << "the limits themselves";
}

TEST_F(SessionSync, TheAnswerIsInTheOrderOfTheRequest) {
  const json body = {{"sessions", {{{"id", "b"}}, {{"id", "a"}}}}};
  EXPECT_EQ(sync_result(body, {{2, 1}, {0, 3}}),
            json::parse(R"({"sessions":[{"session_id":"b","added":2,"already_there":1},
                                        {"session_id":"a","added":0,"already_there":3}]})"));
}

}  // namespace
}  // namespace strawberry::bridge

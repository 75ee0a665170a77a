#include "bridge/pipeline/operation.h"

#include <gtest/gtest.h>

#include "bridge/pipeline/service.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

// A row cannot leave out who may ask.
static_assert(!std::is_default_constructible_v<WhoMay>);
static_assert(!std::is_constructible_v<Operation, std::string_view, ActsFor, Operation::Handler>);
static_assert(!std::is_constructible_v<Operation, std::string_view, std::nullptr_t, ActsFor, Operation::Handler>);

Task<Reply<json>> nothing(RequestHandler&, Request) { co_return nullptr; }

const Principal device{PrincipalType::device, "lamp", "alice"};
const Principal user{PrincipalType::user, "alice", "alice"};
const Principal admin{PrincipalType::admin, "admin", ""};

constexpr Operation rows[] = {
    {"own", {PrincipalType::device, PrincipalType::admin}, ActsFor::own_user, nothing},
    {"user", {PrincipalType::device, PrincipalType::admin}, ActsFor::user, nothing},
    {"all", {PrincipalType::device, PrincipalType::admin}, ActsFor::user_or_all, nothing},
};
constexpr OperationTable table{Service::skills, rows, [](PrincipalType) -> std::string_view { return "not for you"; }};

/// The acting user in brackets, or the error's code and place.
std::string permitted(const char* op, const Principal& principal, const json& body) {
  const auto acting_user = permit(table, *table.find(op), principal, body);
  if (acting_user) return "(" + *acting_user + ")";
  const auto& details = acting_user.error().details;
  return std::string(to_string(acting_user.error().code)) + (details.is_object() ? " " + details.dump() : "");
}

TEST(OperationTable, FindsARowByItsWholeName) {
  EXPECT_EQ(table.find("own"), &rows[0]);
  EXPECT_EQ(table.find("ow"), nullptr);
  EXPECT_EQ(table.find(""), nullptr);
}

TEST(Permit, WhoIsNotInTheRowIsToldWhy) {
  const auto refused = permit(table, rows[0], user, json::object());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_EQ(refused.error().message, "not for you");
}

TEST(Permit, EverybodyButAnAdminActsForTheirOwnUserAlone) {
  for (const char* op : {"own", "user", "all"}) {
    EXPECT_EQ(permitted(op, device, json::object()), "(alice)") << op;
    EXPECT_EQ(permitted(op, device, {{"user_id", "alice"}}), "(alice)") << op;
    EXPECT_EQ(permitted(op, device, {{"user_id", "bob"}}), R"(forbidden {"path":"/user_id"})") << op;
    EXPECT_EQ(permitted(op, device, {{"user_id", nullptr}}), R"(forbidden {"path":"/user_id"})") << op;
  }
}

TEST(Permit, AnAdminActsForTheUserThatItNames) {
  EXPECT_EQ(permitted("user", admin, {{"user_id", "bob"}}), "(bob)");
  EXPECT_EQ(permitted("all", admin, {{"user_id", "bob"}}), "(bob)");
  EXPECT_EQ(permitted("user", admin, json::object()), R"(bad_request {"path":"/user_id"})");
  EXPECT_EQ(permitted("user", admin, {{"user_id", 7}}), R"(bad_request {"path":"/user_id"})");
}

TEST(Permit, AnAdminThatNamesNobodyActsForAllOnlyWhereTheRowSaysSo) {
  EXPECT_EQ(permitted("all", admin, json::object()), "()");
  EXPECT_EQ(permitted("own", admin, json::object()), "()") << "an admin has no user";
  EXPECT_EQ(permitted("own", admin, {{"user_id", "bob"}}), "()") << "nor gets one where the row has none for it";
}

}  // namespace
}  // namespace strawberry::bridge

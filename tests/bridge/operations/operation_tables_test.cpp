// The tables of the services against the schemas that are built in, and docs/permissions.md, which shows them to
// people.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <sstream>

#include "bridge/chat/chat_service.h"
#include "bridge/devices/device_service.h"
#include "bridge/devices/program_tokens.h"
#include "bridge/sessions/session_service.h"
#include "bridge/skills/skill_service.h"
#include "bridge/usage/usage_service.h"
#include "bridge/users/audit_service.h"
#include "bridge/users/backup_service.h"
#include "bridge/users/quota_service.h"
#include "bridge/users/token_service.h"
#include "bridge/users/user_service.h"
#include "common/contract/schemas/embedded_schemas.h"
#include "tests/support/permissions_doc.h"

namespace strawberry::test {

using namespace bridge;

namespace {

constexpr std::array principal_types_all = {PrincipalType::device, PrincipalType::user,   PrincipalType::admin,
                                            PrincipalType::bridge, PrincipalType::enroll, PrincipalType::grant,
                                            PrincipalType::gateway};

std::vector<const OperationTable*> tables() {
  return {&SkillService::operations(),   &DeviceService::operations(), &ProgramTokens::operations(),
          &UserService::operations(),    &TokenService::operations(),  &QuotaService::operations(),
          &AuditService::operations(),   &ExportService::operations(), &BackupService::operations(),
          &SessionService::operations(), &ChatService::operations(),   &UsageService::operations()};
}

TEST(Operations, AreThoseWhoseSchemasAreBuiltIn) {
  std::multiset<std::string> in_tables;
  for (const OperationTable* table : tables()) {
    for (const Operation& operation : table->operations)
      in_tables.insert(std::string(to_string(table->service)) + "/" + std::string(operation.op));
  }
  std::multiset<std::string> in_schemas;
  for (const EmbeddedSchema& schema : embedded_schemas()) in_schemas.emplace(schema.name);
  EXPECT_EQ(in_tables, in_schemas);
}

TEST(Operations, OfTheTableSayWhyNotToEveryPrincipal) {
  for (const OperationTable* table : tables()) {
    for (const PrincipalType type : principal_types_all) EXPECT_NE(table->refusal(type), "") << to_string(type);
  }
}

// --- docs/permissions.md ---

std::string cell(const Operation& operation, PrincipalType type) {
  if (!operation.who_may.includes(type)) return "";
  if (type != PrincipalType::admin) return " own";
  switch (operation.acts_for) {
    case ActsFor::own_user: return " none";
    case ActsFor::user: return " named";
    case ActsFor::user_or_all: return " any";
  }
  return "";
}

constexpr std::string_view explanation = R"(## Operations

Who may ask the bridge for what, from the tables of its services: written by `operation_tables_test`, and compared with them in
every test run. After a change, run `STRAWBERRY_WRITE_PERMISSIONS=1 operation_tables_test` and review the difference.

An empty cell: `forbidden`. `own`: for one's own user, and no other may be named. `named`: for the user that `user_id` names,
without which it is `bad_request`. `any`: the same, and without `user_id` for all users. `none`: for no user.
`chat`: it takes one of the user's chats a minute, and needs some of the user's tokens of the day.

`scope`: what a token needs that is limited to scopes; `all`: a token that is not limited; empty: any.

A user who is an `admin` may ask for what an admin may, with a token that is not limited, and acts for itself unless `user_id` names
another. A `guest` has at most the scopes `skills:read`, `skills:call`, `chat`, `sessions`, `devices:read`, `telemetry:read`, `events:read`,
`users` and `mcp`, sees the devices and skills of its host, and neither sees nor calls those marked `confirm`.

A token of a program that a user has allowed is a user's, but of `devices` it has `me`, `list`, `get` and `end_program` alone.

)";

std::string write_operations() {
  std::ostringstream text;
  text << explanation << "| operation |";
  for (const PrincipalType type : principal_types_all) text << " " << to_string(type) << " |";
  text << " scope | counts as |\n|---|---|";
  for (std::size_t i = 0; i < principal_types_all.size(); ++i) text << "---|";
  text << "---|\n";
  for (const OperationTable* table : tables()) {
    for (const Operation& operation : table->operations) {
      text << "| `" << to_string(table->service) << "." << operation.op << "` |";
      for (const PrincipalType type : principal_types_all) text << cell(operation, type) << " |";
      text << " " << operation.needs.text() << " |";
      text << (operation.counts_as == CountsAs::chat ? " chat |\n" : " |\n");
    }
  }
  return text.str();
}

TEST(Operations, AreShownInTheDocumentation) {
  const std::string now = write_operations();
  EXPECT_EQ(PermissionsDoc::part(PermissionsDoc::Part::operations, now), now)
      << "Who may ask for what has changed. If that is meant, run this test with STRAWBERRY_WRITE_PERMISSIONS=1 and "
         "review the difference.";
}

}  // namespace
}  // namespace strawberry::test

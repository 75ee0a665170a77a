#include "common/contract/audit.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using nlohmann::json;
const WallTime now = from_unix_ms(1'767'225'600'123);

TEST(Audit, IsOneLineOfJsonWithWhatIsKnownAndNoMore) {
  EXPECT_EQ(
      write_audit({"alice", "devices.register", "s1"}, now),
      R"({"ts":"2026-01-01T00:00:00.123Z","actor":"alice","action":"devices.register","subject":"s1","outcome":"ok"})");
  AuditLine refusal{"", "broker.connect", "", "forbidden", "bad_signature", "lamp", "192.0.2.1", 7};
  EXPECT_EQ(json::parse(write_audit(refusal, now)),
            json::parse(R"({"ts":"2026-01-01T00:00:00.123Z","actor":"","action":"broker.connect","subject":"",
                "outcome":"forbidden","reason":"bad_signature","client_id":"lamp","address":"192.0.2.1","left_out":7})"));
}

TEST(Audit, DisarmsAndCutsText) {
  EXPECT_EQ(audit_text("skills/a\n\x1b[31m/\xff"), "skills/a\\x0a\\x1b[31m/\\xff");
  EXPECT_EQ(audit_text(std::string(256, 'x')), std::string(256, 'x'));
  EXPECT_EQ(audit_text(std::string(257, 'x')), std::string(256, 'x') + "...");
}

TEST(Audit, HidesWhatLooksLikeAToken) {
  EXPECT_EQ(audit_text("skills/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln_-/request"), "skills/<hidden>/request");
  EXPECT_EQ(audit_text("xeyJhbGciOiJIUzI1NiJ9.a.b"), "x<hidden>") << "wherever it begins";
  EXPECT_EQ(audit_text("eyJust a word"), "eyJust a word");
}

TEST(Audit, ABudgetIsForEachSecondAndCountsWhatIsLeftOut) {
  test::FakeClock clock;
  LineBudget budget(clock, 2);
  EXPECT_TRUE(budget.take());
  EXPECT_TRUE(budget.take());
  EXPECT_FALSE(budget.take());
  budget.leave_one_out();
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_FALSE(budget.take());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(budget.take());
  EXPECT_EQ(budget.take_left_out(), 3u);
  EXPECT_EQ(budget.take_left_out(), 0u);
}

}  // namespace
}  // namespace strawberry

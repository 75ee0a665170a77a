#include "bridge/usage/stored_usage_ledger.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "tests/bridge/chat/chat_fakes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const Principal tablet{PrincipalType::device, "tablet", "alice"};
const Principal phone{PrincipalType::device, "phone", "alice"};
const Principal stranger{PrincipalType::device, "lamp", "bob"};

ModelReply answer(std::int64_t prompt, std::int64_t completion, bool estimated = false) {
  ModelReply reply;
  reply.provider = "openai";
  reply.model = "gpt";
  reply.usage = {prompt, completion, estimated};
  return reply;
}

class StoredUsageLedgerTest : public testing::Test {
 protected:
  StoredUsageLedgerTest() { start({}); }

  /// As after a stop of the bridge: what is not in the database is gone.
  void start(StoredUsageLedger::Options options) {
    ledger_.reset();
    store_.reset();
    store_ = std::move(*SqliteStorage::open(loop_, directory_.file("hub.db"), {}));
    ledger_ = std::make_unique<StoredUsageLedger>(clock_, store_->usage(), events_, options);
    ASSERT_TRUE(run(ledger_->load()));
  }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  json report(const Principal& sender, int days = 30) { return run(ledger_->report(sender.user_id, days)).value(); }
  /// `day device requests prompt+completion` of each row; `~` marks estimated ones.
  static std::string rows(const json& report) {
    std::string all;
    for (const auto& row : report.at("days")) {
      all += row.at("day").get<std::string>() + " " + row.at("device_id").get<std::string>() + " " +
             row.at("requests").dump() + " " + row.at("prompt_tokens").dump() + "+" +
             row.at("completion_tokens").dump() + (row.at("estimated").get<bool>() ? "~; " : "; ");
    }
    return all;
  }

  test::TempDir directory_;
  test::FakeClock clock_;
  asio::io_context loop_;
  Events events_{clock_};
  std::unique_ptr<SqliteStorage> store_;
  std::unique_ptr<StoredUsageLedger> ledger_;
};

TEST_F(StoredUsageLedgerTest, WhatIsOnItsWayToTheStoreIsInAReport) {
  SQLite::Database hold(directory_.file("hub.db"), SQLite::OPEN_READWRITE, 5'000);
  hold.exec("BEGIN IMMEDIATE");  // until it is let go, all waits
  ledger_->record(tablet, answer(10, 1));
  // More of the hub's own work before it, of which a user who takes turns with the hub sees the first only.
  for (int i = 0; i < 3; ++i) asio::co_spawn(loop_, store_->announcements().announced_ids(), asio::detached);
  asio::co_spawn(loop_, ledger_->flush(), asio::detached);
  std::optional<json> told;
  asio::co_spawn(loop_, ledger_->report("alice", 30),
                 [&](std::exception_ptr, Reply<json> report) { told = report.value(); });
  loop_.restart();
  loop_.poll();
  hold.exec("ROLLBACK");
  while (!told && loop_.run_one_for(10s) > 0) {
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(told->at("totals").at("requests"), 1);
}

TEST_F(StoredUsageLedgerTest, CountsByDayDeviceProviderAndModelTheNewestDayFirst) {
  ledger_->record(tablet, answer(10, 1));
  ledger_->record(tablet, answer(20, 2));
  ledger_->record(phone, answer(5, 5));
  ledger_->record(stranger, answer(1'000, 1'000));
  clock_.advance(24h);
  ledger_->record(tablet, answer(7, 0));
  auto other = answer(1, 1);
  other.provider = "ollama";
  other.model = "llama";
  ledger_->record(phone, other);
  const auto told = report(tablet);
  EXPECT_EQ(rows(told),
            "2026-01-02 phone 1 1+1; 2026-01-02 tablet 1 7+0; 2026-01-01 phone 1 5+5; 2026-01-01 tablet 2 30+3; ");
  EXPECT_EQ(told.at("days")[0].at("provider"), "ollama");
  EXPECT_EQ(told.at("days")[0].at("model"), "llama");
  EXPECT_EQ(told.at("days")[3].at("total_tokens"), 33);
  EXPECT_EQ(told.at("totals"), json::parse(R"({"requests":5,"prompt_tokens":43,"completion_tokens":9,
                                                "total_tokens":52,"estimated_tokens":0})"));
  EXPECT_EQ(told.at("truncated"), false);
  EXPECT_EQ(rows(report(tablet, 1)), "2026-01-02 phone 1 1+1; 2026-01-02 tablet 1 7+0; ") << "today is the first day";
  EXPECT_EQ(report(stranger).at("totals").at("total_tokens"), 2'000);
}

TEST_F(StoredUsageLedgerTest, WhatWasEstimatedIsInARowOfItsOwn) {
  ledger_->record(tablet, answer(10, 1));
  ledger_->record(tablet, answer(20, 2, true));
  const auto told = report(tablet);
  EXPECT_EQ(rows(told), "2026-01-01 tablet 1 10+1; 2026-01-01 tablet 1 20+2~; ");
  EXPECT_EQ(told.at("totals").at("estimated_tokens"), 22);
  EXPECT_EQ(told.at("totals").at("total_tokens"), 33);
}

TEST_F(StoredUsageLedgerTest, WhatWasFlushedOutlivesTheProcessAndIsAddedTo) {
  for (int i = 0; i < 3; ++i) {
    ledger_->record(tablet, answer(10, 1));
    EXPECT_EQ(ledger_->rows_pending(), 1U);
    ASSERT_TRUE(run(ledger_->flush()));
    EXPECT_EQ(ledger_->rows_pending(), 0U);
  }
  start({});
  ledger_->record(tablet, answer(10, 1));
  EXPECT_EQ(rows(report(tablet)), "2026-01-01 tablet 4 40+4; ");
}

TEST_F(StoredUsageLedgerTest, ARestartDoesNotForgetWhatWasUsedToday) {
  StoredUsageLedger::Options options;
  options.limits.tokens_per_day_max = 100;
  start(options);
  ledger_->record(tablet, answer(60, 39));
  EXPECT_FALSE(ledger_->take("alice"));
  ledger_->record(phone, answer(1, 0, true));
  EXPECT_EQ(ledger_->take("alice")->code, ErrorCode::quota_exceeded) << "all of a user's devices, estimated or not";
  ASSERT_TRUE(run(ledger_->flush()));
  start(options);
  EXPECT_EQ(ledger_->take("alice")->code, ErrorCode::quota_exceeded);
  EXPECT_FALSE(ledger_->take("bob"));
  clock_.advance(24h);
  start(options);
  EXPECT_FALSE(ledger_->take("alice")) << "that was yesterday";
}

TEST_F(StoredUsageLedgerTest, DaysAreForgottenAfterFourHundred) {
  ledger_->record(tablet, answer(1, 0));
  ASSERT_TRUE(run(ledger_->flush()));
  clock_.advance(24h * 400);
  ledger_->record(tablet, answer(2, 0));
  ASSERT_TRUE(run(ledger_->flush()));
  EXPECT_EQ(report(tablet, 1'000).at("totals").at("requests"), 2);
  clock_.advance(24h);
  ledger_->record(tablet, answer(4, 0));
  EXPECT_EQ(report(tablet, 1'000).at("totals").at("prompt_tokens"), 6);
}

TEST_F(StoredUsageLedgerTest, WhatAProviderSaysIsKeptWithinBounds) {
  auto absurd = answer(-5, std::numeric_limits<std::int64_t>::max());
  absurd.model = "evil\n" + std::string(10'000, 'x');
  for (int i = 0; i < 3; ++i) ledger_->record(tablet, absurd);
  const auto row = report(tablet).at("days").at(0);
  EXPECT_EQ(row.at("prompt_tokens"), 0);
  EXPECT_EQ(row.at("completion_tokens"), 3 * StoredUsageLedger::tokens_per_reply_max);
  EXPECT_LE(row.at("model").get<std::string>().size(), 110U);
  EXPECT_EQ(row.at("model").get<std::string>().find('\n'), std::string::npos);
}

TEST_F(StoredUsageLedgerTest, AReportIsBoundedAndSaysSo) {
  for (int day = 0; day < 3; ++day) {
    for (int i = 0; i < 400; ++i) {
      auto reply = answer(1, 0);
      reply.model = std::to_string(i) + std::string(200, '\x01');
      ledger_->record({PrincipalType::device, std::string(64, 'd'), "alice"}, reply);
    }
    ASSERT_TRUE(run(ledger_->flush()));
    clock_.advance(24h);
  }
  const auto told = report(tablet);
  EXPECT_EQ(told.at("days").size(), StoredUsageLedger::report_rows_max);
  EXPECT_EQ(told.at("truncated"), true);
  EXPECT_LT(told.dump().size(), 1'000'000U) << "an answer of more than 1 MiB would not be given";
  EXPECT_EQ(told.at("totals").at("requests"), 1'200) << "of everything";
}

TEST(UsageLedgerAndAFailingStore, KeepsWhatCouldNotBeWrittenAndAddsItOnce) {
  test::FakeClock clock;
  test::FakeSessions store;
  asio::io_context loop;
  Events events(clock);
  StoredUsageLedger ledger(clock, store, events, {});
  ledger.record(tablet, answer(10, 1));
  store.failing = true;
  EXPECT_FALSE(test::run_task(loop, ledger.flush()));
  EXPECT_FALSE(test::run_task(loop, ledger.report("alice", 1))) << "better nothing than too little";
  ledger.record(tablet, answer(10, 1));
  store.failing = false;
  ASSERT_TRUE(test::run_task(loop, ledger.flush()));
  ASSERT_TRUE(test::run_task(loop, ledger.flush()));
  ASSERT_EQ(store.usage.size(), 1U);
  EXPECT_EQ(store.usage[0].count, (UsageCount{2, 20, 2}));
}

TEST(UsageLedgerAndAFailingStore, WaitsWithNoMoreThanItsBound) {
  test::FakeClock clock;
  test::FakeSessions store;
  asio::io_context loop;
  StoredUsageLedger::Options options;
  options.rows_pending_max = 2;
  options.limits.tokens_per_day_max = 100;
  Events events(clock);
  StoredUsageLedger ledger(clock, store, events, options);
  const auto used = [&](const std::string& model) {
    auto reply = answer(25, 0);
    reply.model = model;
    ledger.record(tablet, reply);
  };
  for (const auto* model : {"a", "b", "c", "a"}) used(model);
  EXPECT_EQ(ledger.rows_pending(), 2U);
  EXPECT_TRUE(ledger.take("alice")) << "towards the day's tokens it counts all the same";
  ASSERT_TRUE(test::run_task(loop, ledger.flush()));
  ASSERT_EQ(store.usage.size(), 2U);
  EXPECT_EQ(store.usage[0].count.requests, 2);
}

TEST_F(StoredUsageLedgerTest, WhatWasUsedTodayIsKnownAfterARestartAndWhoeverListensHearsOfIt) {
  std::string heard;
  const auto subscription =
      events_.listen<UsageChanged>("test", [&](const UsageChanged& changed) { heard += changed.user_id + " "; });
  ASSERT_FALSE(ledger_->take("alice"));
  ASSERT_FALSE(ledger_->take("alice"));
  ledger_->record(tablet, answer(3, 4));
  EXPECT_EQ(heard, "alice alice alice ");
  ASSERT_TRUE(run(ledger_->flush()));
  start({});
  EXPECT_EQ(ledger_->used_today("alice").chats, 2);
  EXPECT_EQ(ledger_->used_today("alice").tokens, 7);
  EXPECT_EQ(ledger_->used_today("bob").chats, 0);
}

TEST_F(StoredUsageLedgerTest, AChatThatIsGivenBackIsNotCountedWhetherItWasWrittenOrNot) {
  ASSERT_FALSE(ledger_->take("alice"));
  ASSERT_FALSE(ledger_->take("alice"));
  ledger_->give_back("alice");
  ASSERT_TRUE(run(ledger_->flush()));
  ASSERT_FALSE(ledger_->take("bob"));
  ASSERT_TRUE(run(ledger_->flush()));
  ledger_->give_back("bob");
  ASSERT_TRUE(run(ledger_->flush()));
  start({});
  EXPECT_EQ(ledger_->used_today("alice").chats, 1);
  EXPECT_EQ(ledger_->used_today("bob").chats, 0);
}

}  // namespace
}  // namespace strawberry::bridge

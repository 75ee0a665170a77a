#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "common/runtime/asio.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "common/text/clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class SqliteStorageTest : public testing::Test {
 protected:
  SqliteStorageTest() { open({}); }

  void open(SqliteStorage::Options options) {
    store_.reset();
    auto opened = SqliteStorage::open(loop_, directory_.file("hub.db"), std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  struct DeviceWithSkills {
    DeviceRow device;
    std::vector<SkillRow> skills;
  };
  Result<std::vector<DeviceWithSkills>> load() {
    std::vector<DeviceWithSkills> all;
    auto loaded = store_->load_devices([&](DeviceRow row, std::vector<SkillRow> skills) {
      all.push_back({std::move(row), std::move(skills)});
    });
    if (!loaded) return tl::unexpected(loaded.error());
    return all;
  }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  static DeviceRow device(const std::string& id, const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = id;
    row.created_at_ms = 1'000;
    return row;
  }
  static SkillRow skill(const std::string& function_name) {
    return {"C", function_name, function_name + "()", "doc", true, false};
  }
  static SessionRow session(const std::string& id) {
    SessionRow row;
    row.session_id = id;
    row.user_id = "alice";
    row.device_id = "d";
    row.created_at_ms = row.last_activity_ms = 5'000;
    return row;
  }

  test::TempDir directory_;
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_;
};

TEST_F(SqliteStorageTest, WhatWasWrittenIsThereAfterReopening) {
  ASSERT_TRUE(run(store_->devices().add_device(device("b"))));
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("e")}, 7'000)));
  ASSERT_TRUE(run(store_->devices().set_last_seen("alice", "a", 8'000)));
  open({});
  const auto known = load();
  ASSERT_TRUE(known);
  ASSERT_EQ(known->size(), 2U);
  const auto& [a, skills] = known->at(0);
  EXPECT_EQ(a.device_id, "a");
  EXPECT_EQ(a.last_seen_ms, 8'000);
  EXPECT_EQ(a.skills_heartbeat_at_ms, 7'000);
  ASSERT_EQ(skills.size(), 2U);
  EXPECT_EQ(skills[0].function_name, "f") << "as the device listed them";
  EXPECT_TRUE(skills[0].device_agnostic);
  EXPECT_TRUE(known->at(1).skills.empty());
}

TEST_F(SqliteStorageTest, ARegistrationReplacesWhatDiffersAndNothingElseIsWritten) {
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  ASSERT_TRUE(run(store_->devices().add_device(device("b"))));
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("g"), skill("h")}, 1)));
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "b", {skill("f")}, 1)));
  SQLite::Database look(directory_.file("hub.db"), SQLite::OPEN_READWRITE, 5'000);
  look.exec("CREATE TABLE written (position INTEGER)");
  for (const char* change : {"INSERT", "UPDATE"}) {
    look.exec(std::string("CREATE TRIGGER watch_") + change + " AFTER " + change +
              " ON skills BEGIN INSERT INTO written VALUES (new.position); END");
  }
  const auto written = [&] {
    auto positions = look.execAndGet("SELECT coalesce(group_concat(position), '') FROM written").getString();
    look.exec("DELETE FROM written");
    return positions;
  };
  const auto functions = [&] {
    std::string names;
    const auto known = load();
    for (const auto& row : known->at(0).skills) names += row.function_name + (row.confirm ? "! " : " ");
    return names;
  };

  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("g"), skill("h")}, 2)));
  EXPECT_EQ(written(), "");
  EXPECT_EQ(load()->at(0).device.skills_heartbeat_at_ms, 2);
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("x"), skill("h"), skill("i")}, 3)));
  EXPECT_EQ(written(), "1,3");
  EXPECT_EQ(functions(), "f x h i ");
  auto asks = skill("x");
  asks.confirm = true;
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), asks}, 4)));
  EXPECT_EQ(written(), "1");
  EXPECT_EQ(functions(), "f x! ");
  asks.input_schema = R"({"type":"object"})";
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), asks}, 4)));
  EXPECT_EQ(written(), "1");
  EXPECT_EQ(load()->at(0).skills.at(1).input_schema, asks.input_schema);
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {}, 5)));
  EXPECT_EQ(functions(), "");
  EXPECT_EQ(load()->at(1).skills.size(), 1U);
}

TEST_F(SqliteStorageTest, ChangingADeviceKeepsItsSkills) {
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f")}, 7'000)));
  DeviceChange rename;
  rename.name = rename.normalized_name = "other";
  ASSERT_TRUE(run(store_->devices().change_device("alice", "a", rename)));
  const auto known = load();
  EXPECT_EQ(known->at(0).device.name, "other");
  EXPECT_EQ(known->at(0).skills.size(), 1U);
  EXPECT_EQ(known->at(0).device.skills_heartbeat_at_ms, 7'000);
}

TEST_F(SqliteStorageTest, WhatIsSaidOfADeviceIsKeptAndOnlyWhatIsGivenChanges) {
  auto lamp = device("a");
  lamp.about.room = "Küche";
  ASSERT_TRUE(run(store_->devices().add_device(lamp)));
  DeviceChange change;
  change.aliases = {"Big Light", "\"quoted\""};
  change.capabilities = {"light:v1.0"};
  change.metadata = R"({"bought":2025})";
  ASSERT_TRUE(run(store_->devices().change_device("alice", "a", change)));
  const DeviceAbout about{"Küche", {"Big Light", "\"quoted\""}, {"light:v1.0"}, R"({"bought":2025})"};
  EXPECT_EQ(load()->at(0).device.about, about);
  DeviceChange moved;
  moved.room = "";
  ASSERT_TRUE(run(store_->devices().change_device("alice", "a", moved)));
  EXPECT_EQ(load()->at(0).device.about.room, "");
  EXPECT_EQ(load()->at(0).device.about.aliases, about.aliases);
}

TEST_F(SqliteStorageTest, RenamingRevivesNeitherARevokedNorADeletedDevice) {
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  DeviceChange revocation;
  revocation.is_active = false;
  revocation.tokens_valid_from_ms = 9'000;
  ASSERT_TRUE(run(store_->devices().change_device("alice", "a", revocation)));
  DeviceChange rename;
  rename.name = rename.normalized_name = "other";
  ASSERT_TRUE(run(store_->devices().change_device("alice", "a", rename)));
  const auto known = load();
  EXPECT_FALSE(known->at(0).device.is_active);
  EXPECT_EQ(known->at(0).device.tokens_valid_from_ms, 9'000);
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 9'000)));
  EXPECT_EQ(run(store_->devices().change_device("alice", "a", rename)).error().code, ErrorCode::not_found);
  EXPECT_TRUE(load()->empty());
}

TEST_F(SqliteStorageTest, AOneTimeTokenIsSpentOnceAndWithItsDevice) {
  ASSERT_TRUE(run(store_->devices().enroll_device(device("a"), "token", 1)));
  const auto again = run(store_->devices().enroll_device(device("b"), "token", 2));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::forbidden);
  EXPECT_EQ(load()->size(), 1U);
}

TEST_F(SqliteStorageTest, AJobThatFailsDoesNotTakeTheOthersWithIt) {
  // All three wait for one commit; the middle one breaks a constraint (two devices of one name).
  auto clash = device("b");
  clash.normalized_name = "a";
  std::vector<std::string> outcomes(3);
  const auto note = [&](std::size_t i) {
    return [&outcomes, i](std::exception_ptr, Reply<std::int64_t> reply) {
      outcomes[i] = reply ? "ok" : std::string(to_string(reply.error().code));
    };
  };
  asio::co_spawn(loop_, store_->devices().add_device(device("a")), note(0));
  asio::co_spawn(loop_, store_->devices().add_device(clash), note(1));
  asio::co_spawn(loop_, store_->devices().add_device(device("c")), note(2));
  ASSERT_TRUE(run(store_->devices().set_last_seen("alice", "a", 1)));  // behind them in the queue
  EXPECT_EQ(outcomes, (std::vector<std::string>{"ok", "internal", "ok"}));
  EXPECT_EQ(load()->size(), 2U);
}

TEST_F(SqliteStorageTest, BeyondItsBoundItIsBusy) {
  open({.jobs_max = 0});
  const auto refused = run(store_->devices().add_device(device("a")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::busy);
}

TEST_F(SqliteStorageTest, ASessionThatIsAddedAgainStaysAsItIs) {
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "s", {{"m1", "user", "one", 6'000}})));
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  EXPECT_EQ((*run(store_->conversations().get_session("alice", "s")))->message_count, 1);
  auto others = session("s");
  others.user_id = "bob";
  EXPECT_FALSE(run(store_->conversations().add_session(others))) << "an id is one user's";
}

TEST_F(SqliteStorageTest, MessagesAreCountedOnceAndInOrder) {
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  ASSERT_TRUE(run(store_->conversations().append_messages(
      "alice", "s", {{"m1", "user", "one", 6'000}, {"m2", "assistant", "two", 6'000}})));
  const auto added = run(store_->conversations().append_messages(
      "alice", "s", {{"m2", "assistant", "again", 7'000}, {"m0", "user", "earlier", 5'500}}));
  EXPECT_EQ(*added, 1U);
  const auto messages = run(store_->conversations().get_messages("alice", "s", 10, ""));
  ASSERT_EQ(messages->size(), 3U);
  EXPECT_EQ(messages->at(0).message_id, "m0");
  EXPECT_EQ(messages->at(1).message_id, "m1") << "of the same millisecond: as they came";
  EXPECT_EQ(messages->at(2).content, "two");
  const auto stored = run(store_->conversations().get_session("alice", "s"));
  EXPECT_EQ((*stored)->message_count, 3);
  EXPECT_EQ((*stored)->last_activity_ms, 7'000);
  EXPECT_EQ(run(store_->conversations().append_messages("alice", "none", {{"m", "user", "x", 1}})).error().code,
            ErrorCode::not_found);
}

TEST_F(SqliteStorageTest, AMessageFromTheFutureIsNoActivityThere) {
  const auto now = [] { return to_unix_ms(SystemClock().wall_now()); };
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  const auto before = now();
  const auto ahead = before + 24 * 3'600'000;
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "s", {{"m1", "user", "tomorrow", ahead}})));
  const auto after = now();
  const auto last_activity = (*run(store_->conversations().get_session("alice", "s")))->last_activity_ms;
  EXPECT_GE(last_activity, before);
  EXPECT_LE(last_activity, after);
  EXPECT_EQ(run(store_->conversations().get_messages("alice", "s", 10, ""))->at(0).created_at_ms, ahead)
      << "the message keeps its time";
  ASSERT_TRUE(run(
      store_->conversations().append_messages("alice", "s", {{"m2", "user", "yesterday", before - 24 * 3'600'000}})));
  EXPECT_EQ((*run(store_->conversations().get_session("alice", "s")))->last_activity_ms, last_activity);
}

TEST_F(SqliteStorageTest, OneReadingOfMessagesIsBoundedInBytes) {
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  std::vector<MessageRow> rows;
  for (int i = 0; i < 5; ++i) rows.push_back({"m" + std::to_string(i), "user", std::string(200'000, 'x'), 6'000 + i});
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "s", rows)));
  const auto read = run(store_->conversations().get_messages("alice", "s", 10, ""));
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->back().message_id, "m4") << "the newest";
  EXPECT_EQ(run(store_->conversations().get_messages("alice", "s", 10, "m3"))->back().message_id, "m2")
      << "the rest is a page further back";
}

TEST_F(SqliteStorageTest, DeletingASessionTakesItsMessages) {
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "s", {{"m1", "user", "one", 6'000}})));
  ASSERT_TRUE(run(store_->conversations().delete_session("alice", "s")));
  SessionChange title;
  title.title = "back?";
  EXPECT_EQ(run(store_->conversations().change_session("alice", "s", title)).error().code, ErrorCode::not_found);
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  EXPECT_TRUE(run(store_->conversations().get_messages("alice", "s", 10, ""))->empty());
}

TEST_F(SqliteStorageTest, ADefaultTitleIsForASessionThatHasNone) {
  ASSERT_TRUE(run(store_->conversations().add_session(session("s"))));
  const auto title_after = [&](std::optional<std::string> title, std::optional<std::string> default_title) {
    SessionChange change;
    change.title = std::move(title);
    change.default_title = std::move(default_title);
    EXPECT_TRUE(run(store_->conversations().change_session("alice", "s", change)));
    return (*run(store_->conversations().get_session("alice", "s")))->title;
  };
  EXPECT_EQ(title_after(std::nullopt, std::nullopt), "");
  EXPECT_EQ(title_after(std::nullopt, ""), "");
  EXPECT_EQ(title_after(std::nullopt, "first words"), "first words");
  EXPECT_EQ(title_after(std::nullopt, "other words"), "first words");
  EXPECT_EQ(title_after("Mine", "other words"), "Mine");
  EXPECT_EQ(title_after("", std::nullopt), "");
}

TEST_F(SqliteStorageTest, SessionsAreListedByLastActivity) {
  for (const auto* id : {"a", "b", "c"}) ASSERT_TRUE(run(store_->conversations().add_session(session(id))));
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "b", {{"m", "user", "x", 9'000}})));
  const auto list = run(store_->conversations().list_sessions("alice", 0, 2));
  EXPECT_EQ(list->total, 3U);
  ASSERT_EQ(list->sessions.size(), 2U);
  EXPECT_EQ(list->sessions[0].session_id, "b");
  EXPECT_EQ(run(store_->conversations().list_sessions("alice", 6'000, 10))->total, 1U);
  EXPECT_EQ(run(store_->conversations().list_sessions("bob", 0, 10))->total, 0U);
}

}  // namespace
}  // namespace strawberry::bridge

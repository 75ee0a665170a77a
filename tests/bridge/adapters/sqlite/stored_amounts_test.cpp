/// What a user may have stored, on a real database: counted right whatever happens, and refused one beyond the limit.
#include "bridge/adapters/sqlite/stored_amounts.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/migrations.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "common/runtime/asio.h"
#include "tests/support/run_task.h"
#include "tests/support/seeds.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

/// What is there, added up.
constexpr const char* added_up =
    "SELECT (SELECT count(*) FROM sessions WHERE user_id = ?1) || ' ' ||"
    " (SELECT count(*) FROM messages m JOIN sessions s USING (session_id) WHERE s.user_id = ?1) || ' ' ||"
    " (SELECT 1024 * (SELECT count(*) FROM sessions WHERE user_id = ?1) +"
    " coalesce((SELECT sum(256 + length(CAST(content AS BLOB))) FROM messages m JOIN sessions s USING (session_id)"
    " WHERE s.user_id = ?1), 0))";
constexpr const char* counted =
    "SELECT coalesce((SELECT sessions || ' ' || messages || ' ' || bytes FROM user_storage WHERE user_id = ?1),"
    " '0 0 0')";

class StoredAmountsTest : public testing::Test {
 protected:
  void open(StorageLimits limits) {
    store_.reset();
    SqliteStorage::Options options;
    options.limits = limits;
    auto opened = SqliteStorage::open(loop_, directory_.file("hub.db"), options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  static SessionRow session(const std::string& id, const std::string& user = "alice") {
    SessionRow row;
    row.session_id = id;
    row.user_id = user;
    row.device_id = "d";
    row.created_at_ms = row.last_activity_ms = 5'000;
    return row;
  }
  static DeviceRow device(const std::string& id, const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = id;
    return row;
  }
  static MessageRow message(const std::string& id, std::size_t bytes = 1) {
    return {id, "user", std::string(bytes, 'x'), 6'000};
  }
  Reply<void> add(const std::string& id, const std::string& user = "alice") {
    return run(store_->conversations().add_session(session(id, user)));
  }
  Reply<std::size_t> append(const std::string& session_id, std::vector<MessageRow> messages) {
    return run(store_->conversations().append_messages("alice", session_id, std::move(messages)));
  }
  std::string ask(const char* sql, const std::string& user = "alice") {
    SQLite::Database look(directory_.file("hub.db"), SQLite::OPEN_READONLY, 5'000);
    SQLite::Statement row(look, sql);
    row.bind(1, user);
    row.executeStep();
    return row.getColumn(0).getString();
  }
  /// `ok`, or the limit, its value and what is used.
  template <class T>
  static std::string told(const Reply<T>& reply) {
    if (reply) return "ok";
    if (reply.error().code != ErrorCode::quota_exceeded) return std::string(to_string(reply.error().code));
    const nlohmann::json& details = reply.error().details;
    return details.at("limit").get<std::string>() + " " + details.at("max").dump() + " " + details.at("used").dump();
  }

  test::TempDir directory_;
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_;
};

TEST_F(StoredAmountsTest, BytesAreTakenUpToTheLimitAndNotOneMore) {
  open({.stored_bytes_per_user_max = 1'024 + 256 + 100});
  ASSERT_TRUE(add("s"));
  EXPECT_EQ(told(append("s", {message("m", 101)})), "stored_bytes_per_user_max 1380 1024");
  EXPECT_TRUE(run(store_->conversations().get_messages("alice", "s", 10, ""))->empty())
      << "what is refused leaves nothing";
  EXPECT_EQ(run(store_->conversations().get_session("alice", "s"))->value().message_count, 0);
  EXPECT_EQ(told(append("s", {message("m", 100)})), "ok");
  EXPECT_EQ(told(append("s", {message("n", 0)})), "stored_bytes_per_user_max 1380 1380") << "nothing is free";
  EXPECT_EQ(told(append("s", {message("m", 100)})), "ok") << "the same again stores nothing";
  EXPECT_EQ(told(add("t")), "stored_bytes_per_user_max 1380 1380");
  EXPECT_EQ(told(add("b", "bob")), "ok") << "each user has a limit of their own";
}

TEST_F(StoredAmountsTest, ContentCountsInBytesNotCharacters) {
  open({.stored_bytes_per_user_max = 1'024 + 256 + 3});
  ASSERT_TRUE(add("s"));
  EXPECT_NE(told(append("s", {{"m", "user", "ää", 1}})), "ok");
  EXPECT_EQ(told(append("s", {{"m", "user", "äx", 1}})), "ok");
  EXPECT_EQ(ask(counted), "1 1 1283");
}

TEST_F(StoredAmountsTest, DeletingMakesRoom) {
  open({.stored_bytes_per_user_max = 2 * (1'024 + 256 + 100)});
  for (const char* id : {"s", "t"}) {
    ASSERT_TRUE(add(id));
    ASSERT_TRUE(append(id, {message("m", 100)}));
  }
  EXPECT_NE(told(add("u")), "ok");
  ASSERT_TRUE(run(store_->conversations().delete_session("alice", "s")));
  ASSERT_TRUE(run(store_->conversations().delete_session("alice", "s")));  // again: it frees once
  EXPECT_EQ(ask(counted), "1 1 1380");
  EXPECT_EQ(told(add("u")), "ok");
  EXPECT_EQ(told(append("u", {message("m", 100)})), "ok");
  for (const char* id : {"t", "u"}) ASSERT_TRUE(run(store_->conversations().delete_session("alice", id)));
  EXPECT_EQ(ask("SELECT count(*) FROM user_storage WHERE user_id = ?1"), "0") << "who has nothing is not remembered";
}

TEST_F(StoredAmountsTest, SessionsAndMessagesAreCountedUpToTheirLimits) {
  open({.sessions_per_user_max = 2, .messages_per_user_max = 4, .messages_per_session_max = 3});
  ASSERT_TRUE(add("s"));
  ASSERT_TRUE(add("t"));
  EXPECT_EQ(told(add("u")), "sessions_per_user_max 2 2");
  ASSERT_TRUE(append("s", {message("1"), message("2")}));
  EXPECT_EQ(told(append("s", {message("3"), message("4")})), "messages_per_session_max 3 2") << "all or none";
  EXPECT_EQ(told(append("s", {message("3")})), "ok");
  EXPECT_EQ(told(append("s", {message("4")})), "messages_per_session_max 3 3");
  EXPECT_EQ(told(append("t", {message("4")})), "ok");
  EXPECT_EQ(told(append("t", {message("5")})), "messages_per_user_max 4 4");
  ASSERT_TRUE(run(store_->conversations().delete_session("alice", "s")));
  EXPECT_EQ(told(append("t", {message("5")})), "ok");
}

TEST_F(StoredAmountsTest, AnUploadIsTakenWholeOrNotAtAll) {
  open({.sessions_per_user_max = 2, .messages_per_session_max = 3});
  const auto sync = [&](std::vector<SessionUpload> uploads) {
    return told(run(store_->conversations().sync_sessions(std::move(uploads))));
  };
  EXPECT_EQ(sync({{session("a"), {message("1")}}, {session("b"), {}}, {session("c"), {}}}),
            "sessions_per_user_max 2 0");
  EXPECT_EQ(ask(counted), "0 0 0");
  EXPECT_EQ(run(store_->conversations().list_sessions("alice", 0, 10))->total, 0U);
  EXPECT_EQ(sync({{session("a"), {message("1"), message("2")}}, {session("b"), {}}}), "ok");
  EXPECT_EQ(sync({{session("a"), {message("1"), message("2")}}, {session("b"), {}}}), "ok") << "nothing is new in it";
  EXPECT_EQ(sync({{session("b"), {message("1")}}, {session("a"), {message("3"), message("4")}}}),
            "messages_per_session_max 3 2");
  EXPECT_EQ(sync({{session("a"), {message("3")}}, {session("a"), {message("4")}}}), "messages_per_session_max 3 2")
      << "a session that is named twice is one";
  EXPECT_EQ(ask(counted), "2 2 2562");
  EXPECT_EQ(sync({{session("a"), {message("3")}}}), "ok");
}

TEST_F(StoredAmountsTest, WhatIsAskedAtTheSameTimeIsCountedOneAfterTheOther) {
  open({.sessions_per_user_max = 5, .devices_per_user_max = 5});
  int sessions = 0;
  int devices = 0;
  for (int i = 0; i < 50; ++i) {
    asio::co_spawn(loop_, store_->conversations().add_session(session("s" + std::to_string(i))),
                   [&](std::exception_ptr, Reply<void> reply) { sessions += reply ? 1 : 0; });
    asio::co_spawn(loop_, store_->devices().add_device(device("d" + std::to_string(i))),
                   [&](std::exception_ptr, Reply<std::int64_t> reply) { devices += reply ? 1 : 0; });
  }
  loop_.restart();
  while (loop_.run_one_for(std::chrono::seconds(1)) > 0) {
  }
  EXPECT_EQ(sessions, 5);
  EXPECT_EQ(devices, 5);
}

TEST_F(StoredAmountsTest, DevicesAreTakenUpToTheLimitHoweverTheyCome) {
  open({.devices_per_user_max = 2});
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  ASSERT_TRUE(run(store_->devices().enroll_device(device("b"), "once", 1)));
  EXPECT_EQ(told(run(store_->devices().add_device(device("c")))), "devices_per_user_max 2 2");
  EXPECT_EQ(told(run(store_->devices().enroll_device(device("c"), "twice", 1))), "devices_per_user_max 2 2");
  EXPECT_EQ(told(run(store_->devices().add_device(device("z", "bob")))), "ok");
  DeviceChange revocation;
  revocation.is_active = false;
  ASSERT_TRUE(run(store_->devices().change_device("alice", "a", revocation)));
  EXPECT_NE(told(run(store_->devices().add_device(device("c")))), "ok") << "a revoked one is still there";
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 1)));
  EXPECT_EQ(told(run(store_->devices().enroll_device(device("c"), "twice", 1))), "ok")
      << "refused, the token was not spent";
}

TEST_F(StoredAmountsTest, WhoIsBeyondALoweredLimitMayShrinkAndReadButNotGrow) {
  open({});
  for (const char* id : {"s", "t", "u"}) ASSERT_TRUE(add(id));
  ASSERT_TRUE(append("s", {message("1")}));
  open({.stored_bytes_per_user_max = 1'000, .sessions_per_user_max = 1});
  EXPECT_EQ(told(add("v")), "sessions_per_user_max 1 3");
  EXPECT_EQ(told(append("s", {message("2")})), "stored_bytes_per_user_max 1000 3329");
  SessionChange title;
  title.title = "Songs";
  EXPECT_TRUE(run(store_->conversations().change_session("alice", "s", title)));
  EXPECT_EQ(run(store_->conversations().get_messages("alice", "s", 10, ""))->size(), 1U);
  EXPECT_TRUE(run(store_->conversations().delete_session("alice", "s")));
}

TEST_F(StoredAmountsTest, AreWhatIsThereWhateverWasDone) {
  test::for_each_seed(5, [&](test::Random& random) {
    const auto pick = [&](std::size_t n) { return random.below(n); };
    open({.stored_bytes_per_user_max = 20'000, .sessions_per_user_max = 6, .messages_per_session_max = 10});
    for (int step = 0; step < 60; ++step) {
      const std::string user = pick(2) == 0 ? "alice" : "bob";
      const std::string id = user + std::to_string(pick(8));
      const auto some = [&] {
        std::vector<MessageRow> messages;
        for (auto i = pick(4) + 1; i > 0; --i) {
          messages.push_back(message(std::to_string(pick(20)), pick(900)));
        }
        return messages;
      };
      switch (pick(6)) {
        case 0:
          if (!run(store_->conversations().get_session("alice", id))->has_value()) (void)add(id, user);
          break;
        case 1: (void)run(store_->conversations().delete_session("alice", id)); break;
        case 2: (void)run(store_->conversations().sync_sessions({{session(id, user), some()}})); break;
        case 3: open({.stored_bytes_per_user_max = 20'000, .sessions_per_user_max = 6}); break;
        default: (void)append(id, some());
      }
      for (const char* who : {"alice", "bob"}) ASSERT_EQ(ask(counted, who), ask(added_up, who)) << "step " << step;
    }
  });
}

TEST_F(StoredAmountsTest, OfADatabaseOfBeforeAreCountedWhenItIsBroughtUpToDate) {
  {
    SQLite::Database old(directory_.file("hub.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (const auto& migration : migrations()) {
      if (migration.find("CREATE TABLE user_storage") != std::string_view::npos) break;
      old.exec(std::string(migration));
    }
    old.exec(
        "INSERT INTO sessions VALUES ('s', 'alice', 'd', '', 2, 1, 1, 1), ('t', 'alice', 'd', '', 0, 1, 1, 1),"
        " ('u', 'bob', 'd', '', 1, 1, 1, 1)");
    old.exec(
        "INSERT INTO messages VALUES (1, 's', 'a', 'user', 'äx', 1), (2, 's', 'b', 'user', 'y', 1),"
        " (3, 'u', 'a', 'user', '', 1)");
  }
  open({});
  EXPECT_EQ(ask(counted), "2 2 2564");
  EXPECT_EQ(ask(added_up), "2 2 2564");
  EXPECT_EQ(ask(counted, "bob"), "1 1 1280");
  ASSERT_TRUE(run(store_->conversations().delete_session("alice", "s")));
  EXPECT_EQ(ask(counted), "1 0 1024");
}

}  // namespace
}  // namespace strawberry::bridge

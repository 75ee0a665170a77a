/// Who waits for whom in the store, on a real database; and what is done while the disk is almost full, or full.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <atomic>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "common/runtime/asio.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class StoreTurnsTest : public testing::Test {
 protected:
  void open(SqliteStorage::Options options) {
    store_.reset();
    options.events = &events_;
    auto opened = SqliteStorage::open(loop_, directory_.file("hub.db"), std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    for (const char* user : {"alice", "bob"})
      ASSERT_TRUE(run(store_->conversations().add_session(session(user, user))));
    commits_ = 0;
  }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  static SessionRow session(const std::string& id, const std::string& user) {
    SessionRow row;
    row.session_id = id;
    row.user_id = user;
    row.device_id = "d";
    row.created_at_ms = row.last_activity_ms = 5'000;
    return row;
  }
  /// Until it is let go, no commit can begin: what is asked meanwhile waits.
  class Hold {
   public:
    explicit Hold(const std::string& path) : database_(path, SQLite::OPEN_READWRITE, 5'000) {
      database_.exec("BEGIN IMMEDIATE");
    }
    void let_go() { database_.exec("ROLLBACK"); }

   private:
    SQLite::Database database_;
  };
  struct Done {
    int ok = 0;
    int busy = 0;
  };
  template <class T>
  void start(Task<Reply<T>> task, Done& done) {
    asio::co_spawn(loop_, std::move(task), [&done](std::exception_ptr, const Reply<T>& reply) {
      if (reply) ++done.ok;
      if (!reply && reply.error().code == ErrorCode::busy) ++done.busy;
    });
  }
  void append(const std::string& user, std::size_t bytes, Done& done) {
    std::vector<MessageRow> one{{"m" + std::to_string(++messages_), "user", std::string(bytes, 'x'), 6'000}};
    start(store_->conversations().append_messages(user, user, std::move(one)), done);
  }
  /// As they were written: the first is 1.
  int place_of_message(const std::string& session_id) {
    SQLite::Database look(directory_.file("hub.db"), SQLite::OPEN_READONLY, 5'000);
    SQLite::Statement row(look, "SELECT min(sequence) FROM messages WHERE session_id = ?");
    row.bind(1, session_id);
    row.executeStep();
    return row.getColumn(0).getInt();
  }
  /// Only jobs and bytes end a commit.
  static SqliteStorage::Options whatever_it_takes() {
    SqliteStorage::Options options;
    options.commit.time_max = std::chrono::hours(1);
    return options;
  }
  /// Begins what was started: it waits in the store then.
  void hand_over() {
    loop_.restart();
    loop_.poll();
  }
  void run_until(const std::function<bool()>& done) {
    loop_.restart();
    while (!done() && loop_.run_one_for(std::chrono::seconds(20)) > 0) {
    }
  }

  test::TempDir directory_;
  asio::io_context loop_;
  SystemClock clock_;
  Events events_{clock_};
  const Subscription committed_ = events_.listen<StoreCommitted>("test", [this](const StoreCommitted&) { ++commits_; });
  std::unique_ptr<SqliteStorage> store_;
  int commits_ = 0;
  int messages_ = 0;
};

TEST_F(StoreTurnsTest, OneWriteIsAmongTheFirstHoweverManyAnotherUserHasWaiting) {
  open(whatever_it_takes());
  Hold hold(directory_.file("hub.db"));
  Done alice;
  Done bob;
  for (int i = 0; i < 5'000; ++i) append("alice", 10, alice);
  append("bob", 10, bob);
  hand_over();
  EXPECT_EQ(store_->health().jobs_waiting, 5'001U);
  hold.let_go();
  run_until([&] { return bob.ok == 1 && alice.ok == 5'000; });
  EXPECT_EQ(alice.ok, 5'000);
  EXPECT_LE(place_of_message("bob"), 2);
  EXPECT_EQ(commits_, 10) << "of 512 jobs";
}

TEST_F(StoreTurnsTest, ACommitHasNoMoreThanItsBytes) {
  open(whatever_it_takes());
  Hold hold(directory_.file("hub.db"));
  Done alice;
  for (int i = 0; i < 100; ++i) append("alice", 64 * 1024, alice);
  hand_over();
  hold.let_go();
  run_until([&] { return alice.ok == 100; });
  EXPECT_EQ(alice.ok, 100);
  EXPECT_EQ(commits_, 7) << "of 16 such messages, which are a MiB";
}

TEST_F(StoreTurnsTest, WhatIsReadCountsToo) {
  open(whatever_it_takes());
  Done alice;
  for (int i = 0; i < 8; ++i) append("alice", 64 * 1024, alice);
  run_until([&] { return alice.ok == 8; });
  const int before = commits_;
  Hold hold(directory_.file("hub.db"));
  Done reads;
  for (int i = 0; i < 20; ++i) start(store_->conversations().get_messages("alice", "alice", 10, ""), reads);
  hand_over();
  hold.let_go();
  run_until([&] { return reads.ok == 20; });
  EXPECT_EQ(reads.ok, 20);
  EXPECT_EQ(commits_ - before, 10) << "half a MiB and a little each: two reach a MiB";
}

TEST_F(StoreTurnsTest, BeyondOnesOwnBoundItIsBusyAndForOthersNot) {
  SqliteStorage::Options options;
  options.jobs_per_user_max = 3;
  options.bytes_per_user_max = 10'000;
  open(options);
  Hold hold(directory_.file("hub.db"));
  Done alice;
  Done carol;
  Done bob;
  for (int i = 0; i < 5; ++i) append("alice", 10, alice);
  for (int i = 0; i < 3; ++i) append("bob", 4'000, bob);
  hand_over();
  EXPECT_EQ(alice.busy, 2);
  EXPECT_EQ(bob.busy, 1) << "of its bytes";
  start(store_->conversations().list_sessions("carol", 0, 1), carol);
  hand_over();
  EXPECT_EQ(carol.busy, 0);
  hold.let_go();
  run_until([&] { return carol.ok == 1 && alice.ok == 3 && bob.ok == 2; });
  EXPECT_EQ(alice.ok, 3);
  EXPECT_EQ(bob.ok, 2);
}

TEST_F(StoreTurnsTest, BeyondTheBoundOfAllItIsBusyForEverybody) {
  SqliteStorage::Options options;
  options.jobs_max = 2;
  open(options);
  Hold hold(directory_.file("hub.db"));
  Done alice;
  Done bob;
  append("alice", 10, alice);
  append("alice", 10, alice);
  append("bob", 10, bob);
  hand_over();
  EXPECT_EQ(bob.busy, 1);
  hold.let_go();
  run_until([&] { return alice.ok == 2; });
}

TEST_F(StoreTurnsTest, OneUsersAreDoneInTheirOrder) {
  open({});
  Hold hold(directory_.file("hub.db"));
  Done alice;
  Done bob;
  for (const char* title : {"one", "two", "three"}) {
    SessionChange change;
    change.title = title;
    start(store_->conversations().change_session("alice", "alice", change), alice);
    start(store_->conversations().change_session("bob", "bob", change), bob);
  }
  hand_over();
  hold.let_go();
  run_until([&] { return alice.ok == 3 && bob.ok == 3; });
  EXPECT_EQ(run(store_->conversations().get_session("alice", "alice"))->value().title, "three");
  EXPECT_EQ(run(store_->conversations().get_session("bob", "bob"))->value().title, "three");
}

class LowDiskTest : public StoreTurnsTest {
 protected:
  LowDiskTest() {
    SqliteStorage::Options options;
    options.disk.free_min_mib = 200;
    options.disk.interval = std::chrono::nanoseconds(0);
    options.disk_free = [this] { return std::optional<std::uint64_t>(free_mib_ * 1024 * 1024); };
    open(options);
  }
  static DeviceRow device(const std::string& id) {
    DeviceRow row;
    row.device_id = id;
    row.user_id = "alice";
    row.name = row.normalized_name = id;
    return row;
  }
  static SkillRow skill(const std::string& function_name) {
    return {"C", function_name, function_name + "()", "doc", true, false};
  }
  static MessageRow message(const std::string& id) { return {id, "user", "text", 6'000}; }
  template <class T>
  static std::string told(const Reply<T>& reply) {
    if (reply) return "ok";
    return std::string(to_string(reply.error().code)) + " " + reply.error().details.value("limit", "");
  }

  std::atomic<std::uint64_t> free_mib_ = 1'000;
};

constexpr const char* low = "quota_exceeded disk_free_min_mib";

TEST_F(LowDiskTest, NothingNewIsStored) {
  free_mib_ = 199;
  EXPECT_TRUE(store_->health().disk_low);
  EXPECT_EQ(told(run(store_->devices().add_device(device("a")))), low);
  EXPECT_EQ(told(run(store_->devices().enroll_device(device("a"), "token", 1))), low);
  EXPECT_EQ(told(run(store_->conversations().add_session(session("s", "alice")))), low);
  EXPECT_EQ(told(run(store_->conversations().append_messages("alice", "alice", {message("m")}))), low);
  EXPECT_EQ(told(run(store_->conversations().sync_sessions({{session("s", "alice"), {message("m")}}}))), low);
  EXPECT_EQ(run(store_->conversations().list_sessions("alice", 0, 10))->total, 1U);
  EXPECT_TRUE(run(store_->conversations().get_messages("alice", "alice", 10, ""))->empty());
  free_mib_ = 220;
  EXPECT_FALSE(store_->health().disk_low);
  EXPECT_EQ(told(run(store_->devices().enroll_device(device("a"), "token", 1))), "ok")
      << "refused, the token was not spent";
  EXPECT_EQ(told(run(store_->conversations().append_messages("alice", "alice", {message("m")}))), "ok");
}

TEST_F(LowDiskTest, WhatFreesSpaceOrIsKeptInPlaceGoesOn) {
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  ASSERT_TRUE(run(store_->devices().add_device(device("b"))));
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("g")}, 1)));
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "alice", {message("m")})));
  free_mib_ = 0;
  EXPECT_EQ(told(run(store_->devices().set_last_seen("alice", "a", 2))), "ok");
  EXPECT_EQ(told(run(store_->skills().set_skills_heartbeat("alice", "a", 2))), "ok");
  EXPECT_EQ(told(run(store_->usage().add_usage({{"alice", 1, "a", "p", "m", false, {1, 1, 1}}}, 0))), "ok");
  EXPECT_EQ(told(run(store_->usage().add_chats({{"alice", 1, 1}}, 0))), "ok");
  EXPECT_EQ(told(run(store_->announcements().put_announced({{"a", "alice", 1, {}}}))), "ok");
  EXPECT_EQ(told(run(store_->conversations().append_messages("alice", "alice", {message("m")}))), "ok")
      << "it is there already";
  EXPECT_EQ(told(run(store_->conversations().sync_sessions({{session("alice", "alice"), {message("m")}}}))), "ok")
      << "likewise";
  DeviceChange revocation;
  revocation.is_active = false;
  EXPECT_EQ(told(run(store_->devices().change_device("alice", "b", revocation))), "ok");
  EXPECT_EQ(told(run(store_->devices().delete_device("alice", "b", 1))), "ok");
  EXPECT_EQ(told(run(store_->conversations().delete_session("alice", "alice"))), "ok");
  EXPECT_EQ(told(run(store_->conversations().get_session("alice", "alice"))), "ok");
}

TEST_F(LowDiskTest, ARegistrationGoesThroughUnlessItHasMoreThanThereIs) {
  ASSERT_TRUE(run(store_->devices().add_device(device("a"))));
  ASSERT_TRUE(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("g")}, 1)));
  free_mib_ = 0;
  EXPECT_EQ(told(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("g")}, 2))), "ok") << "unchanged";
  EXPECT_EQ(told(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("x")}, 3))), low);
  EXPECT_EQ(told(run(store_->skills().put_skills("alice", "a", {skill("f"), skill("g"), skill("h")}, 3))), low);
  EXPECT_EQ(told(run(store_->skills().put_skills("alice", "a", {skill("f")}, 4))), "ok") << "less";
  EXPECT_EQ(told(run(store_->skills().put_skills("alice", "a", {}, 5))), "ok");
}

TEST_F(LowDiskTest, DeletingMakesRoomThoughTheFileKeepsItsSize) {
  SqliteStorage::Options options;
  options.disk = {2, std::chrono::nanoseconds(0)};
  options.disk_free = [this] { return std::optional<std::uint64_t>(free_mib_ * 1024 * 1024); };
  store_ = *SqliteStorage::open(loop_, directory_.file("hub.db"), options);
  ASSERT_TRUE(
      run(store_->conversations().append_messages("bob", "bob", {{"m", "user", std::string(4'000'000, 'x'), 6'000}})));
  free_mib_ = 1;
  EXPECT_EQ(told(run(store_->conversations().append_messages("alice", "alice", {message("m")}))), low);
  ASSERT_TRUE(run(store_->conversations().delete_session("bob", "bob")));
  EXPECT_EQ(told(run(store_->conversations().append_messages("alice", "alice", {message("m")}))), "ok");
  const auto free = store_->health().disk_free_bytes;
  EXPECT_GT(free, 4'000'000U);
  store_.reset();
  store_ = *SqliteStorage::open(loop_, directory_.file("hub.db"), options);
  EXPECT_EQ(told(run(store_->conversations().append_messages("alice", "alice", {message("n")}))), "ok")
      << "also after a restart";
}

/// A database that may have no more pages is as one on a full disk: SQLite says SQLITE_FULL.
TEST_F(StoreTurnsTest, AFullDiskIsSaidAndTakesNothingElseWithIt) {
  open({});
  store_.reset();
  auto database = open_database(directory_.file("hub.db"));
  ASSERT_TRUE(database);
  const int pages = (*database)->execAndGet("PRAGMA page_count").getInt();
  (*database)->exec("PRAGMA max_page_count = " + std::to_string(pages + 2));
  store_ = std::make_unique<SqliteStorage>(loop_, std::move(*database), SqliteStorage::Options());
  Hold hold(directory_.file("hub.db"));
  Reply<std::size_t> large(0U);
  Done small;
  std::vector<MessageRow> much{{"m", "user", std::string(200'000, 'x'), 6'000}};
  start(store_->conversations().list_sessions("alice", 0, 1), small);
  asio::co_spawn(loop_, store_->conversations().append_messages("alice", "alice", std::move(much)),
                 [&](std::exception_ptr, Reply<std::size_t> reply) { large = std::move(reply); });
  SessionChange change;
  change.title = "kept";
  start(store_->conversations().change_session("bob", "bob", change), small);
  start(store_->conversations().list_sessions("alice", 0, 1), small);
  hand_over();
  hold.let_go();
  run_until([&] { return small.ok == 3 && !large; });
  EXPECT_EQ(small.ok, 3) << "the others of that commit";
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::quota_exceeded);
  EXPECT_EQ(large.error().message, "the hub's disk is full, nothing can be stored");
  EXPECT_EQ(large.error().details.at("limit"), "disk_free_min_mib");
  EXPECT_EQ(run(store_->conversations().get_session("bob", "bob"))->value().title, "kept");
  EXPECT_EQ(run(store_->conversations().append_messages("alice", "alice", {{"m", "user", "x", 1}})), 1U)
      << "what fits is stored";
}

}  // namespace
}  // namespace strawberry::bridge

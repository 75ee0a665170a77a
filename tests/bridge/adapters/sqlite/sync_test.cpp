/// Sessions kept elsewhere and merged, on a real database: in whatever order and however often they arrive.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "common/runtime/asio.h"
#include "tests/support/run_task.h"
#include "tests/support/seeds.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class SyncTest : public testing::Test {
 protected:
  SyncTest() {
    auto opened = SqliteStorage::open(loop_, directory_.file("hub.db"), {});
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
  }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  static SessionUpload upload(const std::string& id, std::vector<MessageRow> messages,
                              const std::string& user = "alice") {
    SessionUpload made;
    made.session.session_id = id;
    made.session.user_id = user;
    made.session.device_id = "tablet";
    made.session.created_at_ms = made.session.last_activity_ms = 5'000;
    for (const auto& message : messages) {
      made.session.last_activity_ms = std::max(made.session.last_activity_ms, message.created_at_ms);
    }
    made.messages = std::move(messages);
    return made;
  }
  Reply<std::vector<SyncCount>> sync(std::vector<SessionUpload> uploads) {
    return run(store_->conversations().sync_sessions(std::move(uploads)));
  }
  SessionRow session(const std::string& id) { return run(store_->conversations().get_session("alice", id))->value(); }
  /// `id:content `, oldest first.
  std::string messages(const std::string& id) {
    std::string all;
    const auto kept = run(store_->conversations().get_messages("alice", id, 1'000, ""));
    for (const auto& message : kept.value()) {
      all += message.message_id + ":" + message.content + " ";
    }
    return all;
  }

  test::TempDir directory_;
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_;
};

TEST_F(SyncTest, AnUnknownSessionIsOpenedAsItWas) {
  auto kept = upload("s", {{"b", "assistant", "two", 7'000}, {"a", "user", "one", 6'000}});
  kept.session.title = "Garden";
  EXPECT_EQ(*sync({kept}), (std::vector<SyncCount>{{2, 0}}));
  const auto row = session("s");
  EXPECT_EQ(row.title, "Garden");
  EXPECT_EQ(row.device_id, "tablet");
  EXPECT_EQ(row.message_count, 2);
  EXPECT_EQ(row.created_at_ms, 5'000);
  EXPECT_EQ(row.last_activity_ms, 7'000);
  EXPECT_TRUE(row.is_active);
  EXPECT_EQ(messages("s"), "a:one b:two ");
}

TEST_F(SyncTest, TheSameAgainChangesNothing) {
  ASSERT_TRUE(sync({upload("s", {{"a", "user", "one", 6'000}})}));
  const auto before = session("s");
  auto again = upload("s", {{"a", "user", "different", 9'000}});
  again.session.title = before.title;
  again.session.created_at_ms = 1;
  EXPECT_EQ(*sync({again}), (std::vector<SyncCount>{{0, 1}}));
  EXPECT_EQ(messages("s"), "a:one ");
  const auto after = session("s");
  EXPECT_EQ(after.message_count, 1);
  EXPECT_EQ(after.last_activity_ms, before.last_activity_ms) << "what is not new is no activity";
  EXPECT_EQ(after.created_at_ms, before.created_at_ms);
}

TEST_F(SyncTest, OneRequestThatSaysThingsTwiceAddsThemOnce) {
  EXPECT_EQ(*sync({upload("s", {{"a", "user", "one", 6'000}, {"a", "user", "one", 6'000}}),
                   upload("s", {{"a", "user", "one", 6'000}, {"b", "user", "two", 6'000}})}),
            (std::vector<SyncCount>{{1, 1}, {1, 1}}));
  EXPECT_EQ(session("s").message_count, 2);
}

TEST_F(SyncTest, WhatALiveChatAppendsStandsWhereItsTimeSays) {
  ASSERT_TRUE(sync({upload("s", {{"a", "user", "a", 6'000}, {"c", "user", "c", 8'000}})}));
  ASSERT_TRUE(run(store_->conversations().append_messages("alice", "s", {{"live", "user", "now", 9'000}})));
  ASSERT_TRUE(sync({upload("s", {{"b", "user", "b", 7'000}, {"d", "user", "d", 10'000}})}));
  EXPECT_EQ(messages("s"), "a:a b:b c:c live:now d:d ");
  EXPECT_EQ(session("s").message_count, 5);
}

TEST_F(SyncTest, ATitleIsTakenOnlyWhereThereIsNone) {
  ASSERT_TRUE(sync({upload("s", {})}));
  EXPECT_EQ(session("s").title, "");
  auto titled = upload("s", {});
  titled.session.title = "First";
  ASSERT_TRUE(sync({titled}));
  titled.session.title = "Second";
  ASSERT_TRUE(sync({titled}));
  EXPECT_EQ(session("s").title, "First");
}

TEST_F(SyncTest, ActivityIsNotLaterThanTheUploadSays) {
  auto ahead = upload("s", {{"a", "user", "from a clock that is wrong", 90'000}});
  ahead.session.last_activity_ms = 50'000;
  ASSERT_TRUE(sync({ahead}));
  EXPECT_EQ(session("s").last_activity_ms, 50'000);
  ahead.messages = {{"b", "user", "again", 95'000}};
  ahead.session.last_activity_ms = 60'000;
  ASSERT_TRUE(sync({ahead}));
  EXPECT_EQ(session("s").last_activity_ms, 60'000);
}

TEST_F(SyncTest, SomebodyElsesSessionRefusesTheWholeBeforeAnythingIsWritten) {
  ASSERT_TRUE(sync({upload("bobs", {{"a", "user", "private", 6'000}}, "bob")}));
  const auto refused = sync({upload("mine", {{"a", "user", "x", 6'000}}), upload("bobs", {{"b", "user", "x", 6'000}})});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_EQ(refused.error().details.at("session_id"), "bobs");
  EXPECT_FALSE(run(store_->conversations().get_session("alice", "mine"))->has_value());
  EXPECT_EQ(messages("bobs"), "a:private ");
  EXPECT_EQ(session("bobs").message_count, 1);
}

TEST_F(SyncTest, AClosedSessionStaysClosed) {
  ASSERT_TRUE(sync({upload("s", {})}));
  SessionChange close;
  close.is_active = false;
  ASSERT_TRUE(run(store_->conversations().change_session("alice", "s", close)));
  ASSERT_TRUE(sync({upload("s", {{"a", "user", "late", 6'000}})}));
  EXPECT_FALSE(session("s").is_active);
  EXPECT_EQ(session("s").message_count, 1);
}

/// What the hub must have, told without a database.
class Model {
 public:
  struct Session {
    std::string title;
    std::int64_t last_activity_ms = 0;
    std::map<std::string, std::pair<std::int64_t, std::size_t>> messages;  // time and order of arrival, by id
  };
  SyncCount sync(const SessionUpload& upload) {
    const bool is_new = !sessions.contains(upload.session.session_id);
    auto& session = sessions[upload.session.session_id];
    if (is_new) session.last_activity_ms = upload.session.last_activity_ms;
    if (session.title.empty()) session.title = upload.session.title;
    SyncCount count;
    for (const auto& message : upload.messages) {
      if (add(session, message)) {
        ++count.added;
        session.last_activity_ms = std::max(session.last_activity_ms, message.created_at_ms);
      } else {
        ++count.already_there;
      }
    }
    return count;
  }
  void append(const std::string& id, const MessageRow& message) {
    if (add(sessions.at(id), message)) {
      sessions.at(id).last_activity_ms = std::max(sessions.at(id).last_activity_ms, message.created_at_ms);
    }
  }
  std::vector<std::string> order(const std::string& id) const {
    std::vector<std::pair<std::pair<std::int64_t, std::size_t>, std::string>> sorted;
    for (const auto& [message, at] : sessions.at(id).messages) sorted.push_back({at, message});
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::string> ids;
    for (auto& [at, message] : sorted) ids.push_back(std::move(message));
    return ids;
  }
  std::map<std::string, Session> sessions;

 private:
  bool add(Session& session, const MessageRow& message) {
    return session.messages.try_emplace(message.message_id, message.created_at_ms, ++arrived_).second;
  }
  std::size_t arrived_ = 0;
};

/// Three devices that know parts of three conversations send them again and again, several at once, while a chat goes
/// on in one of them and sessions are deleted.
TEST_F(SyncTest, WhateverTheOrderNothingIsDoubledAndNothingIsLost) {
  test::for_each_seed(25, [this](test::Random& random) {
    Model model;
    const std::vector<std::string> ids = {"x", "y", "z"};
    for (const auto& id : ids) ASSERT_TRUE(run(store_->conversations().delete_session("alice", id)));
    std::map<std::string, std::vector<MessageRow>> said;  // everything that anybody may send
    for (const auto& id : ids) {
      for (int n = 0; n < 12; ++n) {
        const auto time = static_cast<std::int64_t>(6'000 + random.below(8) * 1'000);
        said[id].push_back({id + std::to_string(n), random.percent(50) ? "user" : "assistant", "c", time});
      }
    }
    for (int round = 0; round < 12; ++round) {
      std::vector<std::vector<SyncCount>> expected;
      std::vector<std::optional<Reply<std::vector<SyncCount>>>> got(1 + random.below(3));
      for (std::size_t device = 0; device < got.size(); ++device) {
        std::vector<SessionUpload> request;
        for (std::size_t entries = 1 + random.below(4); entries > 0; --entries) {
          const auto& id = random.pick(ids);
          std::vector<MessageRow> some;
          for (std::size_t n = random.below(8); n > 0; --n) some.push_back(random.pick(said[id]));
          request.push_back(upload(id, std::move(some)));
          if (random.percent(30)) request.back().session.title = "title " + std::to_string(random.below(100));
        }
        expected.emplace_back();
        for (const auto& each : request) expected.back().push_back(model.sync(each));
        asio::co_spawn(loop_, store_->conversations().sync_sessions(std::move(request)),
                       [&got, device](const std::exception_ptr&, Reply<std::vector<SyncCount>> reply) {
                         got[device] = std::move(reply);
                       });
      }
      const auto& live = random.pick(ids);
      if (model.sessions.contains(live) && random.percent(40)) {
        const MessageRow message{"live" + std::to_string(round), "user", "c", 20'000 + round};
        model.append(live, message);
        ASSERT_TRUE(run(store_->conversations().append_messages("alice", live, {message})));
      }
      const auto& gone = random.pick(ids);
      const bool deletes = random.percent(5);
      if (deletes) model.sessions.erase(gone);
      ASSERT_TRUE(run(store_->conversations().delete_session(
          "alice", deletes ? gone : "none")));  // behind all of them in the queue
      for (std::size_t device = 0; device < got.size(); ++device) {
        ASSERT_TRUE(got[device].has_value() && got[device]->has_value());
        EXPECT_EQ(**got[device], expected[device]);
      }
    }
    for (const auto& [id, expected] : model.sessions) {
      std::vector<std::string> kept;
      const auto rows = run(store_->conversations().get_messages("alice", id, 1'000, ""));
      for (const auto& message : rows.value()) kept.push_back(message.message_id);
      EXPECT_EQ(kept, model.order(id)) << id;
      const auto row = session(id);
      EXPECT_EQ(row.message_count, static_cast<std::int64_t>(kept.size()));
      EXPECT_EQ(row.last_activity_ms, expected.last_activity_ms);
      EXPECT_EQ(row.title, expected.title);
    }
  });
}

}  // namespace
}  // namespace strawberry::bridge

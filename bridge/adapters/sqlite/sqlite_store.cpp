#include "bridge/adapters/sqlite/sqlite_store.h"

#include <utility>

#include "bridge/adapters/sqlite/announced_rows.h"
#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/rows.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/token_rows.h"
#include "bridge/adapters/sqlite/usage_rows.h"
#include "bridge/core/asio.h"
#include "bridge/core/one_shot.h"
#include "bridge/protocol/request_log.h"

namespace strawberry {

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(asio::io_context& loop, const std::string& path,
                                                       Options options) {
  auto database = open_database(path);
  if (!database) return tl::unexpected(database.error());
  auto statements = std::make_unique<StatementCache>(std::move(*database));
  return std::unique_ptr<SqliteStore>(new SqliteStore(loop, std::move(statements), options));
}

SqliteStore::SqliteStore(asio::io_context& loop, std::unique_ptr<StatementCache> statements, Options options)
    : context_(loop),
      options_(options),
      statements_(std::move(statements)),
      thread_([this] { work_until_stopped(); }) {}

SqliteStore::~SqliteStore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> SqliteStore::load_devices(const std::function<void(DeviceRow, std::vector<SkillRow>)>& use) {
  loop_.check();
  const std::lock_guard lock(mutex_);  // keeps the store's thread away
  try {
    read_devices(*statements_, use);
    return {};
  } catch (const SQLite::Exception& failure) {
    return fail("cannot read database " + statements_->database().getFilename() + ": " + failure.what());
  }
}

std::size_t SqliteStore::jobs_waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

template <class T>
Task<Reply<T>> SqliteStore::run(std::function<Reply<T>(StatementCache&)> work) {
  loop_.check();
  auto arrival = std::make_shared<OneShot<Reply<T>>>(context_.get_executor());
  auto outcome = std::make_shared<Reply<T>>(error(ErrorCode::internal, "the store failed"));
  Job job;
  job.work = [work = std::move(work), outcome](StatementCache& statements) {
    *outcome = work(statements);
    return outcome->has_value();
  };
  job.failed = [outcome](const std::string& why) {
    hub_log().error("store: {}", why);
    auto failed = error(ErrorCode::internal, "the store failed");
    failed.value().cause = why;
    *outcome = std::move(failed);
  };
  job.reply = [arrival, outcome] { arrival->set(std::move(*outcome)); };
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= options_.jobs_max) {
      co_return error(ErrorCode::busy, "too many writes are waiting", {{"retry_after_ms", 1000}});
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  auto reply = co_await arrival->wait();
  if (!reply) co_return error(ErrorCode::cancelled, "cancelled while storing");
  co_return std::move(*reply);
}

void SqliteStore::work_until_stopped() {
  for (;;) {
    std::vector<Job> batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const auto count = std::min(jobs_.size(), options_.jobs_per_commit_max);
      batch.assign(std::make_move_iterator(jobs_.begin()),
                   std::make_move_iterator(jobs_.begin() + static_cast<std::ptrdiff_t>(count)));
      jobs_.erase(jobs_.begin(), jobs_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const auto begun_at = std::chrono::steady_clock::now();
    commit(batch);
    const auto took = std::chrono::steady_clock::now() - begun_at;
    asio::post(context_, [done = std::move(batch), observer = observer_, took] {
      if (*observer) (*observer)(took);
      for (const auto& job : done) job.reply();
    });
  }
}

void SqliteStore::commit(std::vector<Job>& batch) {
  auto& database = statements_->database();
  try {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    for (auto& job : batch) {
      database.exec("SAVEPOINT job");
      try {
        if (!job.work(*statements_)) database.exec("ROLLBACK TO job");
      } catch (const SQLite::Exception& failure) {
        job.failed(failure.what());
        database.exec("ROLLBACK TO job");
      }
      database.exec("RELEASE job");
    }
    transaction.commit();
  } catch (const SQLite::Exception& failure) {
    // Nothing of the batch is on disk, so nothing of it may be answered as done.
    for (auto& job : batch) job.failed(failure.what());
  }
}

Task<Reply<void>> SqliteStore::add_device(DeviceRow device, std::optional<NewToken> token) {
  return run<void>(
      [this, device = std::move(device), token = std::move(token)](StatementCache& statements) -> Reply<void> {
        if (auto over = check_devices(statements, options_.limits, device.user_id)) {
          return tl::unexpected<Error>(std::move(*over));
        }
        insert_device(statements, device);
        return add_token_within(statements, options_.limits, token);
      });
}

Task<Reply<void>> SqliteStore::change_device(std::string device_id, DeviceChange change,
                                             std::optional<NewToken> token) {
  return run<void>([this, device_id = std::move(device_id), change = std::move(change),
                    token = std::move(token)](StatementCache& statements) -> Reply<void> {
    if (update_device(statements, device_id, change) == 0) return error(ErrorCode::not_found, "no such device");
    return add_token_within(statements, options_.limits, token);
  });
}

Task<Reply<void>> SqliteStore::add_token(NewToken token) {
  return run<void>([this, token = std::optional(std::move(token))](StatementCache& statements) -> Reply<void> {
    return add_token_within(statements, options_.limits, token);
  });
}

Task<Reply<void>> SqliteStore::enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                             std::optional<NewToken> token) {
  return run<void>([this, device = std::move(device), enroll_id = std::move(enroll_id), now_ms,
                    token = std::move(token)](StatementCache& statements) -> Reply<void> {
    const int spent =
        statements.execute("INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)", enroll_id, now_ms);
    if (spent == 0) return error(ErrorCode::forbidden, "this enrollment token has been used");
    if (auto over = check_devices(statements, options_.limits, device.user_id)) {
      return tl::unexpected<Error>(std::move(*over));  // which leaves the token unspent
    }
    insert_device(statements, device);
    return add_token_within(statements, options_.limits, token);
  });
}

Task<Reply<void>> SqliteStore::delete_device(std::string device_id) {
  return run<void>([device_id = std::move(device_id)](StatementCache& statements) -> Reply<void> {
    statements.execute("DELETE FROM devices WHERE device_id = ?", device_id);
    return {};
  });
}

Task<Reply<void>> SqliteStore::set_last_seen(std::string device_id, std::int64_t last_seen_ms) {
  return run<void>([device_id = std::move(device_id), last_seen_ms](StatementCache& statements) -> Reply<void> {
    statements.execute("UPDATE devices SET last_seen = ? WHERE device_id = ?", last_seen_ms, device_id);
    return {};
  });
}

Task<Reply<void>> SqliteStore::put_skills(std::string device_id, std::vector<SkillRow> skills,
                                          std::int64_t heartbeat_at_ms) {
  return run<void>([device_id = std::move(device_id), skills = std::move(skills),
                    heartbeat_at_ms](StatementCache& statements) -> Reply<void> {
    write_skills(statements, device_id, skills, heartbeat_at_ms);
    return {};
  });
}

Task<Reply<void>> SqliteStore::set_skills_heartbeat(std::string device_id, std::int64_t heartbeat_at_ms) {
  return run<void>([device_id = std::move(device_id), heartbeat_at_ms](StatementCache& statements) -> Reply<void> {
    statements.execute("UPDATE devices SET skills_heartbeat_at = ? WHERE device_id = ?", heartbeat_at_ms, device_id);
    return {};
  });
}

Task<Reply<std::optional<SessionRow>>> SqliteStore::get_session(std::string session_id) {
  return run<std::optional<SessionRow>>(
      [session_id = std::move(session_id)](StatementCache& statements) -> Reply<std::optional<SessionRow>> {
        return read_session(statements, session_id);
      });
}

Task<Reply<void>> SqliteStore::add_session(SessionRow session) {
  return run<void>([this, session = std::move(session)](StatementCache& statements) {
    return add_session_within(statements, options_.limits, session);
  });
}

Task<Reply<void>> SqliteStore::change_session(std::string session_id, SessionChange change) {
  return run<void>(
      [session_id = std::move(session_id), change = std::move(change)](StatementCache& statements) -> Reply<void> {
        if (update_session(statements, session_id, change) == 0) return error(ErrorCode::not_found, "no such session");
        return {};
      });
}

Task<Reply<std::optional<MessageRow>>> SqliteStore::get_message(std::string session_id, std::string message_id) {
  return run<std::optional<MessageRow>>([session_id = std::move(session_id), message_id = std::move(message_id)](
                                            StatementCache& statements) -> Reply<std::optional<MessageRow>> {
    return read_message(statements, session_id, message_id);
  });
}

Task<Reply<void>> SqliteStore::delete_session(std::string session_id) {
  return run<void>([session_id = std::move(session_id)](StatementCache& statements) -> Reply<void> {
    statements.execute("DELETE FROM sessions WHERE session_id = ?", session_id);
    return {};
  });
}

Task<Reply<SessionList>> SqliteStore::list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) {
  return run<SessionList>(
      [user_id = std::move(user_id), since_ms, limit](StatementCache& statements) -> Reply<SessionList> {
        return read_sessions(statements, user_id, since_ms, limit);
      });
}

Task<Reply<std::vector<MessageRow>>> SqliteStore::get_messages(std::string session_id, std::size_t limit,
                                                               std::string before_message_id) {
  return run<std::vector<MessageRow>>(
      [session_id = std::move(session_id), limit,
       before = std::move(before_message_id)](StatementCache& statements) -> Reply<std::vector<MessageRow>> {
        return read_messages(statements, session_id, limit, before);
      });
}

Task<Reply<std::size_t>> SqliteStore::append_messages(std::string session_id, std::vector<MessageRow> messages) {
  return run<std::size_t>(
      [this, session_id = std::move(session_id), messages = std::move(messages)](StatementCache& statements) {
        return append_messages_within(statements, options_.limits, session_id, messages);
      });
}

Task<Reply<std::vector<SyncCount>>> SqliteStore::sync_sessions(std::vector<SessionUpload> uploads) {
  return run<std::vector<SyncCount>>([this, uploads = std::move(uploads)](StatementCache& statements) {
    return sync_rows_within(statements, options_.limits, uploads);
  });
}

Task<Reply<void>> SqliteStore::add_usage(std::vector<UsageRow> rows, std::int64_t oldest_day) {
  return run<void>([rows = std::move(rows), oldest_day](StatementCache& statements) -> Reply<void> {
    add_usage_rows(statements, rows, oldest_day);
    return {};
  });
}

Task<Reply<void>> SqliteStore::add_chats(std::vector<UserChats> chats, std::int64_t oldest_day) {
  return run<void>([chats = std::move(chats), oldest_day](StatementCache& statements) -> Reply<void> {
    add_chats_of_day(statements, chats, oldest_day);
    return {};
  });
}

Task<Reply<UsageReport>> SqliteStore::read_usage(std::string user_id, std::int64_t since_day, std::size_t rows_max) {
  return run<UsageReport>([user_id = std::move(user_id), since_day, rows_max](StatementCache& statements) {
    return Reply<UsageReport>(read_usage_rows(statements, user_id, since_day, rows_max));
  });
}

Task<Reply<std::vector<UserTokens>>> SqliteStore::tokens_of_day(std::int64_t day, std::size_t users_max) {
  return run<std::vector<UserTokens>>([day, users_max](StatementCache& statements) {
    return Reply<std::vector<UserTokens>>(read_tokens_of_day(statements, day, users_max));
  });
}

Task<Reply<std::vector<std::string>>> SqliteStore::announced_ids() {
  return run<std::vector<std::string>>(
      [](StatementCache& statements) { return Reply<std::vector<std::string>>(read_announced_ids(statements)); });
}

Task<Reply<std::vector<AnnouncedRow>>> SqliteStore::find_announced(std::vector<std::string> ids) {
  return run<std::vector<AnnouncedRow>>([ids = std::move(ids)](StatementCache& statements) {
    return Reply<std::vector<AnnouncedRow>>(read_announced(statements, ids));
  });
}

Task<Reply<void>> SqliteStore::put_announced(std::vector<AnnouncedRow> rows) {
  return run<void>([rows = std::move(rows)](StatementCache& statements) -> Reply<void> {
    write_announced(statements, rows);
    return {};
  });
}

Task<Reply<void>> SqliteStore::forget_announced(std::vector<std::string> ids) {
  return run<void>([ids = std::move(ids)](StatementCache& statements) -> Reply<void> {
    remove_announced(statements, ids);
    return {};
  });
}

}  // namespace strawberry

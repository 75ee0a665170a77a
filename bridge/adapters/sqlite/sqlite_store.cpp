#include "bridge/adapters/sqlite/sqlite_store.h"

#include <sqlite3.h>

#include <numeric>
#include <type_traits>
#include <utility>

#include "bridge/adapters/sqlite/announced_rows.h"
#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/identity_rows.h"
#include "bridge/adapters/sqlite/rows.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/token_rows.h"
#include "bridge/adapters/sqlite/usage_rows.h"
#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"

namespace strawberry {

namespace {

/// Whose turn is taken by what the hub writes of its own accord.
const std::string hub_itself;

/// What a job counts for besides what it carries: a row or two, and their indexes.
constexpr std::size_t bytes_of_job = 256;
/// Users have one queue each; their devices do not take turns within it, so that what was asked first is done first.
const std::string any_sender;

std::size_t bytes_of(const MessageRow& message) { return bytes_of_job + message.content.size(); }

std::size_t bytes_of(const std::vector<MessageRow>& messages) {
  return std::accumulate(messages.begin(), messages.end(), bytes_of_job,
                         [](std::size_t sum, const MessageRow& message) { return sum + bytes_of(message); });
}

std::size_t bytes_of(const std::vector<SessionUpload>& uploads) {
  return std::accumulate(uploads.begin(), uploads.end(), bytes_of_job,
                         [](std::size_t sum, const SessionUpload& upload) { return sum + bytes_of(upload.messages); });
}

std::size_t bytes_of(const std::vector<SkillRow>& skills) {
  return std::accumulate(skills.begin(), skills.end(), bytes_of_job, [](std::size_t sum, const SkillRow& skill) {
    return sum + bytes_of_job + skill.signature.size() + skill.docstring.size();
  });
}

// What was read, as far as it may be much.

template <class T>
std::size_t bytes_read(const T&) {
  return 0;
}
std::size_t bytes_read(const std::vector<MessageRow>& messages) { return bytes_of(messages); }
std::size_t bytes_read(const SessionList& list) { return list.sessions.size() * bytes_of_job; }
std::size_t bytes_read(const UsageReport& report) { return report.rows.size() * bytes_of_job; }

/// With its token, which is then good.
Reply<std::int64_t> add_device_with_token(StatementCache& statements, const StorageLimits& limits,
                                          const DeviceRow& device, std::optional<NewToken> token) {
  auto valid_from = add_device_within(statements, limits, device);
  if (!valid_from || !token) return valid_from;
  date_from(token->row, *valid_from);
  if (auto added = add_token_within(statements, limits, token); !added) return tl::unexpected(added.error());
  return valid_from;
}

void log_disk(const DiskFloor::State& state, std::int64_t free_min_mib) {
  const auto free_mib = state.free_bytes.value_or(0) / (1024 * 1024);
  if (state.is_low) {
    hub_log().error(
        "the disk is almost full: {} MiB are free, {} must stay so ({}); nothing new is stored until there is room",
        free_mib, free_min_mib, disk_free_limit);
  } else {
    hub_log().warn("the disk has room again: {} MiB are free; all is stored as before", free_mib);
  }
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(asio::io_context& loop, const std::string& path,
                                                       Options options) {
  auto database = open_database(path);
  if (!database) return tl::unexpected(database.error());
  return over(loop, std::move(*database), std::move(options));
}

std::unique_ptr<SqliteStore> SqliteStore::over(asio::io_context& loop, std::unique_ptr<SQLite::Database> database,
                                               Options options) {
  if (!options.disk_free) options.disk_free = free_bytes_beside(database->getFilename());
  auto statements = std::make_unique<StatementCache>(std::move(database));
  return std::unique_ptr<SqliteStore>(new SqliteStore(loop, std::move(statements), std::move(options)));
}

SqliteStore::SqliteStore(asio::io_context& loop, std::unique_ptr<StatementCache> statements, Options options)
    : context_(loop),
      options_(std::move(options)),
      disk_(
          clock_,
          [this] {
            auto free = options_.disk_free();
            if (free) *free += unused_bytes_;
            return free;
          },
          [least = options_.disk.free_min_mib](const DiskFloor::State& state) { log_disk(state, least); },
          options_.disk),
      statements_(std::move(statements)),
      jobs_({options_.jobs_max, options_.jobs_per_user_max, options_.bytes_max, options_.bytes_per_user_max}) {
  count_unused();
  thread_ = std::thread([this] { work_until_stopped(); });
}

SqliteStore::~SqliteStore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> SqliteStore::load_devices(const std::function<void(DeviceRow, std::vector<SkillRow>)>& use) {
  return load([&use](StatementCache& statements) { read_devices(statements, use); });
}

Result<void> SqliteStore::load_taken_ids(const std::function<void(std::string)>& use) {
  return load([&use](StatementCache& statements) { read_taken_ids(statements, use); });
}

Result<void> SqliteStore::load(const std::function<void(StatementCache&)>& read) {
  loop_.check();
  const std::lock_guard lock(mutex_);  // keeps the store's thread away
  try {
    read(*statements_);
    return {};
  } catch (const SQLite::Exception& failure) {
    return fail("cannot read database " + statements_->database().getFilename() + ": " + failure.what());
  }
}

std::size_t SqliteStore::jobs_waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

std::size_t SqliteStore::bytes_waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.bytes();
}

/// The database grows only when it has no unused page, and never shrinks: without these, deleting would not help.
void SqliteStore::count_unused() {
  try {
    auto& row = statements_->bind(
        "SELECT unused.freelist_count * every.page_size FROM pragma_freelist_count unused, pragma_page_size every");
    unused_bytes_ = row.executeStep() ? static_cast<std::uint64_t>(row.getColumn(0).getInt64()) : 0;
    row.reset();
  } catch (const SQLite::Exception&) {
    unused_bytes_ = 0;
  }
}

StorageLimits SqliteStore::limits() {
  auto limits = options_.limits;
  limits.disk_low = disk_.refusal();
  return limits;
}

template <class T>
Task<Reply<T>> SqliteStore::run(Place place, std::function<Reply<T>(StatementCache&)> work) {
  loop_.check();
  auto arrival = std::make_shared<OneShot<Reply<T>>>(context_.get_executor());
  auto outcome = std::make_shared<Reply<T>>(error(ErrorCode::internal, "the store failed"));
  Job job;
  job.bytes = place.bytes;
  job.work = [work = std::move(work), outcome](StatementCache& statements) {
    *outcome = work(statements);
    return outcome->has_value();
  };
  job.bytes_read = [outcome]() -> std::size_t {
    if constexpr (std::is_void_v<T>) {
      return 0;
    } else {
      return *outcome ? bytes_read(**outcome) : 0;
    }
  };
  job.failed = [this, outcome](const SQLite::Exception& why) {
    hub_log().error("store: {}", why.what());
    auto failed = why.getErrorCode() == SQLITE_FULL ? disk_.full() : Error{ErrorCode::internal, "the store failed", {}};
    failed.cause = why.what();
    *outcome = tl::unexpected<Error>(std::move(failed));
  };
  job.reply = [arrival, outcome] { arrival->set(std::move(*outcome)); };
  {
    const std::lock_guard lock(mutex_);
    if (!jobs_.has_room_for(place.user_id, any_sender, place.bytes)) {
      co_return error(ErrorCode::busy, "too many writes are waiting", {{"retry_after_ms", 1000}});
    }
    jobs_.push(place.user_id, any_sender, std::move(job), place.bytes);
  }
  wake_.notify_one();
  auto reply = co_await arrival->wait();
  if (!reply) co_return error(ErrorCode::cancelled, "cancelled while storing");
  co_return std::move(*reply);
}

void SqliteStore::work_until_stopped() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
    }
    const auto begun_at = std::chrono::steady_clock::now();
    auto batch = commit();
    count_unused();
    const auto took = std::chrono::steady_clock::now() - begun_at;
    asio::post(context_, [done = std::move(batch), observer = observer_, took] {
      if (*observer) (*observer)(took);
      for (const auto& job : done) job.reply();
    });
  }
}

std::optional<SqliteStore::Job> SqliteStore::next_job() {
  const std::lock_guard lock(mutex_);
  return jobs_.pop();
}

/// Takes jobs in turn until the commit has no more room, or none waits. What comes while it works goes in as well.
std::vector<SqliteStore::Job> SqliteStore::commit() {
  std::vector<Job> batch;
  try {
    SQLite::Transaction transaction(statements_->database(), SQLite::TransactionBehavior::IMMEDIATE);
    CommitRoom room(clock_, options_.commit);
    while (room.is_open()) {
      auto job = next_job();
      if (!job) break;
      batch.push_back(std::move(*job));
      work_on(batch.back());
      room.count(batch.back().bytes + batch.back().bytes_read());
    }
    transaction.commit();
  } catch (const SQLite::Exception& failure) {
    // Nothing of the batch is on disk, so nothing of it may be answered as done.
    if (batch.empty()) batch = take_to_fail();
    const bool is_full = failure.getErrorCode() == SQLITE_FULL;
    if (is_full) reuse_log();
    for (auto& job : batch) is_full ? commit_alone(job) : job.failed(failure);
  }
  return batch;
}

/// When no commit can begin: they are told, or else they would be tried for ever.
std::vector<SqliteStore::Job> SqliteStore::take_to_fail() {
  std::vector<Job> batch;
  do {
    if (auto job = next_job()) batch.push_back(std::move(*job));
  } while (!batch.empty() && batch.size() < options_.commit.jobs_max && jobs_waiting() > 0);
  return batch;
}

/// With all of it in the database, the log is written from its beginning again: a revocation needs no more disk then.
void SqliteStore::reuse_log() {
  try {
    statements_->database().exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const SQLite::Exception& failure) {
    hub_log().error("store: no checkpoint: {}", failure.what());
  }
}

/// What reads, or needs little, must not fail with what needs more than there is.
void SqliteStore::commit_alone(Job& job) {
  try {
    SQLite::Transaction transaction(statements_->database(), SQLite::TransactionBehavior::IMMEDIATE);
    work_on(job);
    transaction.commit();
  } catch (const SQLite::Exception& failure) {
    job.failed(failure);
  }
}

void SqliteStore::work_on(Job& job) {
  auto& database = statements_->database();
  database.exec("SAVEPOINT job");
  try {
    if (!job.work(*statements_)) database.exec("ROLLBACK TO job");
  } catch (const SQLite::Exception& failure) {
    job.failed(failure);
    if (sqlite3_get_autocommit(database.getHandle()) != 0) throw;  // SQLite has taken back the whole transaction
    database.exec("ROLLBACK TO job");
  }
  database.exec("RELEASE job");
}

Task<Reply<std::int64_t>> SqliteStore::add_device(DeviceRow device, std::optional<NewToken> token) {
  const Place place{device.user_id, bytes_of_job};
  return run<std::int64_t>(place,
                           [this, device = std::move(device), token = std::move(token)](StatementCache& statements) {
                             return add_device_with_token(statements, limits(), device, token);
                           });
}

Task<Reply<void>> SqliteStore::change_device(std::string user_id, std::string device_id, DeviceChange change,
                                             std::optional<NewToken> token) {
  return run<void>({std::move(user_id), bytes_of_job},
                   [this, device_id = std::move(device_id), change = std::move(change),
                    token = std::move(token)](StatementCache& statements) -> Reply<void> {
                     if (update_device(statements, device_id, change) == 0)
                       return error(ErrorCode::not_found, "no such device");
                     return add_token_within(statements, options_.limits, token);
                   });
}

Task<Reply<void>> SqliteStore::add_token(NewToken token) {
  const Place place{token.row.user_id, bytes_of_job};
  return run<void>(place, [this, token = std::optional(std::move(token))](StatementCache& statements) -> Reply<void> {
    return add_token_within(statements, options_.limits, token);
  });
}

Task<Reply<std::int64_t>> SqliteStore::enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                                     std::optional<NewToken> token) {
  const Place place{device.user_id, bytes_of_job};
  return run<std::int64_t>(place,
                           [this, device = std::move(device), enroll_id = std::move(enroll_id), now_ms,
                            token = std::move(token)](StatementCache& statements) -> Reply<std::int64_t> {
                             const int spent = statements.execute(
                                 "INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)", enroll_id,
                                 now_ms);
                             if (spent == 0) return error(ErrorCode::forbidden, "this enrollment token has been used");
                             // Refused, it leaves the token unspent.
                             return add_device_with_token(statements, limits(), device, token);
                           });
}

Task<Reply<void>> SqliteStore::spend_token(std::string one_time_id, std::int64_t now_ms, NewToken given) {
  const Place place{given.row.user_id, bytes_of_job};
  return run<void>(place,
                   [this, one_time_id = std::move(one_time_id), now_ms,
                    given = std::optional(std::move(given))](StatementCache& statements) -> Reply<void> {
                     forget_spent_grants(statements, now_ms);
                     const int spent = statements.execute(
                         "INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)", one_time_id, now_ms);
                     if (spent == 0) return error(ErrorCode::forbidden, "this one-time token has been used");
                     return add_token_within(statements, options_.limits, given);
                   });
}

Task<Reply<void>> SqliteStore::add_program(NewToken renewal, NewToken access) {
  const Place place{renewal.row.user_id, bytes_of_job};
  return run<void>(
      place,
      [this, renewal = std::move(renewal), access = std::move(access)](StatementCache& statements) -> Reply<void> {
        auto added = add_token_within(statements, options_.limits, renewal);
        return added ? add_token_within(statements, options_.limits, access) : added;
      });
}

Task<Reply<bool>> SqliteStore::renew_program(NewToken renewal, NewToken access) {
  const Place place{renewal.row.user_id, bytes_of_job};
  return run<bool>(place, [this, renewal = std::move(renewal), access = std::move(access)](StatementCache& statements) {
    return renew_program_within(statements, options_.limits, renewal, access);
  });
}

Task<Reply<void>> SqliteStore::revoke_line(std::string user_id, std::string root_jti, std::int64_t now_ms,
                                           std::int64_t expires_at_ms) {
  return run<void>({std::move(user_id), bytes_of_job},
                   [root_jti = std::move(root_jti), now_ms, expires_at_ms](StatementCache& statements) {
                     return revoke_line_within(statements, root_jti, now_ms, expires_at_ms);
                   });
}

Task<Reply<void>> SqliteStore::delete_device(std::string user_id, std::string device_id,
                                             std::int64_t tokens_valid_from_ms) {
  return run<void>({std::move(user_id), bytes_of_job},
                   [device_id = std::move(device_id), tokens_valid_from_ms](StatementCache& statements) -> Reply<void> {
                     remove_device(statements, device_id, tokens_valid_from_ms);
                     return {};
                   });
}

Task<Reply<void>> SqliteStore::take_id(std::string id, std::int64_t now_ms) {
  const Place place{id, bytes_of_job};
  return run<void>(place, [id = std::move(id), now_ms](StatementCache& statements) -> Reply<void> {
    if (!insert_taken_id(statements, id, now_ms)) return error(ErrorCode::forbidden, "this id is a device's");
    return {};
  });
}

Task<Reply<void>> SqliteStore::set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) {
  return run<void>({std::move(user_id), bytes_of_job},
                   [device_id = std::move(device_id), last_seen_ms](StatementCache& statements) -> Reply<void> {
                     statements.execute("UPDATE devices SET last_seen = ? WHERE device_id = ?", last_seen_ms,
                                        device_id);
                     return {};
                   });
}

Task<Reply<void>> SqliteStore::put_skills(std::string user_id, std::string device_id, std::vector<SkillRow> skills,
                                          std::int64_t heartbeat_at_ms) {
  const Place place{std::move(user_id), bytes_of(skills)};
  return run<void>(place,
                   [this, device_id = std::move(device_id), skills = std::move(skills),
                    heartbeat_at_ms](StatementCache& statements) -> Reply<void> {
                     if (auto low = disk_.refusal(); low && !has_skills(statements, device_id, skills)) {
                       return tl::unexpected<Error>(std::move(*low));
                     }
                     write_skills(statements, device_id, skills, heartbeat_at_ms);
                     return {};
                   });
}

Task<Reply<void>> SqliteStore::set_skills_heartbeat(std::string user_id, std::string device_id,
                                                    std::int64_t heartbeat_at_ms) {
  return run<void>({std::move(user_id), bytes_of_job},
                   [device_id = std::move(device_id), heartbeat_at_ms](StatementCache& statements) -> Reply<void> {
                     statements.execute("UPDATE devices SET skills_heartbeat_at = ? WHERE device_id = ?",
                                        heartbeat_at_ms, device_id);
                     return {};
                   });
}

Task<Reply<std::optional<SessionRow>>> SqliteStore::get_session(std::string user_id, std::string session_id) {
  return run<std::optional<SessionRow>>(
      {std::move(user_id), bytes_of_job},
      [session_id = std::move(session_id)](StatementCache& statements) -> Reply<std::optional<SessionRow>> {
        return read_session(statements, session_id);
      });
}

Task<Reply<void>> SqliteStore::add_session(SessionRow session) {
  const Place place{session.user_id, bytes_of_job};
  return run<void>(place, [this, session = std::move(session)](StatementCache& statements) {
    return add_session_within(statements, limits(), session);
  });
}

Task<Reply<void>> SqliteStore::change_session(std::string user_id, std::string session_id, SessionChange change) {
  return run<void>(
      {std::move(user_id), bytes_of_job},
      [session_id = std::move(session_id), change = std::move(change)](StatementCache& statements) -> Reply<void> {
        if (update_session(statements, session_id, change) == 0) return error(ErrorCode::not_found, "no such session");
        return {};
      });
}

Task<Reply<std::optional<MessageRow>>> SqliteStore::get_message(std::string user_id, std::string session_id,
                                                                std::string message_id) {
  return run<std::optional<MessageRow>>({std::move(user_id), bytes_of_job},
                                        [session_id = std::move(session_id), message_id = std::move(message_id)](
                                            StatementCache& statements) -> Reply<std::optional<MessageRow>> {
                                          return read_message(statements, session_id, message_id);
                                        });
}

Task<Reply<void>> SqliteStore::delete_session(std::string user_id, std::string session_id) {
  return run<void>({std::move(user_id), bytes_of_job},
                   [session_id = std::move(session_id)](StatementCache& statements) -> Reply<void> {
                     statements.execute("DELETE FROM sessions WHERE session_id = ?", session_id);
                     return {};
                   });
}

Task<Reply<SessionList>> SqliteStore::list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) {
  const Place place{user_id, bytes_of_job};
  return run<SessionList>(
      place, [user_id = std::move(user_id), since_ms, limit](StatementCache& statements) -> Reply<SessionList> {
        return read_sessions(statements, user_id, since_ms, limit);
      });
}

Task<Reply<std::vector<MessageRow>>> SqliteStore::get_messages(std::string user_id, std::string session_id,
                                                               std::size_t limit, std::string before_message_id) {
  return run<std::vector<MessageRow>>(
      {std::move(user_id), bytes_of_job},
      [session_id = std::move(session_id), limit, before = std::move(before_message_id)](StatementCache& statements)
          -> Reply<std::vector<MessageRow>> { return read_messages(statements, session_id, limit, before); });
}

Task<Reply<std::size_t>> SqliteStore::append_messages(std::string user_id, std::string session_id,
                                                      std::vector<MessageRow> messages) {
  const Place place{std::move(user_id), bytes_of(messages)};
  return run<std::size_t>(
      place, [this, session_id = std::move(session_id), messages = std::move(messages)](StatementCache& statements) {
        return append_messages_within(statements, limits(), session_id, messages);
      });
}

Task<Reply<std::vector<SyncCount>>> SqliteStore::sync_sessions(std::vector<SessionUpload> uploads) {
  const Place place{uploads.empty() ? std::string() : uploads.front().session.user_id, bytes_of(uploads)};
  return run<std::vector<SyncCount>>(place, [this, uploads = std::move(uploads)](StatementCache& statements) {
    return sync_rows_within(statements, limits(), uploads);
  });
}

Task<Reply<void>> SqliteStore::add_usage(std::vector<UsageRow> rows, std::int64_t oldest_day) {
  const Place place{hub_itself, rows.size() * bytes_of_job};
  return run<void>(place, [rows = std::move(rows), oldest_day](StatementCache& statements) -> Reply<void> {
    add_usage_rows(statements, rows, oldest_day);
    return {};
  });
}

Task<Reply<void>> SqliteStore::add_chats(std::vector<UserChats> chats, std::int64_t oldest_day) {
  const Place place{hub_itself, chats.size() * bytes_of_job};
  return run<void>(place, [chats = std::move(chats), oldest_day](StatementCache& statements) -> Reply<void> {
    add_chats_of_day(statements, chats, oldest_day);
    return {};
  });
}

Task<Reply<UsageReport>> SqliteStore::read_usage(std::string user_id, std::int64_t since_day, std::size_t rows_max) {
  const Place place{user_id, bytes_of_job};
  return run<UsageReport>(place, [user_id = std::move(user_id), since_day, rows_max](StatementCache& statements) {
    return Reply<UsageReport>(read_usage_rows(statements, user_id, since_day, rows_max));
  });
}

Task<Reply<std::vector<UserTokens>>> SqliteStore::tokens_of_day(std::int64_t day, std::size_t users_max) {
  return run<std::vector<UserTokens>>({hub_itself, bytes_of_job}, [day, users_max](StatementCache& statements) {
    return Reply<std::vector<UserTokens>>(read_tokens_of_day(statements, day, users_max));
  });
}

Task<Reply<std::vector<std::string>>> SqliteStore::announced_ids() {
  return run<std::vector<std::string>>({hub_itself, bytes_of_job}, [](StatementCache& statements) {
    return Reply<std::vector<std::string>>(read_announced_ids(statements));
  });
}

Task<Reply<std::vector<AnnouncedRow>>> SqliteStore::find_announced(std::vector<std::string> ids) {
  return run<std::vector<AnnouncedRow>>({hub_itself, bytes_of_job}, [ids = std::move(ids)](StatementCache& statements) {
    return Reply<std::vector<AnnouncedRow>>(read_announced(statements, ids));
  });
}

Task<Reply<void>> SqliteStore::put_announced(std::vector<AnnouncedRow> rows) {
  const Place place{hub_itself, rows.size() * bytes_of_job};
  return run<void>(place, [rows = std::move(rows)](StatementCache& statements) -> Reply<void> {
    write_announced(statements, rows);
    return {};
  });
}

Task<Reply<void>> SqliteStore::forget_announced(std::vector<std::string> ids) {
  const Place place{hub_itself, ids.size() * bytes_of_job};
  return run<void>(place, [ids = std::move(ids)](StatementCache& statements) -> Reply<void> {
    remove_announced(statements, ids);
    return {};
  });
}

}  // namespace strawberry

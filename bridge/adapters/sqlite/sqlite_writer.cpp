#include "bridge/adapters/sqlite/sqlite_writer.h"

#include <sqlite3.h>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/pipeline/request_log.h"
#include "bridge/ports/storage.h"

namespace strawberry::bridge {
namespace {

/// Users have one queue each; their devices do not take turns within it, so that what was asked first is done first.
const std::string any_sender;

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

SqliteWriter::SqliteWriter(asio::io_context& loop, std::unique_ptr<SQLite::Database> database, Options options)
    : context_(loop),
      options_(std::move(options)),
      path_(database->getFilename()),
      disk_(
          clock_,
          [this, free_bytes = options_.disk_free ? options_.disk_free : free_bytes_beside(path_)] {
            auto free = free_bytes();
            if (free) *free += unused_bytes_;
            return free;
          },
          [least = options_.disk.free_min_mib](const DiskFloor::State& state) { log_disk(state, least); },
          options_.disk),
      statements_(std::make_unique<StatementCache>(std::move(database))),
      jobs_({options_.jobs_max, options_.jobs_per_user_max, options_.bytes_max, options_.bytes_per_user_max}) {
  count_unused();
  thread_ = std::thread([this] { work_until_stopped(); });
}

SqliteWriter::~SqliteWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> SqliteWriter::read_first(const std::function<void(StatementCache&)>& read) {
  loop_.check();
  const std::lock_guard lock(mutex_);  // keeps the writer's thread away
  try {
    read(*statements_);
    return {};
  } catch (const SQLite::Exception& failure) {
    return fail("cannot read database " + path_ + ": " + failure.what());
  }
}

std::size_t SqliteWriter::jobs_waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

std::size_t SqliteWriter::bytes_waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.bytes();
}

/// The database grows only when it has no unused page, and never shrinks: without these, deleting would not help.
void SqliteWriter::count_unused() {
  try {
    auto& row = statements_->bind(
        "SELECT unused.freelist_count * every.page_size FROM pragma_freelist_count unused, pragma_page_size every");
    unused_bytes_ = row.executeStep() ? static_cast<std::uint64_t>(row.getColumn(0).getInt64()) : 0;
    row.reset();
  } catch (const SQLite::Exception&) {
    unused_bytes_ = 0;
  }
}

StorageLimits SqliteWriter::limits() {
  auto limits = options_.limits;
  limits.disk_low = disk_.refusal();
  return limits;
}

Task<SqliteWriter::Failure> SqliteWriter::run_job(Place place, Job::Work work) {
  loop_.check();
  const auto done = std::make_shared<OneShot<Failure>>(context_.get_executor());
  {
    const std::lock_guard lock(mutex_);
    if (!jobs_.has_room_for(place.user_id, any_sender, place.bytes)) {
      co_return Error{ErrorCode::busy, "too many writes are waiting", {{"retry_after_ms", 1000}}};
    }
    jobs_.push(place.user_id, any_sender, Job{place.bytes, std::move(work), std::nullopt, done}, place.bytes);
  }
  wake_.notify_one();
  auto failure = co_await done->wait();
  if (!failure) co_return Error{ErrorCode::cancelled, "cancelled while storing", {}};
  co_return std::move(*failure);
}

Error SqliteWriter::error_of(const SQLite::Exception& why) const {
  hub_log().error("store: {}", why.what());
  auto failed = why.getErrorCode() == SQLITE_FULL ? disk_.full() : Error{ErrorCode::internal, "the store failed", {}};
  failed.cause = why.what();
  return failed;
}

void SqliteWriter::work_until_stopped() {
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
    asio::post(context_, [done = std::move(batch), events = options_.events, took] {
      if (events != nullptr) events->publish(StoreCommitted{took});
      for (const auto& job : done) job.done->set(job.failure);
    });
  }
}

std::optional<SqliteWriter::Job> SqliteWriter::next_job() {
  const std::lock_guard lock(mutex_);
  return jobs_.pop();
}

/// Takes jobs in turn until the commit has no more room, or none waits. What comes while it works goes in as well.
std::vector<SqliteWriter::Job> SqliteWriter::commit() {
  std::vector<Job> batch;
  try {
    SQLite::Transaction transaction(statements_->database(), SQLite::TransactionBehavior::IMMEDIATE);
    CommitRoom room(clock_, options_.commit);
    while (room.is_open()) {
      auto job = next_job();
      if (!job) break;
      batch.push_back(std::move(*job));
      room.count(batch.back().bytes + work_on(batch.back()));
    }
    transaction.commit();
  } catch (const SQLite::Exception& failure) {
    // Nothing of the batch is on disk, so nothing of it may be answered as done.
    if (batch.empty()) batch = take_to_fail();
    const bool is_full = failure.getErrorCode() == SQLITE_FULL;
    if (is_full) reuse_log();
    for (auto& job : batch) {
      if (is_full) {
        commit_alone(job);
      } else {
        job.failure = error_of(failure);
      }
    }
  }
  return batch;
}

/// When no commit can begin: they are told, or else they would be tried for ever.
std::vector<SqliteWriter::Job> SqliteWriter::take_to_fail() {
  std::vector<Job> batch;
  do {
    if (auto job = next_job()) batch.push_back(std::move(*job));
  } while (!batch.empty() && batch.size() < options_.commit.jobs_max && jobs_waiting() > 0);
  return batch;
}

/// With all of it in the database, the log is written from its beginning again: a revocation needs no more disk then.
void SqliteWriter::reuse_log() {
  try {
    statements_->database().exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const SQLite::Exception& failure) {
    hub_log().error("store: no checkpoint: {}", failure.what());
  }
}

/// What reads, or needs little, must not fail with what needs more than there is.
void SqliteWriter::commit_alone(Job& job) {
  try {
    SQLite::Transaction transaction(statements_->database(), SQLite::TransactionBehavior::IMMEDIATE);
    work_on(job);
    transaction.commit();
  } catch (const SQLite::Exception& failure) {
    job.failure = error_of(failure);
  }
}

/// Gives the bytes it read.
std::size_t SqliteWriter::work_on(Job& job) {
  auto& database = statements_->database();
  std::optional<std::size_t> bytes_read;
  job.failure.reset();  // of a commit that this one takes the place of
  database.exec("SAVEPOINT job");
  try {
    bytes_read = job.work(*statements_);
  } catch (const SQLite::Exception& failure) {
    job.failure = error_of(failure);
    if (sqlite3_get_autocommit(database.getHandle()) != 0) throw;  // SQLite has taken back the whole transaction
  }
  if (!bytes_read) database.exec("ROLLBACK TO job");
  database.exec("RELEASE job");
  return bytes_read.value_or(0);
}

}  // namespace strawberry::bridge

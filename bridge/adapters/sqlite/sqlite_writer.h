/// The one thread that writes the hub's database, and what is waiting goes into one transaction.
///
/// Users take turns, job by job, and the hub's own work is as one user's: who has thousands of jobs waiting delays
/// another's by the commit under way, which is bounded (CommitRoom), and one job. Each job runs in a savepoint of its
/// own, so that one that fails does not take the others with it, and one that is refused leaves nothing; every reply is
/// given after the commit that made it durable. A burst of registrations thus costs one fsync, not one each. While the
/// disk is almost full (DiskFloor), what needs room is refused; pages that are unused in the database count as free.
///
/// Threading: called on the loop; jobs run on the writer's thread; replies arrive on the loop.
/// Lifetime: destroying it finishes what was accepted.   Bounds: Options, of waiting jobs and their bytes, in all and
/// of one user; then `busy`.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "bridge/adapters/sqlite/commit_room.h"
#include "bridge/adapters/sqlite/disk_floor.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "common/contract/error.h"
#include "common/runtime/asio.h"
#include "common/runtime/events.h"
#include "common/runtime/fair_queue.h"
#include "common/runtime/loop_affinity.h"
#include "common/runtime/one_shot.h"
#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry::bridge {

/// What a job counts for besides what it carries: a row or two, and their indexes.
inline constexpr std::size_t bytes_of_job = 256;
/// Whose turn is taken by what the hub writes of its own accord.
inline const std::string hub_itself;

class SqliteWriter {
 public:
  struct Options {
    std::size_t jobs_max = 20'000;
    std::size_t jobs_per_user_max = 5'000;
    std::size_t bytes_max = 64 * 1024 * 1024;
    std::size_t bytes_per_user_max = 8 * 1024 * 1024;
    CommitRoom::Limits commit{};
    StorageLimits limits{};
    DiskFloor::Options disk{};
    DiskFloor::FreeBytes disk_free{};  // not set: the file system that the database is on
    Events* events = nullptr;          // where StoreCommitted is published; outlives the loop's work
  };
  /// In whose turn a job comes, and what it writes, about.
  struct Place {
    std::string user_id;
    std::size_t bytes = bytes_of_job;
  };

  SqliteWriter(asio::io_context& loop, std::unique_ptr<SQLite::Database> database, Options options);
  ~SqliteWriter();

  /// Runs `work(statements, args...)` on the writer's thread, in a savepoint: what it has written is rolled back when
  /// it returns an error or throws SQLite::Exception. `work` returns a Reply, another value, or nothing.
  template <class Work, class... Args>
  auto run(Place place, Work work, Args... args) {
    return run_reading(std::move(place), nullptr, std::move(work), std::move(args)...);
  }
  /// The same for `work(statements, limits(), args...)`.
  template <class Work, class... Args>
  auto run_within(Place place, Work work, Args... args) {
    const auto limited = [this, work](StatementCache& statements, const Args&... given) {
      return work(statements, limits(), given...);
    };
    return run_reading(std::move(place), nullptr, limited, std::move(args)...);
  }
  /// The same as run(), where much may be read: `bytes_of(value)` counts for the commit.
  template <class BytesOf, class Work, class... Args>
  auto run_reading(Place place, BytesOf bytes_of, Work work, Args... args) {
    using Returned = std::invoke_result_t<Work&, StatementCache&, const Args&...>;
    using Value = typename ValueOf<Returned>::Type;
    const auto outcome = std::make_shared<Reply<Value>>(error(ErrorCode::internal, "the store failed"));
    Job::Work job = [outcome, bytes_of, work = std::move(work),
                     ... args = std::move(args)](StatementCache& statements) {
      if constexpr (std::is_void_v<Returned>) {
        work(statements, args...);
        *outcome = Reply<void>();
      } else {
        *outcome = work(statements, args...);
      }
      std::size_t bytes_read = 0;
      if constexpr (!std::is_null_pointer_v<BytesOf>) bytes_read = *outcome ? bytes_of(**outcome) : 0;
      return *outcome ? std::optional(bytes_read) : std::nullopt;
    };
    return reply_of(run_job(std::move(place), std::move(job)), outcome);
  }
  /// At once and on the loop, before any job; blocks.
  Result<void> read_first(const std::function<void(StatementCache&)>& read);

  /// As they are now, with what the disk refuses. For jobs.
  StorageLimits limits();
  DiskFloor::State disk() { return disk_.look(); }
  std::size_t jobs_waiting() const;
  std::size_t bytes_waiting() const;
  const std::string& path() const { return path_; }

 private:
  template <class T>
  struct ValueOf {
    using Type = T;
  };
  template <class T>
  struct ValueOf<Reply<T>> {
    using Type = T;
  };
  using Failure = std::optional<Error>;
  struct Job {
    /// Returns the bytes read; nothing when its writes are to be rolled back.
    using Work = std::function<std::optional<std::size_t>(StatementCache&)>;

    std::size_t bytes = 0;  // what it writes
    Work work;              // writer's thread; may throw
    Failure failure;        // of SQLite, whatever work gave
    std::shared_ptr<OneShot<Failure>> done;
  };

  /// Returns when what `work` did is durable, or why it is not.
  Task<Failure> run_job(Place place, Job::Work work);
  /// `outcome` is shared: the job goes on when the coroutine is cancelled.
  template <class T>
  static Task<Reply<T>> reply_of(Task<Failure> job, std::shared_ptr<Reply<T>> outcome);
  void work_until_stopped();
  std::optional<Job> next_job();
  std::vector<Job> commit();
  std::vector<Job> take_to_fail();
  void reuse_log();
  void commit_alone(Job& job);
  std::size_t work_on(Job& job);
  Error error_of(const SQLite::Exception& why) const;
  void count_unused();

  LoopAffinity loop_;
  asio::io_context& context_;
  const Options options_;
  const std::string path_;
  const SystemClock clock_;
  std::atomic<std::uint64_t> unused_bytes_{0};  // of the database: what it takes before it grows
  DiskFloor disk_;
  const std::unique_ptr<StatementCache> statements_;  // the writer's thread, after read_first()

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  FairQueue<Job> jobs_;
  bool stopping_ = false;

  std::thread thread_;  // last: everything it uses is there before it
};

template <class T>
Task<Reply<T>> SqliteWriter::reply_of(Task<Failure> job, std::shared_ptr<Reply<T>> outcome) {
  auto failure = co_await std::move(job);
  if (failure) co_return tl::unexpected<Error>(std::move(*failure));
  co_return std::move(*outcome);
}

}  // namespace strawberry::bridge

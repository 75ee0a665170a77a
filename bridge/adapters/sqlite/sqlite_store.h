/// Store and AnnouncementLedger on SQLite: one thread writes, and what is waiting goes into one transaction.
///
/// Users take turns, job by job, and the hub's own work is as one user's: who has thousands of jobs waiting delays
/// another's by the commit under way, which is bounded (CommitRoom), and one job. Each job runs in a savepoint of its
/// own, so that one that fails does not take the others with it, and one that is refused leaves nothing; every reply is
/// given after the commit that made it durable. A burst of registrations thus costs one fsync, not one each. While the
/// disk is almost full (DiskFloor), what needs room is refused; pages that are unused in the database count as free.
///
/// Threading: called on the loop; jobs run on the store's thread; replies arrive on the loop.
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
#include <vector>

#include "bridge/adapters/sqlite/commit_room.h"
#include "bridge/adapters/sqlite/disk_floor.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/announcements.h"
#include "bridge/ports/store.h"
#include "common/runtime/asio.h"
#include "common/runtime/fair_queue.h"
#include "common/runtime/loop_affinity.h"
#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry {

class StatementCache;

class SqliteStore final : public Store, public AnnouncementLedger {
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
  };

  static Result<std::unique_ptr<SqliteStore>> open(asio::io_context& loop, const std::string& path, Options options);
  /// On a database that is open and up to date.
  static std::unique_ptr<SqliteStore> over(asio::io_context& loop, std::unique_ptr<SQLite::Database> database,
                                           Options options);
  ~SqliteStore() override;

  /// Everything the bridge keeps in memory, one device with its skills after the other. Called once, before any job;
  /// blocks.
  Result<void> load_devices(const std::function<void(DeviceRow, std::vector<SkillRow>)>& use);
  /// Every id of a user or admin. As load_devices().
  Result<void> load_taken_ids(const std::function<void(std::string)>& use);
  std::size_t jobs_waiting() const;
  std::size_t bytes_waiting() const;
  /// Logged when it changes, so somebody should ask from time to time.
  DiskFloor::State disk() { return disk_.look(); }
  /// Told on the loop of every commit: how long it took, with all that was in it.
  void observe_with(std::function<void(std::chrono::nanoseconds)> observer) { *observer_ = std::move(observer); }

  Task<Reply<std::int64_t>> add_device(DeviceRow device, std::optional<NewToken> token = {}) override;
  Task<Reply<void>> change_device(std::string user_id, std::string device_id, DeviceChange change,
                                  std::optional<NewToken> token = {}) override;
  Task<Reply<std::int64_t>> enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                          std::optional<NewToken> token = {}) override;
  Task<Reply<void>> add_token(NewToken token) override;
  Task<Reply<void>> spend_token(std::string one_time_id, std::int64_t now_ms, NewToken given) override;
  Task<Reply<void>> add_program(NewToken renewal, NewToken access) override;
  Task<Reply<bool>> renew_program(NewToken renewal, NewToken access) override;
  Task<Reply<void>> revoke_line(std::string user_id, std::string root_jti, std::int64_t now_ms,
                                std::int64_t expires_at_ms) override;
  Task<Reply<void>> delete_device(std::string user_id, std::string device_id,
                                  std::int64_t tokens_valid_from_ms) override;
  Task<Reply<void>> take_id(std::string id, std::int64_t now_ms) override;
  Task<Reply<void>> set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) override;
  Task<Reply<void>> put_skills(std::string user_id, std::string device_id, std::vector<SkillRow> skills,
                               std::int64_t heartbeat_at_ms) override;
  Task<Reply<void>> set_skills_heartbeat(std::string user_id, std::string device_id,
                                         std::int64_t heartbeat_at_ms) override;
  Task<Reply<std::optional<SessionRow>>> get_session(std::string user_id, std::string session_id) override;
  Task<Reply<void>> add_session(SessionRow session) override;
  Task<Reply<void>> change_session(std::string user_id, std::string session_id, SessionChange change) override;
  Task<Reply<void>> delete_session(std::string user_id, std::string session_id) override;
  Task<Reply<SessionList>> list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) override;
  Task<Reply<std::optional<MessageRow>>> get_message(std::string user_id, std::string session_id,
                                                     std::string message_id) override;
  Task<Reply<std::vector<MessageRow>>> get_messages(std::string user_id, std::string session_id, std::size_t limit,
                                                    std::string before_message_id) override;
  Task<Reply<std::size_t>> append_messages(std::string user_id, std::string session_id,
                                           std::vector<MessageRow> messages) override;
  Task<Reply<std::vector<SyncCount>>> sync_sessions(std::vector<SessionUpload> uploads) override;
  Task<Reply<void>> add_usage(std::vector<UsageRow> rows, std::int64_t oldest_day) override;
  Task<Reply<void>> add_chats(std::vector<UserChats> chats, std::int64_t oldest_day) override;
  Task<Reply<UsageReport>> read_usage(std::string user_id, std::int64_t since_day, std::size_t rows_max) override;
  Task<Reply<std::vector<UserTokens>>> tokens_of_day(std::int64_t day, std::size_t users_max) override;

  Task<Reply<std::vector<std::string>>> announced_ids() override;
  Task<Reply<std::vector<AnnouncedRow>>> find_announced(std::vector<std::string> ids) override;
  Task<Reply<void>> put_announced(std::vector<AnnouncedRow> rows) override;
  Task<Reply<void>> forget_announced(std::vector<std::string> ids) override;

 private:
  struct Job {
    std::size_t bytes = 0;                                     // what it writes
    std::function<bool(StatementCache&)> work;                 // store's thread; false: take it back; may throw
    std::function<std::size_t()> bytes_read;                   // store's thread, after work
    std::function<void(const SQLite::Exception& why)> failed;  // store's thread; replaces the job's reply
    std::function<void()> reply;                               // loop
  };
  /// In whose turn a job comes, and what it writes, about.
  struct Place {
    std::string user_id;
    std::size_t bytes = 0;
  };

  using Observer = std::function<void(std::chrono::nanoseconds)>;

  SqliteStore(asio::io_context& loop, std::unique_ptr<StatementCache> statements, Options options);
  Result<void> load(const std::function<void(StatementCache&)>& read);
  template <class T>
  Task<Reply<T>> run(Place place, std::function<Reply<T>(StatementCache&)> work);
  void work_until_stopped();
  std::optional<Job> next_job();
  std::vector<Job> commit();
  std::vector<Job> take_to_fail();
  void reuse_log();
  void commit_alone(Job& job);
  void work_on(Job& job);
  void count_unused();
  StorageLimits limits();

  LoopAffinity loop_;
  asio::io_context& context_;
  const Options options_;
  const SystemClock clock_;
  std::atomic<std::uint64_t> unused_bytes_{0};  // of the database: what it takes before it grows
  DiskFloor disk_;
  /// Loop only; shared with the commits that are on their way to it.
  const std::shared_ptr<Observer> observer_ = std::make_shared<Observer>();
  std::unique_ptr<StatementCache> statements_;  // the store's thread, after load_devices()

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  FairQueue<Job> jobs_;
  bool stopping_ = false;

  std::thread thread_;  // last: everything it uses is there before it
};

}  // namespace strawberry

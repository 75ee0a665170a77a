/// The usage ledger over the store: counts in memory, written in groups by flush(), which somebody calls every second
/// and once more at the end. A crash loses what was not flushed, a clean stop nothing.
///
/// Threading: loop only.   Lifetime: outlives the chats and every flush().
/// Errors: as UsageLedger and UserQuota; `busy` or `internal` when the store fails, and what was to be written is kept
/// for the next time. Bounds: Options::rows_pending_max (what does not fit is not counted, and logged),
/// report_rows_max, days_kept, chat_days_kept; tokens_per_reply_max, since a provider may say anything.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bridge/pipeline/user_quota.h"
#include "bridge/ports/usage_store.h"
#include "bridge/usage/usage_ledger.h"
#include "bridge/usage/user_limits.h"
#include "common/runtime/events.h"
#include "common/runtime/signal.h"

namespace strawberry::bridge {

/// A user has begun a chat or used tokens.
struct UsageChanged {
  std::string user_id;
};

class StoredUsageLedger final : public UsageLedger, public UserQuota {
 public:
  static constexpr std::size_t report_rows_max = 1'000;
  static constexpr std::chrono::days days_kept{400};
  static constexpr std::chrono::days chat_days_kept{7};
  static constexpr std::int64_t tokens_per_reply_max = 1'000'000'000;

  struct Options {
    UserLimits::Options limits;
    std::size_t rows_pending_max = 10'000;
  };
  StoredUsageLedger(const Clock& clock, UsageStore& store, Events& events, Options options)
      : clock_(clock), store_(store), events_(events), options_(options), limits_(clock, options.limits) {}

  /// What was used today before this start. To be finished before the first take().
  Task<Reply<void>> load();
  Task<Reply<void>> flush();

  UsedToday used_today(const std::string& user_id) const { return limits_.used_today(user_id); }
  const UserLimits& limits() const { return limits_; }

  /// Of the user's chats a minute and tokens a day (UserLimits): one more chat.
  std::optional<Error> take(const std::string& user_id) override;
  void give_back(const std::string& user_id) override;
  void record(const Principal& sender, const ModelReply& reply) override;
  /// Whatever was recorded before is in it.
  Task<Reply<nlohmann::json>> report(std::string user_id, int days) override;

  std::size_t rows_pending() const { return pending_.size(); }

 private:
  /// user, day, device, provider, model, estimated
  using Key = std::tuple<std::string, std::int64_t, std::string, std::string, std::string, bool>;
  void add(Key key, const UsageCount& count);
  void add_chats(const std::string& user_id, std::int64_t day, std::int64_t chats);
  Task<Reply<void>> flush_usage();
  Task<void> usage_written();
  class UsageWrite;
  Task<Reply<void>> flush_chats();

  const Clock& clock_;
  UsageStore& store_;
  Events& events_;
  const Options options_;
  UserLimits limits_;
  std::map<Key, UsageCount> pending_;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> pending_chats_;  // by day and user
  bool is_full_ = false;
  std::size_t usage_writes_ = 0;                  // on their way to the store
  std::vector<std::shared_ptr<Signal>> waiting_;  // for there to be none: reports, which the request pipeline bounds
};

}  // namespace strawberry::bridge

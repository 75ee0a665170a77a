/// Whether a user may chat now: so many chats a minute, so many tokens a day (UTC). Pure. An admin may have set other
/// numbers for a user (UserLimitTable); a change holds for the next chat.
///
/// A bucket per user that is full at first: all of a minute's chats may come at once, and one comes back every
/// 60 s / chats_per_minute_max.
/// Threading: loop only.   Errors: rate_limited, quota_exceeded. Bounds: Options::users_max; the user not heard of for
/// longest is forgotten, with what it used today.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bridge/ports/user_limit_table.h"
#include "common/contract/error.h"
#include "common/runtime/user_rate.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

using UtcDay = std::chrono::sys_days;
UtcDay utc_day(const Clock& clock);

struct UsedToday {
  std::int64_t chats = 0;
  std::int64_t tokens = 0;
};

class UserLimits {
 public:
  struct Options {
    std::int64_t chats_per_minute_max = 0;  // 0: any number
    std::int64_t tokens_per_day_max = 0;    // 0: any number
    std::size_t users_max = 100'000;
    const UserLimitTable* own = nullptr;  // outlives it; null: the two above hold for everybody
  };
  /// Of the chats that may come at once.
  struct ChatsNow {
    std::int64_t used = 0;
    std::optional<std::chrono::nanoseconds> back_in;  // when all are to be had again; nothing: they are
  };
  UserLimits(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Takes one chat from the user's minute; or why there is none to be had. Details: retry_after_ms, and ends_at of a
  /// quota.
  std::optional<Error> admit(const std::string& user_id);
  /// Of a chat that admit() counted and that did not take place.
  void give_back(const std::string& user_id);
  void add_tokens(const std::string& user_id, UtcDay day, std::int64_t tokens);
  /// Chats of before, that admit() has not seen.
  void add_chats(const std::string& user_id, UtcDay day, std::int64_t chats);

  /// What was used today; nothing of a user who is not known (any more).
  UsedToday used_today(const std::string& user_id) const;

  ChatsNow chats_now(const std::string& user_id) const;
  /// How many users have used up their tokens of today.
  std::int64_t users_out_of_tokens() const;
  std::int64_t users_out_of_chats() const;

  std::size_t users() const { return users_.size(); }

 private:
  struct User {
    std::string id;
    RateBucket chats_of_minute{};
    UtcDay day{};
    std::int64_t tokens = 0;  // of that day
    std::int64_t chats = 0;   // likewise
  };
  User& find(const std::string& user_id, UtcDay day);
  std::int64_t most(const std::string& user_id, LimitKind kind) const;
  bool is_out_of_tokens(const User& user) const;
  std::optional<Error> check_tokens(const User& user) const;
  std::optional<Error> take_chat(User& user) const;

  const Clock& clock_;
  const Options options_;
  std::list<User> by_use_;                                                 // the latest first
  std::unordered_map<std::string_view, std::list<User>::iterator> users_;  // keys are the ids in by_use_
};

}  // namespace strawberry::bridge

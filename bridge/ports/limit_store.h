/// The limits that an admin has given single users instead of the configuration's, and what users have of what is
/// limited.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

/// What a user may have so much of, or do so often.
enum class LimitKind { devices, skills, sessions, messages, stored_bytes, chats_per_minute, tokens_per_day };

struct LimitName {
  LimitKind kind;
  std::string_view name;    // in `limits` and `quota`
  std::string_view option;  // in the configuration, and in details.limit of a refusal
};

inline constexpr std::array limit_names = {
    LimitName{LimitKind::devices, "devices", "devices_per_user_max"},
    LimitName{LimitKind::skills, "skills", "skills_per_user_max"},
    LimitName{LimitKind::sessions, "sessions", "sessions_per_user_max"},
    LimitName{LimitKind::messages, "messages", "messages_per_user_max"},
    LimitName{LimitKind::stored_bytes, "stored_bytes", "stored_bytes_per_user_max"},
    LimitName{LimitKind::chats_per_minute, "chats_per_minute", "chat_requests_per_minute"},
    LimitName{LimitKind::tokens_per_day, "tokens_per_day", "chat_tokens_per_day"},
};
inline constexpr std::size_t limits_count = limit_names.size();

/// Nothing for a name that is none.
constexpr std::optional<LimitKind> parse_limit(std::string_view name) {
  for (const auto& each : limit_names)
    if (each.name == name) return each.kind;
  return std::nullopt;
}
constexpr const LimitName& name_of(LimitKind kind) { return limit_names[static_cast<std::size_t>(kind)]; }

/// Of one user, those that are not the configuration's. 0: any number.
using UserLimitRows = std::map<LimitKind, std::int64_t>;

struct StoredAmounts {
  std::int64_t sessions = 0;
  std::int64_t messages = 0;
  std::int64_t bytes = 0;

  bool operator==(const StoredAmounts&) const = default;
};

/// How many users have as much as they may.
using UsersAtLimit = std::map<LimitKind, std::int64_t>;

class LimitStore {
 public:
  virtual ~LimitStore() = default;

  /// Replaces those of this user that are named; without a value it is the configuration's again.
  virtual Task<Reply<void>> put_limits(std::string user_id,
                                       std::map<LimitKind, std::optional<std::int64_t>> limits) = 0;
  virtual Task<Reply<StoredAmounts>> stored_amounts(std::string user_id) = 0;
  /// Of sessions, messages and bytes, which the database counts.
  virtual Task<Reply<UsersAtLimit>> users_at_limit() = 0;
};

}  // namespace strawberry::bridge

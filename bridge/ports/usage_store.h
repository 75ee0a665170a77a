/// What was used of language models, by user and day.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct UsageCount {
  std::int64_t requests = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;

  std::int64_t tokens() const { return prompt_tokens + completion_tokens; }
  UsageCount& operator+=(const UsageCount& more) {
    requests += more.requests;
    prompt_tokens += more.prompt_tokens;
    completion_tokens += more.completion_tokens;
    return *this;
  }
  bool operator==(const UsageCount&) const = default;
};

/// What one device used of one model on one day.
struct UsageRow {
  std::string user_id;
  std::int64_t day = 0;  // days since the Unix epoch, UTC
  std::string device_id;
  std::string provider;
  std::string model;
  bool estimated = false;  // the provider did not say how many tokens it were
  UsageCount count;
};

/// Rows of one user and day. What is beyond is counted in one more, of no device and provider and this model.
inline constexpr std::size_t usage_rows_max = 500;
inline constexpr const char* usage_model_other = "other";

struct UsageReport {
  std::vector<UsageRow> rows;
  UsageCount total;  // of all there are
  std::int64_t estimated_tokens = 0;
  std::size_t rows_there = 0;
};

struct UserTokens {
  std::string user_id;
  std::int64_t tokens = 0;
  std::int64_t chats = 0;
};

struct UserChats {
  std::string user_id;
  std::int64_t day = 0;  // days since the Unix epoch, UTC
  std::int64_t chats = 0;
};

class UsageStore {
 public:
  virtual ~UsageStore() = default;

  /// Adds to what is there, and forgets the days before `oldest_day`.
  virtual Task<Reply<void>> add_usage(std::vector<UsageRow> rows, std::int64_t oldest_day) = 0;
  /// Likewise.
  virtual Task<Reply<void>> add_chats(std::vector<UserChats> chats, std::int64_t oldest_day) = 0;
  /// From `since_day` on, the newest `rows_max`, newest day first.
  virtual Task<Reply<UsageReport>> read_usage(std::string user_id, std::int64_t since_day, std::size_t rows_max) = 0;
  /// The `users_max` users who used the most tokens on that day; with their chats.
  virtual Task<Reply<std::vector<UserTokens>>> tokens_of_day(std::int64_t day, std::size_t users_max) = 0;
};

}  // namespace strawberry::bridge

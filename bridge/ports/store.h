/// The hub's memory on disk. Every write is durable before its Task completes.
/// Implemented by adapters/sqlite/; rows are plain structs.
///
/// Users take turns: each call says whose it is (`user_id`, where its rows do not), and one user's calls are worked off
/// in their order.
///
/// Threading: called on the loop; the work happens on the store's own thread.   Errors: `internal` (logged with its
/// cause), `busy` when too much of the user's or of all waits, or `quota_exceeded` (details.limit, max and used) when
/// the user would have more devices, tokens, sessions, messages or bytes than allowed; with the limit
/// `disk_free_min_mib` (details.min and free) while the disk is almost full and the call would need room. A write that
/// is refused leaves nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/token_row.h"
#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry {

struct DeviceRow {
  std::string device_id;
  std::string user_id;
  std::string name;
  std::string normalized_name;
  bool is_active = true;
  std::int64_t tokens_valid_from_ms = 0;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> last_seen_ms;
  std::optional<std::int64_t> skills_heartbeat_at_ms;

  bool operator==(const DeviceRow&) const = default;
};

/// What changes about a device; the rest stays as it is in the database, whatever was read before.
struct DeviceChange {
  std::optional<std::string> name;
  std::optional<std::string> normalized_name;
  std::optional<bool> is_active;
  std::optional<std::int64_t> tokens_valid_from_ms;  // never moves back
};

struct SkillRow {
  std::string class_name;
  std::string function_name;
  std::string signature;
  std::string docstring;
  bool device_agnostic = false;
  bool confirm = false;
};

struct SessionRow {
  std::string session_id;
  std::string user_id;
  std::string device_id;
  std::string title;
  std::int64_t message_count = 0;
  bool is_active = true;
  std::int64_t created_at_ms = 0;
  std::int64_t last_activity_ms = 0;
};

struct SessionChange {
  std::optional<std::string> title;
  std::optional<bool> is_active;
  std::optional<std::int64_t> last_activity_ms;  // never moves back
  std::optional<std::string> default_title;      // for when it has none in the database, whatever was read before
};

struct MessageRow {
  std::string message_id;
  std::string role;  // user or assistant
  std::string content;
  std::int64_t created_at_ms = 0;
};

/// What one reading of messages may take into memory, unless a single message is larger.
inline constexpr std::size_t messages_read_bytes_max = 512 * 1024;

/// A session as somebody else kept it. `title` is for when the hub has none.
struct SessionUpload {
  SessionRow session;
  std::vector<MessageRow> messages;
};

struct SyncCount {
  std::size_t added = 0;
  std::size_t already_there = 0;

  bool operator==(const SyncCount&) const = default;
};

struct SessionList {
  std::vector<SessionRow> sessions;
  std::size_t total = 0;
};

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

class Store {
 public:
  virtual ~Store() = default;

  /// A new device. Gives from when on its tokens are valid: as `device` says, or later, so that those of an earlier
  /// device of that id stay dead. `forbidden` when its id is a user's or admin's, `bad_request` when its user's id is a
  /// device's. With the token that is given for it, as add_token(), but date_from() that moment; likewise in the two
  /// that follow.
  virtual Task<Reply<std::int64_t>> add_device(DeviceRow device, std::optional<NewToken> token = {}) = 0;
  /// `not_found` when it is not there (any more): a device that was deleted meanwhile stays deleted.
  virtual Task<Reply<void>> change_device(std::string user_id, std::string device_id, DeviceChange change,
                                          std::optional<NewToken> token = {}) = 0;
  /// As add_device(), and marks the one-time token as spent; fails with `forbidden` when it was already.
  virtual Task<Reply<std::int64_t>> enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                                  std::optional<NewToken> token = {}) = 0;
  /// Puts a token on the list before anybody has it. `forbidden` when the one that asks for it, or its line, was taken
  /// back meanwhile; `busy` in the second in which all of the user's tokens were: this one would be dead, too. Needs no
  /// room on the disk: or else a full one would lock devices out.
  virtual Task<Reply<void>> add_token(NewToken token) = 0;
  /// Marks the one-time token of `one_time_id` as spent, and puts `given`, which it buys, on the list as add_token().
  /// `forbidden` when it was spent before.
  virtual Task<Reply<void>> spend_token(std::string one_time_id, std::int64_t now_ms, NewToken given) = 0;
  /// The first two tokens of a program's line, as add_token(): both or none.
  virtual Task<Reply<void>> add_program(NewToken renewal, NewToken access) = 0;
  /// The next two. `renewal` takes the place on the list of the token that asks, and both get that one's name. False
  /// when that is there no more: it was used before, so that two have copies of it, and now its whole line is revoked.
  virtual Task<Reply<bool>> renew_program(NewToken renewal, NewToken access) = 0;
  /// Revokes a line, whose last token expires at `expires_at_ms` at the latest. Once more does no harm.
  virtual Task<Reply<void>> revoke_line(std::string user_id, std::string root_jti, std::int64_t now_ms,
                                        std::int64_t expires_at_ms) = 0;
  /// The device with its skills. Tokens of that id that were issued before `tokens_valid_from_ms` stay dead, whoever
  /// registers it again.
  virtual Task<Reply<void>> delete_device(std::string user_id, std::string device_id,
                                          std::int64_t tokens_valid_from_ms) = 0;
  /// The id of a user or an admin: from now on no device may have it. `forbidden` when one has it.
  virtual Task<Reply<void>> take_id(std::string id, std::int64_t now_ms) = 0;
  virtual Task<Reply<void>> set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) = 0;

  /// Replaces everything the device had. Skills that are there already need no room.
  virtual Task<Reply<void>> put_skills(std::string user_id, std::string device_id, std::vector<SkillRow> skills,
                                       std::int64_t heartbeat_at_ms) = 0;
  virtual Task<Reply<void>> set_skills_heartbeat(std::string user_id, std::string device_id,
                                                 std::int64_t heartbeat_at_ms) = 0;

  /// Whoever's it is: the caller compares.
  virtual Task<Reply<std::optional<SessionRow>>> get_session(std::string user_id, std::string session_id) = 0;
  virtual Task<Reply<void>> add_session(SessionRow session) = 0;
  /// `not_found` when it is not there (any more).
  virtual Task<Reply<void>> change_session(std::string user_id, std::string session_id, SessionChange change) = 0;
  /// With its messages.
  virtual Task<Reply<void>> delete_session(std::string user_id, std::string session_id) = 0;
  /// The user's sessions with activity at or after `since_ms`: the `limit` last active, newest first, and how many
  /// there are.
  virtual Task<Reply<SessionList>> list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) = 0;
  virtual Task<Reply<std::optional<MessageRow>>> get_message(std::string user_id, std::string session_id,
                                                             std::string message_id) = 0;
  /// The newest `limit` (fewer when they are long: messages_read_bytes_max) of those before `before_message_id` (all
  /// when empty), oldest first.
  virtual Task<Reply<std::vector<MessageRow>>> get_messages(std::string user_id, std::string session_id,
                                                            std::size_t limit, std::string before_message_id) = 0;
  /// Appends to a session that exists (else `not_found`), counts them and moves last_activity, to now at most; a
  /// message_id already there is skipped. Gives how many were added.
  virtual Task<Reply<std::size_t>> append_messages(std::string user_id, std::string session_id,
                                                   std::vector<MessageRow> messages) = 0;
  /// All of them or none: opens the sessions that are not there, and adds the messages whose ids are not. Where there
  /// is a session already it keeps what it has, and last_activity follows the messages added, up to the upload's own.
  /// `not_found` (details.session_id) when one belongs to another user than its upload says.
  virtual Task<Reply<std::vector<SyncCount>>> sync_sessions(std::vector<SessionUpload> uploads) = 0;

  /// Adds to what is there, and forgets the days before `oldest_day`.
  virtual Task<Reply<void>> add_usage(std::vector<UsageRow> rows, std::int64_t oldest_day) = 0;
  /// Likewise.
  virtual Task<Reply<void>> add_chats(std::vector<UserChats> chats, std::int64_t oldest_day) = 0;
  /// From `since_day` on, the newest `rows_max`, newest day first.
  virtual Task<Reply<UsageReport>> read_usage(std::string user_id, std::int64_t since_day, std::size_t rows_max) = 0;
  /// The `users_max` users who used the most tokens on that day; with their chats.
  virtual Task<Reply<std::vector<UserTokens>>> tokens_of_day(std::int64_t day, std::size_t users_max) = 0;
};

}  // namespace strawberry

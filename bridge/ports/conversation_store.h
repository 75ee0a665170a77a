/// Stored conversations: sessions and their messages.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

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
  std::optional<std::string> default_title;      // used when it has none in the database, whatever was read before
};

struct MessageRow {
  std::string message_id;
  std::string role;  // user or assistant
  std::string content;
  std::int64_t created_at_ms = 0;
};

/// How much text one query of messages may read into memory, unless a single message is larger.
inline constexpr std::size_t messages_read_bytes_max = 512 * 1024;

/// A session that a Spoke kept. `title` is used when the hub has none.
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

class ConversationStore {
 public:
  virtual ~ConversationStore() = default;

  /// Returns a session of any user: the caller compares.
  virtual Task<Reply<std::optional<SessionRow>>> get_session(std::string user_id, std::string session_id) = 0;
  /// Leaves a session with this id unchanged if the user has one.
  virtual Task<Reply<void>> add_session(SessionRow session) = 0;
  /// `not_found` when there is no such session (any more).
  virtual Task<Reply<void>> change_session(std::string user_id, std::string session_id, SessionChange change) = 0;
  /// Deletes the session with its messages.
  virtual Task<Reply<void>> delete_session(std::string user_id, std::string session_id) = 0;
  /// Returns the user's sessions with activity at or after `since_ms`: the `limit` last active, newest first, and their
  /// total number.
  virtual Task<Reply<SessionList>> list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) = 0;
  virtual Task<Reply<std::optional<MessageRow>>> get_message(std::string user_id, std::string session_id,
                                                             std::string message_id) = 0;
  /// Returns the newest `limit` messages (fewer when they are long: messages_read_bytes_max) before `before_message_id`
  /// (of all when empty), oldest first.
  virtual Task<Reply<std::vector<MessageRow>>> get_messages(std::string user_id, std::string session_id,
                                                            std::size_t limit, std::string before_message_id) = 0;
  /// Appends to an existing session (else `not_found`), counts the messages and moves last_activity, to now at most;
  /// skips a message_id that exists. Returns how many were added.
  virtual Task<Reply<std::size_t>> append_messages(std::string user_id, std::string session_id,
                                                   std::vector<MessageRow> messages) = 0;
  /// Stores all of them or none: creates missing sessions, and adds missing messages by id. An existing session keeps
  /// its data, and last_activity follows the added messages, up to the upload's own. `not_found` (details.session_id)
  /// when one belongs to another user than its upload says.
  virtual Task<Reply<std::vector<SyncCount>>> sync_sessions(std::vector<SessionUpload> uploads) = 0;
};

}  // namespace strawberry::bridge

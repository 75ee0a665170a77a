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

class ConversationStore {
 public:
  virtual ~ConversationStore() = default;

  /// Whoever's it is: the caller compares.
  virtual Task<Reply<std::optional<SessionRow>>> get_session(std::string user_id, std::string session_id) = 0;
  /// A session of this id that the user has already stays as it is.
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
};

}  // namespace strawberry::bridge

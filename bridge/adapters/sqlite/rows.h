/// The hub's rows in SQL, both ways. Called inside a transaction on the store's thread; SQLite::Exception goes to its
/// job.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/store.h"

namespace strawberry {

using UseDevice = std::function<void(DeviceRow, std::vector<SkillRow>)>;

/// In the order of their ids.
void read_devices(StatementCache& statements, const UseDevice& use);
void insert_device(StatementCache& statements, const DeviceRow& device);
/// How many rows it found: 0 or 1.
int update_device(StatementCache& statements, const std::string& device_id, const DeviceChange& change);
/// Whether write_skills() would have no skill to write; it may have some to remove.
bool has_skills(StatementCache& statements, const std::string& device_id, const std::vector<SkillRow>& skills);
/// Writes only what is not there already.
void write_skills(StatementCache& statements, const std::string& device_id, const std::vector<SkillRow>& skills,
                  std::int64_t heartbeat_at_ms);

std::optional<SessionRow> read_session(StatementCache& statements, const std::string& session_id);
void insert_session(StatementCache& statements, const SessionRow& session);
int update_session(StatementCache& statements, const std::string& session_id, const SessionChange& change);
SessionList read_sessions(StatementCache& statements, const std::string& user_id, std::int64_t since_ms,
                          std::size_t limit);

std::optional<MessageRow> read_message(StatementCache& statements, const std::string& session_id,
                                       const std::string& message_id);
std::vector<MessageRow> read_messages(StatementCache& statements, const std::string& session_id, std::size_t limit,
                                      const std::string& before_message_id);
/// False when the session has a message of that id already.
bool insert_message(StatementCache& statements, const std::string& session_id, const MessageRow& message);
std::size_t write_messages(StatementCache& statements, const std::string& session_id,
                           const std::vector<MessageRow>& messages);

}  // namespace strawberry

/// Sessions and their messages in SQL. As device_rows.h: inside a transaction on the store's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/conversation_store.h"

namespace strawberry::bridge {

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

}  // namespace strawberry::bridge

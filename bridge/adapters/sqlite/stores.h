/// The stores of bridge/ports on SQLite, each a face of the one writer.
///
/// Threading, errors, bounds: as SqliteWriter.   Lifetime: the writer outlives them.
#pragma once

#include <memory>

#include "bridge/ports/storage.h"

namespace strawberry::bridge {

class SqliteWriter;

std::unique_ptr<DeviceStore> make_device_store(SqliteWriter& writer);
std::unique_ptr<SkillStore> make_skill_store(SqliteWriter& writer);
std::unique_ptr<ConversationStore> make_conversation_store(SqliteWriter& writer);
std::unique_ptr<UsageStore> make_usage_store(SqliteWriter& writer);
std::unique_ptr<AuditStore> make_audit_store(SqliteWriter& writer);
std::unique_ptr<ExportStore> make_export_store(SqliteWriter& writer);
std::unique_ptr<LimitStore> make_limit_store(SqliteWriter& writer);
std::unique_ptr<UserStore> make_user_store(SqliteWriter& writer);
std::unique_ptr<AnnouncementLedger> make_announcement_ledger(SqliteWriter& writer);

}  // namespace strawberry::bridge

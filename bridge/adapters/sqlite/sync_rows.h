/// Sessions that were kept elsewhere, merged into the hub's rows. As device_rows.h: inside a transaction on the store's
/// thread.
#pragma once

#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/conversation_store.h"

namespace strawberry::bridge {

/// ConversationStore::sync_sessions(). Refuses before anything is written.
Reply<std::vector<SyncCount>> sync_rows(StatementCache& statements, const std::vector<SessionUpload>& uploads);

}  // namespace strawberry::bridge

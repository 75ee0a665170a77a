/// Writes a user's records (ports/export_store.h) into the database. Existing data stays, except what an import may
/// overwrite, so that importing the same records again changes nothing.
///
/// Inside a transaction on the store's thread; the caller rolls back what a refused record has written.
/// Errors: `forbidden` for a device or session of another user; `bad_request` for a piece whose beginning is missing;
/// quota_exceeded as check_devices() and passed_limit() say.
#pragma once

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/export_store.h"

namespace strawberry::bridge {

Reply<ImportCount> import_records(StatementCache& statements, const StorageLimits& limits,
                                  const ImportRequest& request);

}  // namespace strawberry::bridge

/// Records of a user (ports/export_store.h) into the database: what is there already stays, but for what an import may
/// overwrite, so that the same records once more change nothing.
///
/// Inside a transaction on the store's thread; the caller takes back what a refused one has written.
/// Errors: `forbidden` for a device or session of somebody else's; `bad_request` for a piece whose beginning is
/// missing; quota_exceeded as check_devices() and passed_limit() say.
#pragma once

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/export_store.h"

namespace strawberry::bridge {

Reply<ImportCount> import_records(StatementCache& statements, const StorageLimits& limits,
                                  const ImportRequest& request);

}  // namespace strawberry::bridge

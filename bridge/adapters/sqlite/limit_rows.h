/// Limits of single users in SQL (schemas/sql/0010_people.sql).
///
/// Called inside a transaction on the store's thread; SQLite::Exception goes to its job.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/limit_store.h"

namespace strawberry::bridge {

/// Those of one user that are not the configuration's.
void read_limits(StatementCache& statements, const std::string& user_id,
                 const std::function<void(LimitKind, std::int64_t)>& use);
void read_all_limits(StatementCache& statements, const std::function<void(std::string, LimitKind, std::int64_t)>& use);
/// Without a value a limit is the configuration's again.
void write_limits(StatementCache& statements, const std::string& user_id,
                  const std::map<LimitKind, std::optional<std::int64_t>>& limits);

}  // namespace strawberry::bridge

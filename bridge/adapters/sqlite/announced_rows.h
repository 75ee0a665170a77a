/// What was announced to Home Assistant, in SQL. As rows.h: inside a transaction on the store's thread.
#pragma once

#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/announcements.h"

namespace strawberry {

std::vector<std::string> read_announced_ids(StatementCache& statements);
std::vector<AnnouncedRow> read_announced(StatementCache& statements, const std::vector<std::string>& ids);
void write_announced(StatementCache& statements, const std::vector<AnnouncedRow>& rows);
void remove_announced(StatementCache& statements, const std::vector<std::string>& ids);

}  // namespace strawberry

/// What is the user's, row by row, from where reading ended (ports/export_store.h).
///
/// Called inside a transaction on the store's thread; SQLite::Exception goes to its job.
/// Bounds: `bytes_max` of a part, as JSON; a text longer than message_piece_bytes_max comes in pieces.
#pragma once

#include <cstddef>
#include <string>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/export_store.h"

namespace strawberry::bridge {

inline constexpr std::size_t message_piece_bytes_max = 96 * 1024;

ExportPart read_export_part(StatementCache& statements, const std::string& user_id, const ExportPlace& place,
                            std::size_t bytes_max);

}  // namespace strawberry::bridge

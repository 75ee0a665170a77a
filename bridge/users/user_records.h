/// Records of a user's export as JSON objects, one per line of a file: `{"kind":"device",…}`. Times are milliseconds
/// since the Unix epoch, days are days since then.
///
/// Pure.   Errors: `bad_request` with details.path for what is no such record; every text and number of an import is
/// untrusted.   Bounds: texts as the requests have them that make such rows; times rfc3339_ms_max.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/export_store.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

/// The format that this release writes, and the newest that it reads.
inline constexpr int export_format = 1;

/// The end of the year 9999, in milliseconds since the Unix epoch: no record has a later time, since RFC 3339 has none.
inline constexpr std::int64_t rfc3339_ms_max = rfc3339_seconds_max * 1'000 + 999;

nlohmann::json to_json(const UserRecord& record);
/// `path`: place of the record, for the error. Refuses a signature or schema that this release would not accept in a
/// registration.
Reply<UserRecord> read_record(const nlohmann::json& record, const std::string& path);

/// The record that an export begins with: who the user is, and the file's format.
bool is_head(const nlohmann::json& record);
/// Of a head: a format that this release does not know; nothing when it does.
std::optional<Error> objection_to_format(const nlohmann::json& head, const std::string& path);

}  // namespace strawberry::bridge

/// Records of a user's export as JSON objects, one per line of a file: `{"kind":"device",…}`. Times are milliseconds
/// since the Unix epoch, days are days since then.
///
/// Pure.   Errors: `bad_request` with details.path for an invalid record; every text and number of an import is
/// untrusted.   Bounds: for texts, those of the requests that create such rows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/ports/export_store.h"

namespace strawberry::bridge {

/// The format that this release writes, and the newest that it reads.
inline constexpr int export_format = 1;

nlohmann::json to_json(const UserRecord& record);
/// `path`: place of the record, for the error. Refuses a signature or schema that this release would not accept in a
/// registration.
Reply<UserRecord> read_record(const nlohmann::json& record, const std::string& path);

}  // namespace strawberry::bridge

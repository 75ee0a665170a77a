/// Records of a user's export as JSON objects, one a line of a file: `{"kind":"device",…}`. Times are milliseconds
/// since the Unix epoch, days days since then.
///
/// Pure.   Errors: `bad_request` with details.path for what is no such record; every text and number of an import is
/// untrusted.   Bounds: texts as the requests have them that make such rows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/ports/export_store.h"

namespace strawberry::bridge {

/// Of the format that this release writes, and the newest it reads.
inline constexpr int export_format = 1;

nlohmann::json to_json(const UserRecord& record);
/// `path`: of the record, for the error. A signature or schema that this release would refuse to register is refused.
Reply<UserRecord> read_record(const nlohmann::json& record, const std::string& path);

}  // namespace strawberry::bridge

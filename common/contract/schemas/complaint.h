/// Describes for people where a request does not fit its schema: a JSON Pointer and one sentence.
/// Pure functions; they never fail. Bounds: at most value_bytes_max bytes of the request are repeated.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry {

/// A place in a JSON document: member names and array indices from the root.
using JsonPath = std::vector<std::string>;

inline constexpr std::size_t value_bytes_max = 60;

/// Writes the path as in RFC 6901; empty for the root.
std::string json_pointer(const JsonPath& path);

/// Describes what `schema` accepts, as a noun: `an integer from 1 to 100`.
std::string describe_expected(const nlohmann::json& schema);

/// Describes `value` in short: `"abc"`, `7`, `an array`.
std::string describe_value(const nlohmann::json& value);

/// Returns `/device_limit must be an integer from 1 to 100, not 0.` or `/query is missing: it must be …`.
std::string describe_problem(const nlohmann::json& schema, const nlohmann::json& document, const JsonPath& path);

}  // namespace strawberry

/// Converts a tool's answer to a skill's result: the structured content if there is one, else its texts. Images, sound
/// and other binary content are named, not passed on; long text is cut. The text mentions both.
///
/// Pure.   Errors: Failure with the tool's own words (`isError`), or with what the answer lacks.
/// Bounds: result_bytes_max, error_bytes_max, content_max parts.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "common/text/result.h"

namespace strawberry::cli {

inline constexpr std::size_t result_bytes_max = 128 * 1024;
inline constexpr std::size_t tool_error_bytes_max = 2 * 1024;
inline constexpr std::size_t content_max = 1000;

/// `result`: of `tools/call`.
Result<nlohmann::json> skill_result(const nlohmann::json& result);

}  // namespace strawberry::cli

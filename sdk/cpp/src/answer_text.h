/// Converts a skill's result to the text of its answer: JSON that the hub accepts, or an error.
///
/// Pure.   Errors: Failure for NaN and infinity, text that is not UTF-8, values that nest too deep, answers that are
/// too large.   Bounds: answer_bytes_max, depth_max levels.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/text/result.h"

namespace strawberry::sdk {

inline constexpr std::size_t answer_bytes_max = 256 * 1024;  // contract, section 3

struct SkillFailure {
  std::string message;
  std::string code = {};  // for programs; may be empty
};
using SkillResult = Result<nlohmann::json, SkillFailure>;

/// Fails if `value` cannot be sent.
Result<void> check_result(const nlohmann::json& value);
/// Always returns an answer: a result that cannot be sent is replaced by an error, also in `result`.
std::string answer_text(const std::string& correlation_id, SkillResult& result);

}  // namespace strawberry::sdk

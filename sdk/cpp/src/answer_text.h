/// A skill's result as the text of its answer: JSON that the hub takes, or why it is none.
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
  std::string code = {};  // for programs; empty: none
};
using SkillResult = Result<nlohmann::json, SkillFailure>;

/// Why `value` cannot leave; nothing when it can.
Result<void> check_result(const nlohmann::json& value);
/// Always an answer: a result that cannot leave becomes the error that says so, which `result` is then, too.
std::string answer_text(const std::string& correlation_id, SkillResult& result);

}  // namespace strawberry::sdk

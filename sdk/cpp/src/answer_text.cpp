#include "sdk/cpp/src/answer_text.h"

#include <cmath>
#include <vector>

#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"
#include "common/text/utf8.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;

std::string text_of(const std::string& id, const SkillResult& result) {
  JsonObject answer;
  answer.add("correlation_id", id).add("success", result.has_value());
  if (result) return answer.add("result", *result).add("error", nullptr).text();
  answer.add("result", nullptr);
  const auto& [message, code] = result.error();
  if (code.empty()) return answer.add("error", message).text();
  return answer.add("error", json{{"code", code}, {"message", message}}).text();
}

}  // namespace

Result<void> check_result(const json& value) {
  struct Inner {
    const json* value;
    std::size_t depth;
  };
  // Without recursion, since the value may be too deep.
  std::vector<Inner> rest{{&value, 1}};
  while (!rest.empty()) {
    const auto [next, depth] = rest.back();
    rest.pop_back();
    if (next->is_discarded() || next->is_binary()) return fail("its result is no JSON: binary data");
    if (next->is_number_float() && !std::isfinite(next->get<double>()))
      return fail("its result is no JSON: NaN or an infinite number");
    if (next->is_string() && !is_utf8(next->get_ref<const std::string&>()))
      return fail("its result is no JSON: text that is not UTF-8");
    if (!next->is_structured()) continue;
    if (depth >= depth_max) return fail("its result nests deeper than " + std::to_string(depth_max - 1) + " levels");
    if (next->is_object()) {
      for (const auto& member : next->items()) {
        if (!is_utf8(member.key())) return fail("its result is no JSON: a name that is not UTF-8");
        rest.push_back({&member.value(), depth + 1});
      }
    } else {
      for (const json& each : *next) rest.push_back({&each, depth + 1});
    }
  }
  return {};
}

std::string answer_text(const std::string& id, SkillResult& result) {
  if (result) {
    if (auto good = check_result(*result); !good) result = tl::unexpected(SkillFailure{good.error().message});
  }
  std::string text = text_of(id, result);
  if (text.size() <= answer_bytes_max) return text;
  result = tl::unexpected(SkillFailure{"its result is too large: " + std::to_string(text.size()) + " bytes (at most " +
                                       std::to_string(answer_bytes_max) + " with the answer around it)"});
  return text_of(id, result);
}

}  // namespace strawberry::sdk

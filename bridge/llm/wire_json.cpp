#include "bridge/llm/wire_json.h"

#include <algorithm>

#include "bridge/llm/retry_after.h"
#include "bridge/llm/said_error.h"
#include "bridge/llm/surrogates.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

using nlohmann::json;

std::optional<json> parse_wire(std::string_view text) {
  if (json_nests_deeper_than(text, wire_depth_max)) return std::nullopt;
  auto parsed = json_from(text);
  if (!parsed.is_discarded()) return parsed;
  const auto repaired = with_stand_ins(text);
  if (repaired == text) return std::nullopt;
  parsed = json_from(repaired);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

const json* member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string string_at(const json& object, const char* key) {
  const json* found = member(object, key);
  return found && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t count_at(const json& object, const char* key) {
  const json* count = member(object, key);
  if (!count || !count->is_number_integer()) return 0;
  // A value above the signed range would wrap around.
  if (count->is_number_unsigned())
    return static_cast<std::int64_t>(std::min<std::uint64_t>(count->get<std::uint64_t>(), count_max));
  return std::clamp<std::int64_t>(count->get<std::int64_t>(), 0, count_max);
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string arguments_text(const json* arguments) {
  if (!arguments || arguments->is_null()) return "{}";
  return plain_arguments(arguments->is_string() ? arguments->get<std::string>() : arguments->dump());
}

std::string plain_arguments(const std::string& text) {
  constexpr int encodings_max = 2;
  std::string plain = join_halves(text);
  for (int decoded = 0; decoded <= encodings_max; ++decoded) {
    const auto first = plain.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return "{}";
    if (plain[first] == '{') return plain;
    const auto parsed = parse_wire(plain);
    if (parsed && (parsed->is_null() || (parsed->is_array() && parsed->empty()))) return "{}";
    if (!parsed || !parsed->is_string()) break;
    plain = join_halves(parsed->get<std::string>());
  }
  return text;  // unknown, so it stays
}

bool is_thought(const json& part) {
  if (const json* thought = member(part, "thought"); thought && *thought == true) return true;
  const auto type = string_at(part, "type");
  return type == "thinking" || type == "redacted_thinking" || type == "thought" || type.starts_with("reasoning");
}

std::size_t thoughts_in(const json& message) {
  std::size_t count = 0;
  for (const char* key : {"thinking", "reasoning", "reasoning_content", "reasoning_details"}) {
    const json* thought = member(message, key);
    if (thought && (thought->is_string() ? !thought->get_ref<const std::string&>().empty() : !thought->empty()))
      ++count;
  }
  if (const json* content = member(message, "content"); content && content->is_array())
    for (const auto& part : *content) count += is_thought(part) ? 1 : 0;
  return count;
}

/// Made printable twice, since escaping lengthens it.
std::string shown_text(std::string_view said) {
  return printable(printable(join_halves(said.substr(0, 2 * said_bytes_max)), said_bytes_max), said_bytes_max);
}

tl::unexpected<ProviderError> wire_error(std::string reason, int status, std::string message) {
  ProviderError error;
  error.reason = std::move(reason);
  error.status = status;
  error.message = std::move(message);
  return tl::unexpected<ProviderError>(std::move(error));
}

tl::unexpected<ProviderError> reported_error(const json& body, int otherwise) {
  const int status = error_status(body);
  return wire_error("error", status != 0 ? status : otherwise,
                    "reported an error: " + shown_text(error_said(body).value_or("")));
}

tl::unexpected<ProviderError> failed_response(const HttpResponse& response) {
  const auto said = failure_said(std::string_view(response.body));
  auto failed = wire_error("status", response.status,
                           "HTTP " + std::to_string(response.status) + (said.empty() ? said : ": " + shown_text(said)));
  failed.value().retry_after = retry_after_of(response);
  return failed;
}

}  // namespace strawberry::bridge

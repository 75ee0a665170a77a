#include "bridge/llm/asked_options.h"

#include "bridge/llm/wire_json.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* bookkeeping[] = {"user", "safety_identifier", "metadata", "store", "prompt_cache_key"};

/// Options with the value that is as good as none.
const std::vector<std::pair<const char*, json>>& neutral_values() {
  static const std::vector<std::pair<const char*, json>> values = {{"logprobs", false},
                                                                   {"top_logprobs", 0},
                                                                   {"frequency_penalty", 0},
                                                                   {"presence_penalty", 0},
                                                                   {"service_tier", "auto"},
                                                                   {"n", 1},
                                                                   {"logit_bias", json::object()},
                                                                   {"modalities", json::array({"text"})}};
  return values;
}

}  // namespace

AskedOptions::AskedOptions(const ModelRequest& request)
    : rest_(request.options.is_object() ? request.options : json::object()) {
  for (const char* key : bookkeeping) rest_.erase(key);
  if (request.tools.empty())
    for (const char* key : {"tool_choice", "parallel_tool_calls"}) rest_.erase(key);
  for (const auto& [key, value] : neutral_values())
    if (const json* asked = member(rest_, key); asked && *asked == value) rest_.erase(key);
}

std::optional<json> AskedOptions::take(const char* key) {
  const auto found = rest_.find(key);
  if (found == rest_.end()) return std::nullopt;
  std::optional<json> value;
  if (!found->is_null()) value = std::move(*found);
  rest_.erase(found);
  return value;
}

void AskedOptions::move(const std::vector<std::pair<const char*, const char*>>& names, json& to) {
  for (const auto& [asked, said] : names)
    if (auto value = take(asked)) to[said] = std::move(*value);
}

std::optional<json> AskedOptions::max_tokens() {
  auto older = take("max_tokens");
  auto newer = take("max_completion_tokens");
  return newer ? newer : older;
}

json AskedOptions::stop() {
  auto asked = take("stop");
  if (!asked) return json::array();
  return asked->is_array() ? *asked : json::array({*asked});
}

ToolChoice AskedOptions::tool_choice() {
  const auto asked = take("tool_choice");
  using Kind = ToolChoice::Kind;
  if (!asked || *asked == "auto") return {Kind::automatic, {}};
  if (*asked == "none") return {Kind::none, {}};
  if (*asked == "required") return {Kind::required, {}};
  const json* function = member(*asked, "function");
  auto name = function ? string_at(*function, "name") : std::string();
  if (name.empty()) refuse("tool_choice", "it may be none, auto, required or one function");
  return {Kind::named, std::move(name)};
}

bool AskedOptions::one_call_at_a_time() {
  const auto asked = take("parallel_tool_calls");
  if (asked && !asked->is_boolean()) refuse("parallel_tool_calls", "it may be true or false");
  return asked && *asked == false;
}

AnswerFormat AskedOptions::answer_format() {
  const auto asked = take("response_format");
  using Kind = AnswerFormat::Kind;
  if (!asked) return {};
  const auto type = string_at(*asked, "type");
  if (type == "text") return {};
  if (type == "json_object") return {Kind::json, {}};
  const json* named = member(*asked, "json_schema");
  const json* schema = named ? member(*named, "schema") : nullptr;
  if (type != "json_schema" || !schema || !schema->is_object()) {
    refuse("response_format", "it may be text, json_object, or json_schema with a schema");
    return {};
  }
  AnswerFormat format{Kind::schema, *schema};
  // What the name and `strict` say is said by asking; the description is for the model.
  if (auto text = string_at(*named, "description"); !text.empty() && !format.schema.contains("description"))
    format.schema["description"] = std::move(text);
  return format;
}

void AskedOptions::refuse(const std::string& field, const std::string& why) {
  if (!problem_) problem_ = wire_error("unsupported", 0, field + ": " + why).value();
}

std::optional<ProviderError> AskedOptions::problem() {
  for (const auto& item : rest_.items())
    if (!item.value().is_null()) refuse(printable(item.key(), 64), "this provider has no such option");
  return problem_;
}

}  // namespace strawberry::bridge

#include "bridge/llm/tool_result.h"

#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

json without_controls(const json& value) {
  if (value.is_string()) return as_data(value.get_ref<const std::string&>(), std::string::npos);
  if (!value.is_structured()) return value;
  json copy = value.is_array() ? json::array() : json::object();
  for (const auto& item : value.items()) {
    if (value.is_array()) {
      copy.push_back(without_controls(item.value()));
    } else {
      copy[as_data(item.key(), std::string::npos)] = without_controls(item.value());
    }
  }
  return copy;
}

/// Of an error's details, what helps to call again rightly.
json told_of(const Error& error, std::size_t bytes_max) {
  json told = {{"code", to_string(error.code)}};
  if (!error.details.is_object()) return told;
  for (const char* key : {"candidates", "path"}) {
    const auto detail = error.details.find(key);
    if (detail != error.details.end() && to_text(*detail).size() < bytes_max / 4) told[key] = without_controls(*detail);
  }
  return told;
}

}  // namespace

std::string tool_result_content(const Reply<json>& outcome, std::size_t bytes_max) {
  if (!outcome) {
    json told = told_of(outcome.error(), bytes_max);
    const auto message = as_data(outcome.error().message, std::string::npos);
    for (std::size_t keep = bytes_max / 2;; keep = keep * 3 / 4) {
      told["message"] = as_data(message, keep);
      if (message.size() > keep) told["truncated"] = true;
      auto content = to_text(json({{"error", told}}));
      if (content.size() <= bytes_max || keep < 64) return content;
    }
  }
  const json clean = without_controls(*outcome);
  std::string content = to_text(json({{"result", clean}}));
  if (content.size() <= bytes_max) return content;
  const std::string whole = clean.is_string() ? clean.get<std::string>() : to_text(clean);
  // Quoting can only make it longer; aim low until it fits.
  for (std::size_t keep = bytes_max;; keep = keep * 3 / 4) {
    const json cut = {{"result", as_data(whole, keep)}, {"truncated", true}, {"bytes", whole.size()}};
    content = to_text(cut);
    if (content.size() <= bytes_max || keep < 64) return content;
  }
}

}  // namespace strawberry::bridge

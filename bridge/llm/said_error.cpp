#include "bridge/llm/said_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "bridge/llm/wire_json.h"
#include "common/text/json_text.h"
#include "common/text/sse.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t read_bytes_max = 64 * 1024;  // of a body that is not JSON

/// Some servers send an empty error member instead of leaving it out.
bool is_nothing(const json& value) {
  return value.is_null() || value == false || value == 0 ||
         (value.is_string() && value.get_ref<const std::string&>().empty()) || (value.is_structured() && value.empty());
}

const json& first_of(const json& body) { return body.is_array() && !body.empty() ? body.front() : body; }

/// Returns the part of an error object that describes the error; null when there is no error.
const json* error_of(const json& body) {
  const json& object = first_of(body);
  for (const char* key : {"error", "errors"})
    if (const json* error = member(object, key); error && !is_nothing(*error)) return error;
  return string_at(object, "object") == "error" || string_at(object, "type") == "error" ? &object : nullptr;
}

std::string text_of(const json& value, int depth);

/// Returns `body.stream_options: `, the part of the request that is wrong.
std::string place_of(const json& object) {
  const json* place = member(object, "loc");
  if (!place || !place->is_array()) return {};
  std::string path;
  for (const auto& step : *place) {
    if (path.size() > said_bytes_max || !(step.is_string() || step.is_number_integer())) break;
    path += (path.empty() ? "" : ".") + (step.is_string() ? step.get<std::string>() : step.dump());
  }
  return path.empty() ? path : path + ": ";
}

std::string text_of_object(const json& object, int depth) {
  std::string text;
  for (const char* key : {"message", "msg", "error", "errors", "detail", "details", "error_description",
                          "error_message", "description", "reason", "title"}) {
    const json* value = member(object, key);
    if (value) text = text_of(*value, depth + 1);
    if (!text.empty()) break;
  }
  if (text.empty()) return text;
  // A gateway repeats the text of the server behind it.
  if (const json* metadata = member(object, "metadata"))
    if (const json* raw = member(*metadata, "raw"))
      if (const auto inner = text_of(*raw, depth + 1); !inner.empty()) text += ": " + inner;
  return place_of(object) + text;
}

std::string text_of(const json& value, int depth) {
  if (depth > said_depth_max || is_nothing(value)) return {};
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    if (text[first] != '{' && text[first] != '[') return text;
    const auto inner = parse_wire(text);
    const auto said = inner ? text_of(*inner, depth + 1) : std::string();
    return said.empty() ? text : said;
  }
  if (value.is_array()) {
    std::string text;
    for (std::size_t i = 0; i < std::min(value.size(), said_parts_max); ++i)
      if (const auto part = text_of(value[i], depth + 1); !part.empty()) text += (text.empty() ? "" : "; ") + part;
    return text;
  }
  return value.is_object() ? text_of_object(value, depth) : std::string();
}

/// Returns the text of an error; the error itself as JSON when it has no text and is not empty.
std::string text_or_itself(const json& error) {
  auto text = text_of(error, 0);
  if (text.empty() && !is_nothing(error)) text = to_text(error);
  return text;
}

std::string lower_ascii(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](unsigned char c) { return std::tolower(c); });
  return lowered;
}

/// Returns the title of a web page; the rest is for browsers.
std::string title_of(std::string_view page) {
  const std::string lowered = lower_ascii(page);
  const auto tag = lowered.find("<title");
  const auto begin = tag == std::string::npos ? tag : lowered.find('>', tag);
  if (begin == std::string::npos) return {};
  const auto end = std::min(lowered.find('<', begin), page.size());
  std::string title;
  for (const char c : page.substr(begin + 1, end - begin - 1)) {
    const bool is_blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!is_blank) title += c;
    if (is_blank && !title.empty() && title.back() != ' ') title += ' ';
  }
  while (title.ends_with(' ')) title.pop_back();
  return title;
}

}  // namespace

std::optional<std::string> error_said(const json& body) {
  const json* error = error_of(body);
  if (!error) return std::nullopt;
  return text_or_itself(*error);
}

std::string failure_said(const json& body) {
  const auto said = error_said(body);
  return said ? *said : text_of(first_of(body), 0);
}

std::string failure_said(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos) return {};
  body.remove_prefix(first);
  if (const auto parsed = parse_wire(body)) {
    auto said = failure_said(*parsed);
    return said.empty() ? text_or_itself(*parsed) : said;
  }
  body = body.substr(0, read_bytes_max);
  if (body.front() == '<') return title_of(body);
  std::string said;
  SseParser parser({read_bytes_max});
  const auto on_event = [&said](const SseEvent& event) {
    said = event.data;
    return false;
  };
  if (parser.feed(body, on_event)) parser.finish(on_event);
  if (said.empty()) return std::string(body);
  const auto parsed = parse_wire(said);
  return parsed ? failure_said(*parsed) : said;
}

int error_status(const json& body) {
  const json* error = error_of(body);
  if (!error) return 0;
  for (const char* key : {"code", "status", "status_code", "http_code"}) {
    auto code = count_at(*error, key);
    if (const auto text = string_at(*error, key);
        text.size() == 3 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); }))
      code = std::stoi(text);
    if (code >= 400 && code <= 599) return static_cast<int>(code);
  }
  constexpr std::pair<std::string_view, int> words[] = {{"invalid_request_error", 400},
                                                        {"context_length_exceeded", 400},
                                                        {"authentication_error", 401},
                                                        {"invalid_api_key", 401},
                                                        {"billing_error", 402},
                                                        {"permission_error", 403},
                                                        {"not_found_error", 404},
                                                        {"model_not_found", 404},
                                                        {"request_too_large", 413},
                                                        {"rate_limit_error", 429},
                                                        {"rate_limit_exceeded", 429},
                                                        {"insufficient_quota", 429},
                                                        {"api_error", 500},
                                                        {"server_error", 500},
                                                        {"timeout_error", 504},
                                                        {"overloaded_error", 529}};
  for (const char* key : {"type", "code"}) {
    const auto said = string_at(*error, key);
    for (const auto& [word, status] : words)
      if (said == word) return status;
  }
  return 0;
}

}  // namespace strawberry::bridge

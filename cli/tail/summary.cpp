#include "cli/tail/summary.h"

#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// Returns the member, or null.
const json& at(const json& object, const char* member) {
  static const json none;
  if (!object.is_object()) return none;
  const auto found = object.find(member);
  return found == object.end() ? none : *found;
}

const json& first(const json& list) {
  static const json none;
  return list.is_array() && !list.empty() ? list.front() : none;
}

std::string text(const json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

/// Leaves out members that the line shows anyway.
std::string rest_of(json payload, std::size_t bytes_max) {
  for (const char* member : {"v", "op", "correlation_id", "timeout_ms"}) payload.erase(member);
  return payload.empty() ? std::string() : show_value(payload, bytes_max);
}

std::string call_in(const json& payload, std::size_t bytes_max) {
  const std::string target = text(at(payload, "target").is_null() ? at(payload, "device") : at(payload, "target"));
  const std::string path = (target.empty() ? "" : target + ".") + text(at(payload, "skill_path"));
  const json& arguments = at(payload, "arguments");
  const json& kwargs = arguments.is_object() ? arguments : at(payload, "kwargs");
  return printable(path + show_arguments(at(payload, "args"), kwargs), bytes_max);
}

/// Returns the last message, which is the current one.
std::string said_in(const json& messages, std::size_t bytes_max) {
  const json& content = at(messages.back(), "content");
  return show_value(content, bytes_max);
}

}  // namespace

std::string summary_of_request(const json& payload, std::size_t bytes_max) {
  if (!payload.is_object()) return show_value(payload, bytes_max);
  if (at(payload, "skill_path").is_string()) return call_in(payload, bytes_max);
  for (const json* body : {&payload, &at(payload, "input")}) {
    const json& messages = at(*body, "messages");
    if (messages.is_array() && !messages.empty()) return said_in(messages, bytes_max);
  }
  return rest_of(payload, bytes_max);
}

std::string summary_of_answer(const json& payload, std::size_t bytes_max) {
  if (!payload.is_object()) return show_value(payload, bytes_max);
  if (const json& error = at(payload, "error"); !error.is_null()) {
    const json& message = at(error, "message");
    return show_value(message.is_string() ? message : error, bytes_max);
  }
  const json& result = at(payload, "result");
  const json& words = at(at(first(at(result, "choices")), "message"), "content");
  if (words.is_string()) return show_value(words, bytes_max);
  return result.is_null() ? std::string() : show_value(result, bytes_max);
}

std::string summary_of_event(const std::string& event, const json& payload, std::size_t bytes_max) {
  const json& data = at(payload, "data");
  if (event == "delta") return printable(text_of_delta(payload), bytes_max);
  if (event == "tool_call" || event == "confirm") return call_in(data, bytes_max);
  return event == "tool_result" ? summary_of_answer(data, bytes_max) : show_value(data, bytes_max);
}

std::string summary_of_audit(const json& payload, std::size_t bytes_max) {
  std::string line = text(at(payload, "action"));
  for (const char* member : {"subject", "reason", "client_id", "address"}) {
    const std::string value = text(at(payload, member));
    if (value.empty()) continue;
    line += std::string(member) == "subject" ? " " + value : " " + std::string(member) + "=" + value;
  }
  if (const json& count = at(payload, "left_out"); count.is_number()) line += " left_out=" + count.dump();
  return printable(line, bytes_max);
}

std::string text_of_delta(const json& payload) {
  const json& data = at(payload, "data");
  const json& openai = at(at(first(at(data, "choices")), "delta"), "content");
  return text(openai.is_string() ? openai : at(first(at(data, "content")), "text"));
}

}  // namespace strawberry::cli

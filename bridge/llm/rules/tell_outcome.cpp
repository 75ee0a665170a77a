#include "bridge/llm/rules/tell_outcome.h"

#include <map>
#include <set>

#include "bridge/protocol/text.h"

namespace strawberry::rules {
namespace {

using nlohmann::json;

constexpr std::size_t outcomes_max = 16;

std::string string_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string shown(const json& value, std::size_t bytes_max) {
  if (value.is_string()) return printable(value.get<std::string>(), bytes_max);
  return printable(value.dump(-1, ' ', false, json::error_handler_t::replace), bytes_max);
}

/// What another model looked for before it failed (chat/hub_tools.h) is nothing that was done.
bool is_search(const json& call) {
  const auto function = call.find("function");
  const auto name = function == call.end() ? std::string() : string_at(*function, "name");
  return name.ends_with("search_skills") || name.ends_with("describe_skill");
}

/// `MusicControlSkill-play_song` and its arguments as somebody would say it.
struct Made {
  std::string name;
  std::string device;
  std::string values;
};

Made made_from(const json& call) {
  Made made;
  const auto function = call.find("function");
  if (function == call.end()) return made;
  made.name = printable(string_at(*function, "name"), 64);
  if (const auto dash = made.name.find('-'); dash != std::string::npos) made.name[dash] = '.';
  const auto arguments = json::parse(string_at(*function, "arguments"), nullptr, false);
  if (!arguments.is_object()) return made;
  for (const auto& [name, value] : arguments.items()) {
    if ((name == "device" || name == "target_device") && value.is_string()) {
      made.device = printable(value.get<std::string>(), 64);
      continue;
    }
    if (made.values.size() > 300) continue;
    made.values += (made.values.empty() ? "" : ", ") + printable(name, 64) + ": " + shown(value, 160);
  }
  return made;
}

std::string tell_error(const json& error, const std::string& what, const std::string& device) {
  const auto code = string_at(error, "code");
  const auto message = printable(string_at(error, "message"), 300);
  const std::string because = message.empty() ? std::string() : ": " + message;
  if (code == "device_offline")
    return (device.empty() ? "The device" : device) + " is offline or left before answering, so " + what +
           " was not confirmed.";
  if (code == "timeout") return what + " got no answer in time. Whether it ran is unknown.";
  if (code == "skill_error") return what + " failed on the device" + because + ".";
  if (code == "ambiguous") {
    std::string text = "Several devices could do " + what + "; say which one";
    const auto candidates = error.find("candidates");
    if (candidates != error.end() && candidates->is_array() && !candidates->empty()) {
      text += ":";
      for (std::size_t i = 0; i < candidates->size() && i < 8; ++i)
        text += (i == 0 ? " " : ", ") + shown((*candidates)[i], 100);
    }
    return text + ".";
  }
  return what + " was not done" + because + ".";
}

std::string tell(const Made& made, const json& content) {
  std::string what = made.name.empty() ? std::string("The call") : made.name;
  if (!made.device.empty()) what += " on " + made.device;
  if (content.is_object() && content.contains("error")) return tell_error(content.at("error"), what, made.device);
  const std::string with = made.values.empty() ? std::string() : " (" + made.values + ")";
  if (!content.is_object() || !content.contains("result")) return what + with + " ran.";
  const json& result = content.at("result");
  if (result.is_null() || result == json(true)) return "Done: " + what + with + ".";
  if (result == json(false)) return what + with + " ran, and answered false.";
  return what + with + " answered: " + shown(result, 2000) + (content.value("truncated", false) ? " (cut)" : "");
}

}  // namespace

std::optional<std::string> tell_outcomes(const json& messages) {
  std::map<std::string, Made> calls;
  std::set<std::string> searches;
  std::string text;
  std::size_t told = 0;
  if (!messages.is_array()) return std::nullopt;
  for (const auto& message : messages) {
    const auto role = string_at(message, "role");
    if (role == "user") {
      calls.clear();
      text.clear();
      told = 0;
    } else if (role == "assistant" && message.contains("tool_calls")) {
      for (const auto& call : message.at("tool_calls")) {
        if (is_search(call)) searches.insert(string_at(call, "id"));
        calls[string_at(call, "id")] = made_from(call);
      }
    } else if (role == "tool" && !searches.contains(string_at(message, "tool_call_id")) && told++ < outcomes_max) {
      const auto content = json::parse(string_at(message, "content"), nullptr, false);
      text += (text.empty() ? "" : "\n") + tell(calls[string_at(message, "tool_call_id")], content);
    }
  }
  if (told == 0) return std::nullopt;
  return text;
}

std::string last_user_text(const json& messages) {
  if (!messages.is_array()) return {};
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (string_at(*message, "role") != "user") continue;
    if (!message->contains("content") || !message->at("content").is_array()) return string_at(*message, "content");
    std::string text;
    for (const auto& part : message->at("content")) text += string_at(part, "text") + " ";
    return text;
  }
  return {};
}

}  // namespace strawberry::rules

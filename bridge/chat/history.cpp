#include "bridge/chat/history.h"
#include "common/text/json_text.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

std::string text_at(const json& message, const char* key) {
  const auto found = message.find(key);
  return found != message.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_system(const json& message) {
  const auto role = text_at(message, "role");
  return role == "system" || role == "developer";
}

bool has_calls(const json& message) {
  const auto calls = message.find("tool_calls");
  return calls != message.end() && calls->is_array() && !calls->empty();
}

std::size_t bytes_of(const json& message) { return to_text(message).size(); }

/// An assistant's message with calls, and the tool messages right behind it.
struct Calls {
  std::map<std::string, const json*> results;  // by the call's id; null until found
  std::size_t end;                             // behind the last tool message
  bool is_sound = true;                        // every call has its own id and its result

  Calls(const json& messages, std::size_t at) : end(at + 1) {
    for (const auto& call : messages[at].at("tool_calls"))
      is_sound = results.emplace(text_at(call, "id"), nullptr).second && is_sound;
    for (; end < messages.size() && text_at(messages[end], "role") == "tool"; ++end) {
      const auto call = results.find(text_at(messages[end], "tool_call_id"));
      if (call != results.end() && call->second == nullptr) call->second = &messages[end];
    }
    is_sound =
        is_sound && std::all_of(results.begin(), results.end(), [](const auto& r) { return r.second != nullptr; });
  }
};

/// Without calls that lack a result and results that lack a call.
std::vector<json> sound(const json& messages) {
  std::vector<json> kept;
  for (std::size_t i = 0; i < messages.size();) {
    const json& message = messages[i];
    if (!has_calls(message)) {
      if (text_at(message, "role") != "tool") kept.push_back(message);
      ++i;
      continue;
    }
    const Calls calls(messages, i);
    if (calls.is_sound) {
      kept.push_back(message);
      for (const auto& call : message.at("tool_calls")) kept.push_back(*calls.results.at(text_at(call, "id")));
    } else if (!text_at(message, "content").empty()) {
      kept.push_back(message);
      kept.back().erase("tool_calls");
    }
    i = calls.end;
  }
  return kept;
}

}  // namespace

json cut_history(const json& messages, std::size_t bytes_max, std::size_t messages_max) {
  const auto all = sound(messages);
  std::size_t bytes = 0, count = 0;
  for (const auto& message : all) bytes += is_system(message) ? bytes_of(message) : 0;

  // Backwards, turn by turn: `first` is where the oldest one that fits begins.
  std::size_t first = all.size(), turn_bytes = 0, turn_count = 0;
  for (std::size_t i = all.size(); i-- > 0;) {
    if (!is_system(all[i])) {
      turn_bytes += bytes_of(all[i]);
      ++turn_count;
    }
    if (i > 0 && text_at(all[i], "role") != "user") continue;
    if (bytes + turn_bytes > bytes_max || count + turn_count > messages_max) break;
    bytes += std::exchange(turn_bytes, 0);
    count += std::exchange(turn_count, 0);
    first = i;
  }

  json kept = json::array();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i >= first || is_system(all[i])) kept.push_back(all[i]);
  return kept;
}

std::size_t spoken(const json& messages) {
  return static_cast<std::size_t>(
      std::count_if(messages.begin(), messages.end(), [](const json& message) { return !is_system(message); }));
}

bool has_tool_calls(const json& messages) {
  return std::any_of(messages.begin(), messages.end(),
                     [](const json& message) { return has_calls(message) || text_at(message, "role") == "tool"; });
}

}  // namespace strawberry::bridge

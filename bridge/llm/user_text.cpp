#include "bridge/llm/user_text.h"

#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {

using nlohmann::json;

std::string message_text(const json& message) {
  const json* content = member(message, "content");
  if (content == nullptr || !content->is_array()) return string_at(message, "content");
  std::string text;
  for (const auto& part : *content) text += string_at(part, "text") + " ";
  return text;
}

std::string recent_user_text(const json& messages) {
  std::string text;
  if (!messages.is_array()) return text;
  std::size_t count = 0;
  for (auto message = messages.rbegin(); message != messages.rend() && count < recent_texts_max; ++message) {
    if (string_at(*message, "role") != "user") continue;
    const auto said = message_text(*message);
    if (count++ > 0 && text.size() + said.size() >= recent_bytes_max) break;
    text += (text.empty() ? "" : "\n") + said;
  }
  return text;
}

}  // namespace strawberry::bridge

#include "bridge/llm/user_text.h"

#include "bridge/llm/wire_json.h"

namespace strawberry {

using nlohmann::json;

std::string message_text(const json& message) {
  const json* content = member(message, "content");
  if (content == nullptr || !content->is_array()) return string_at(message, "content");
  std::string text;
  for (const auto& part : *content) text += string_at(part, "text") + " ";
  return text;
}

std::string last_user_text(const json& messages) {
  if (!messages.is_array()) return {};
  for (auto message = messages.rbegin(); message != messages.rend(); ++message)
    if (string_at(*message, "role") == "user") return message_text(*message);
  return {};
}

}  // namespace strawberry

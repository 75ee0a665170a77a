#include "bridge/llm/conversation.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* no_result = R"({"error":{"code":"internal","message":"there is no result of this call"}})";

bool is_plain(const std::string& id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

class Reader {
 public:
  Result<Conversation, ProviderError> read(const json& messages) {
    if (!messages.is_array()) return refuse("messages: they must be an array");
    for (const auto& message : messages)
      if (auto taken = take(message); !taken) return tl::unexpected(taken.error());
    return std::move(conversation_);
  }

 private:
  using Taken = Result<void, ProviderError>;

  static tl::unexpected<ProviderError> refuse(std::string why) { return wire_error("unsupported", 0, std::move(why)); }

  Taken take(const json& message) {
    auto text = text_of(message);
    if (!text) return tl::unexpected(text.error());
    const auto role = string_at(message, "role");
    if (role == "tool") return take_result(message, std::move(*text));
    if (const auto name = string_at(message, "name"); !name.empty() && !is_blank(*text)) *text = name + ": " + *text;
    if (role == "system" || role == "developer") {
      if (!is_blank(*text)) conversation_.system += (conversation_.system.empty() ? "" : "\n\n") + *text;
      return {};
    }
    if (role != "user" && role != "assistant") return refuse("messages: a role must be one of OpenAI's");
    const bool is_assistant = role == "assistant";
    const json* calls = is_assistant ? member(message, "tool_calls") : nullptr;
    const bool has_calls = calls && calls->is_array() && !calls->empty();
    if (is_blank(*text) && !has_calls) return {};
    Turn& turn = turn_of(is_assistant);
    if (!is_blank(*text)) turn.texts.push_back(std::move(*text));
    if (has_calls)
      for (const auto& call : *calls) take_call(call, turn);
    return {};
  }

  static Result<std::string, ProviderError> text_of(const json& message) {
    const json* content = member(message, "content");
    if (!content || content->is_null()) return std::string();
    if (content->is_string()) return content->get<std::string>();
    if (!content->is_array()) return refuse("messages: content must be text");
    std::string text;
    for (const auto& part : *content) {
      if (string_at(part, "type") != "text") return refuse("messages: only text can be sent");
      text += (text.empty() ? "" : "\n") + string_at(part, "text");
    }
    return text;
  }

  Turn& turn_of(bool is_assistant) {
    auto& turns = conversation_.turns;
    if (turns.empty() || turns.back().is_assistant != is_assistant || !turns.back().calls.empty())
      turns.push_back({is_assistant, {}, {}});
    return turns.back();
  }

  void take_call(const json& call, Turn& turn) {
    const json* function = member(call, "function");
    const auto given_id = string_at(call, "id");
    const auto text = arguments_text(function ? member(*function, "arguments") : nullptr);
    auto arguments = parse_wire(text);
    // The model should see what it wrote, also when that was no object.
    if (!arguments || !arguments->is_object()) arguments = json{{"arguments", text}};
    open_[given_id] = {conversation_.turns.size() - 1, turn.calls.size()};
    turn.calls.push_back({plain_id(given_id), function ? string_at(*function, "name") : std::string(),
                          std::move(*arguments), string_at(call, "extra"), no_result, true});
  }

  Taken take_result(const json& message, std::string content) {
    const auto found = open_.find(string_at(message, "tool_call_id"));
    if (found == open_.end()) return refuse("messages: a tool message answers no call before it");
    auto& call = conversation_.turns[found->second.first].calls[found->second.second];
    open_.erase(found);
    const auto parsed = parse_wire(content);
    call.is_error = parsed && parsed->is_object() && parsed->contains("error") && !parsed->contains("result");
    call.result = std::move(content);
    return {};
  }

  std::string plain_id(const std::string& given) {
    std::string id = given;
    while (!is_plain(id) || used_.contains(id)) id = "call_" + std::to_string(++made_);
    used_.insert(id);
    return id;
  }

  Conversation conversation_;
  std::map<std::string, std::pair<std::size_t, std::size_t>> open_;  // id as given → turn and call without a result
  std::set<std::string> used_;
  std::size_t made_ = 0;
};

}  // namespace

Result<Conversation, ProviderError> read_conversation(const json& messages) { return Reader().read(messages); }

void let_user_begin(Conversation& conversation) {
  auto& turns = conversation.turns;
  if (turns.empty() || turns.front().is_assistant) turns.insert(turns.begin(), Turn{false, {"Go on."}, {}});
}

}  // namespace strawberry::bridge

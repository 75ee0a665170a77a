#include "bridge/chat/answer_format.h"

#include <utility>

#include "bridge/chat/agent_loop.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class OpenAiFormat final : public AnswerFormat {
 public:
  json text(const AnswerHead& head, std::string piece, bool is_first) const override {
    json delta = {{"content", std::move(piece)}};
    if (is_first) delta["role"] = "assistant";
    return chunk(head, std::move(delta), nullptr);
  }

  json calls(const AnswerHead& head, const std::vector<ToolCall>& calls, bool is_first) const override {
    json delta = {{"tool_calls", tool_calls_json(calls)}};
    for (std::size_t i = 0; i < calls.size(); ++i) delta["tool_calls"][i]["index"] = i;
    if (is_first) delta["role"] = "assistant";
    return chunk(head, std::move(delta), nullptr);
  }

  json end(const AnswerHead& head, const WholeAnswer& answer) const override {
    return chunk(head, json::object(), answer.finish_reason);
  }

  json whole(const AnswerHead& head, const WholeAnswer& answer) const override {
    json message = {{"role", "assistant"}, {"content", answer.content}};
    if (!answer.client_calls.empty()) {
      message["tool_calls"] = tool_calls_json(answer.client_calls);
      if (answer.content.empty()) message["content"] = nullptr;
    }
    json choice = {{"index", 0}, {"message", std::move(message)}, {"finish_reason", answer.finish_reason}};
    json usage = {{"prompt_tokens", answer.usage.prompt_tokens},
                  {"completion_tokens", answer.usage.completion_tokens},
                  {"total_tokens", answer.usage.prompt_tokens + answer.usage.completion_tokens}};
    if (answer.usage.estimated) usage["estimated"] = true;
    json result = {{"id", "chatcmpl-" + head.id},
                   {"object", "chat.completion"},
                   {"created", head.created_s},
                   {"model", head.model},
                   {"choices", json::array({std::move(choice)})},
                   {"usage", std::move(usage)},
                   {"provider", head.provider}};
    add_session(result, answer);
    return result;
  }

 private:
  static json chunk(const AnswerHead& head, json delta, json finish_reason) {
    json choice = {{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
    return {{"id", "chatcmpl-" + head.id},
            {"object", "chat.completion.chunk"},
            {"created", head.created_s},
            {"model", head.model},
            {"choices", json::array({std::move(choice)})}};
  }
};

}  // namespace

void add_session(json& result, const WholeAnswer& answer) {
  result["session_id"] = answer.session_id ? json(*answer.session_id) : json(nullptr);
  if (!answer.not_stored) return;
  result["stored"] = false;
  result["stored_error"] = to_json(*answer.not_stored);
}

std::unique_ptr<AnswerFormat> openai_format() { return std::make_unique<OpenAiFormat>(); }

}  // namespace strawberry::bridge

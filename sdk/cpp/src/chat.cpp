// Spoke::chat(): one request, its events, its answer.
#include <utility>

#include "common/text/json_text.h"
#include "sdk/cpp/src/engine.h"

namespace strawberry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds control_may_take{5'000};  // `confirm`, `cancel`

json body_of(const ChatRequest& request) {
  json body = request.more.is_object() ? request.more : json::object();
  body["op"] = "complete";
  body["messages"] = request.messages.is_array() ? request.messages : json::array();
  if (!request.text.empty()) body["messages"].push_back({{"role", "user"}, {"content", request.text}});
  if (!request.session_id.empty()) body["session_id"] = request.session_id;
  if (!request.model.empty()) body["model"] = request.model;
  if (!request.tool_mode.empty()) body["tool_mode"] = request.tool_mode;
  if (request.on_text) {
    body["stream"] = true;
  } else if (request.on_tool_call || request.on_tool_result) {
    body["tool_events"] = true;
  }
  return body;
}

ToolCall tool_call_of(const json& data) {
  return {text_member(data, "id"), text_member(data, "device"), text_member(data, "skill_path"),
          data.value("arguments", json::object())};
}

std::string text_of_delta(const json& data) {
  const json choices = data.value("choices", json::array());
  if (!choices.is_array() || choices.empty() || !choices.front().is_object()) return {};
  return text_member(choices.front().value("delta", json::object()), "content");
}

ChatAnswer answer_of(json completion) {
  ChatAnswer answer;
  answer.session_id = text_member(completion, "session_id");
  answer.provider = text_member(completion, "provider");
  const json choices = completion.value("choices", json::array());
  if (choices.is_array() && !choices.empty() && choices.front().is_object())
    answer.text = text_member(choices.front().value("message", json::object()), "content");
  answer.completion = std::move(completion);
  return answer;
}

}  // namespace

ChatAnswer Spoke::chat(const ChatRequest& request) {
  sdk::Requests::Wait wait;
  bool cancel_is_sent = false;
  std::exception_ptr thrown;  // by one of the request's functions: the chat is stopped before it is rethrown
  const auto control = [this](json body) {
    try {
      engine_->ask(Service::chat, std::move(body), control_may_take);
    } catch (const HubError&) {  // the chat or the connection has ended
    }
  };
  wait.on_event = [&](const std::string& event, const json& data) {
    if (thrown || !data.is_object()) return;
    try {
      if (event == "delta" && request.on_text) {
        const std::string text = text_of_delta(data);
        if (!text.empty()) request.on_text(text);
      } else if (event == "tool_call" && request.on_tool_call) {
        request.on_tool_call(tool_call_of(data));
      } else if (event == "tool_result" && request.on_tool_result) {
        request.on_tool_result({text_member(data, "id"), is_true(data, "success"), data.value("result", json()),
                                data.value("error", json())});
      } else if (event == "confirm") {
        ConfirmQuestion question{tool_call_of(data), milliseconds(data.value("expires_in_ms", std::int64_t{0}))};
        const bool allow = request.on_confirm && request.on_confirm(question);
        control({{"op", "confirm"}, {"confirm", question.id}, {"allow", allow}});
      }
    } catch (...) {
      thrown = std::current_exception();
    }
  };
  wait.on_pause = [&](const std::string& correlation_id) {
    if (cancel_is_sent || (!thrown && !request.cancel.is_asked())) return;
    cancel_is_sent = true;
    control({{"op", "cancel"}, {"cancel", correlation_id}});
  };
  try {
    ChatAnswer answer = answer_of(engine_->ask(Service::chat, body_of(request), request.timeout, wait));
    if (thrown) std::rethrow_exception(thrown);
    return answer;
  } catch (const HubError&) {
    if (thrown) std::rethrow_exception(thrown);
    throw;
  }
}

}  // namespace strawberry

/// Chats with the hub in plain words: the request, the callbacks for the answer as it arrives, and the answer.
///
/// Plain data. The functions are called in the thread that called Spoke::chat(), one after the other.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace strawberry {
inline namespace v0 {

/// Stops a chat from another thread, or from one of its own functions: copies share their state.
class Cancel {
 public:
  void now() { *flag_ = true; }
  bool is_asked() const { return *flag_; }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

/// A skill that the chat's model calls, or wants to call.
struct ToolCall {
  std::string id;
  std::string device;
  std::string skill_path;
  nlohmann::json arguments;
};
struct ToolResult {
  std::string id;
  bool success = false;
  nlohmann::json result;
  /// Null, or an object with `code` and `message`.
  nlohmann::json error;
};
/// Asked when a skill marked `confirm` is about to run.
struct ConfirmQuestion : ToolCall {
  std::chrono::milliseconds expires_in{};
};

struct ChatRequest {
  /// The user's message; or use `messages` for the whole conversation as OpenAI's chat messages.
  std::string text;
  nlohmann::json messages = nlohmann::json::array();
  /// A session's id, or `new`; empty: nothing is stored.
  std::string session_id;
  std::string model;
  /// `native` (the hub runs skills), `python` or `none`; empty: native.
  std::string tool_mode;
  /// Further members of the request, named as in OpenAI's API: temperature, max_tokens, …
  nlohmann::json more = nlohmann::json::object();
  std::chrono::milliseconds timeout{60'000};
  Cancel cancel;

  /// If set, the answer is streamed.
  std::function<void(const std::string& text)> on_text;
  std::function<void(const ToolCall& call)> on_tool_call;
  std::function<void(const ToolResult& result)> on_tool_result;
  /// Returns whether the skill may run. If empty, it may not.
  std::function<bool(const ConfirmQuestion& question)> on_confirm;
};

struct ChatAnswer {
  std::string text;
  /// The session in which it is stored: after a pause of 15 minutes another one than was requested. Empty: none.
  std::string session_id;
  std::string provider;
  /// OpenAI's chat.completion, unchanged from the hub.
  nlohmann::json completion;
};

}  // namespace v0
}  // namespace strawberry

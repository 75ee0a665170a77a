/// A chat request, checked and split: the messages for the model, the tools, the session.
///
/// Pure. A request that came through the request pipeline has passed its JSON Schema; what that does not check is
/// checked here, and dangerous mistakes are checked again. Errors: `bad_request` with details.path.   Bounds: Options.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/llm/provider.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

/// How the user's skills are used in a chat: as tools that the hub runs, as Python that the Spoke runs, or not at all.
enum class ToolMode { native, python, none };

struct ChatRequest {
  struct Options {
    std::size_t messages_max = 1000;
    std::size_t client_tools_max = 128;
    std::size_t model_bytes_max = 128;
  };

  nlohmann::json system_messages = nlohmann::json::array();  // placed before a session's history
  nlohmann::json messages = nlohmann::json::array();         // the rest, in order
  std::vector<Tool> client_tools;
  nlohmann::json options = nlohmann::json::object();  // for the provider, as sent
  std::string model;
  std::string session_id;  // empty: none
  ToolMode tool_mode = ToolMode::native;
  bool may_call = true;  // tool_choice is not `none`
  bool stream = false;
  bool tool_events = false;  // for calls and their results; always with streaming

  static Reply<ChatRequest> read(const nlohmann::json& body, const Options& limits);
  /// Puts a system message in front of all others.
  void put_first(std::string system_text);
};

}  // namespace strawberry::bridge

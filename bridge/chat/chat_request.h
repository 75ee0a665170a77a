/// A chat request, checked and sorted: what the model is asked, with which tools, in which session.
///
/// Pure. The request has passed its JSON Schema where it came through the request pipeline; what that leaves open is
/// checked here, and everything once more that would be dangerous to get wrong. Errors: `bad_request` with
/// details.path.   Bounds: Options.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/llm/provider.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

/// What becomes of the user's skills in a chat: tools that the hub runs, Python for the Spoke to run, or nothing.
enum class ToolMode { native, python, none };

struct ChatRequest {
  struct Options {
    std::size_t messages_max = 1000;
    std::size_t client_tools_max = 128;
    std::size_t model_bytes_max = 128;
  };

  nlohmann::json system_messages = nlohmann::json::array();  // these go before a session's history
  nlohmann::json messages = nlohmann::json::array();         // the rest, in order
  std::vector<Tool> client_tools;
  nlohmann::json options = nlohmann::json::object();  // for the provider, as sent
  std::string model;
  std::string session_id;  // empty: none
  ToolMode tool_mode = ToolMode::native;
  bool may_call = true;  // tool_choice is not `none`
  bool stream = false;
  bool tool_events = false;  // of calls and their results; always when it streams

  static Reply<ChatRequest> read(const nlohmann::json& body, const Options& limits);
  /// Puts a system message in front of all others.
  void put_first(std::string system_text);
};

}  // namespace strawberry::bridge

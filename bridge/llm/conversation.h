/// A conversation in OpenAI's messages, put in the order that stricter dialects ask for: what the system says apart,
/// turns of user and assistant, every call with its result.
///
/// Pure.   Errors: ProviderError with reason `unsupported`, for a message no dialect could carry.
/// A call that nobody answered says so as its result. Ids are made plain ([A-Za-z0-9_-], each once) on both sides.
/// What speaks is named in front of its text when the message has a `name`. Blank texts are left out: servers refuse
/// them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

struct AnsweredCall {
  std::string id;
  std::string name;
  nlohmann::json arguments;  // an object
  std::string extra;         // as in ToolCall
  std::string result;        // the content of the tool message
  bool is_error = false;     // the result is {"error":…}
};

struct Turn {
  bool is_assistant = false;
  std::vector<std::string> texts;
  std::vector<AnsweredCall> calls;  // the assistant's, made after it said the texts
};

struct Conversation {
  std::string system;
  /// No two turns of the user in a row, nor of the assistant unless the first of them makes calls.
  std::vector<Turn> turns;
};

Result<Conversation, ProviderError> read_conversation(const nlohmann::json& messages);

/// For dialects in which the user speaks first: a turn that bids the model go on is put in front where it is missing.
void let_user_begin(Conversation& conversation);

}  // namespace strawberry::bridge

/// Converts OpenAI messages to the order that stricter dialects need: system text separate, turns of user and
/// assistant, every call with its result.
///
/// Pure.   Errors: ProviderError with reason `unsupported`, for a message that no dialect supports.
/// A call without a result gets a result that says so. Ids are normalized ([A-Za-z0-9_-], each once) on both sides. The
/// `name` of a message is put in front of its text. Blank texts are left out, since servers refuse them.
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
  std::vector<AnsweredCall> calls;  // the assistant's, made after its texts
};

struct Conversation {
  std::string system;
  /// Two turns of the user never follow each other; two of the assistant only if the first makes calls.
  std::vector<Turn> turns;
};

Result<Conversation, ProviderError> read_conversation(const nlohmann::json& messages);

/// For dialects in which the user speaks first: inserts a turn in front that asks the model to continue, where it is
/// missing.
void let_user_begin(Conversation& conversation);

}  // namespace strawberry::bridge

/// How an answer looks on the wire, in pieces and whole: as OpenAI's chat completions, or as TensorZero's inferences
/// (tensorzero.h).
///
/// Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/llm/provider.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

/// What is known of an answer from its first piece on. `model` and `provider` are empty until a provider has answered.
struct AnswerHead {
  std::string id;  // a UUID
  std::int64_t created_s = 0;
  std::string model;
  std::string provider;
};

struct WholeAnswer {
  std::string content;
  std::string finish_reason;  // stop, length, tool_calls, content_filter
  std::vector<ToolCall> client_calls;
  Usage usage;
  std::optional<std::string> session_id;
  std::optional<Error> not_stored = std::nullopt;  // why the turn is not in its session
};

/// Into the `result`: the session, and when the turn is not in it, that and why.
void add_session(nlohmann::json& result, const WholeAnswer& answer);

class AnswerFormat {
 public:
  virtual ~AnswerFormat() = default;
  /// Data of a `delta`: a piece of text; `is_first` of the whole turn.
  virtual nlohmann::json text(const AnswerHead& head, std::string piece, bool is_first) const = 0;
  /// Calls of the client's own tools, whole.
  virtual nlohmann::json calls(const AnswerHead& head, const std::vector<ToolCall>& calls, bool is_first) const = 0;
  /// The last `delta`: why it ended.
  virtual nlohmann::json end(const AnswerHead& head, const WholeAnswer& answer) const = 0;
  /// The `result` of the one response.
  virtual nlohmann::json whole(const AnswerHead& head, const WholeAnswer& answer) const = 0;
};

std::unique_ptr<AnswerFormat> openai_format();

}  // namespace strawberry::bridge

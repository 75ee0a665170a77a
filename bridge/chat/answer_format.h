/// The wire format of an answer, in pieces and as a whole: OpenAI's chat completions, or TensorZero's inferences
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

/// The parts of an answer known from its first piece on. `model` and `provider` are empty until a provider has
/// answered.
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
  std::optional<Error> not_stored = std::nullopt;  // why the turn was not stored in its session
};

/// Adds the session to `result`, and the reason when the turn was not stored in it.
void add_session(nlohmann::json& result, const WholeAnswer& answer);

class AnswerFormat {
 public:
  virtual ~AnswerFormat() = default;
  /// Returns the data of a `delta` with a piece of text; `is_first`: the first of the whole turn.
  virtual nlohmann::json text(const AnswerHead& head, std::string piece, bool is_first) const = 0;
  /// Returns the data of a `delta` with complete calls of the client's own tools.
  virtual nlohmann::json calls(const AnswerHead& head, const std::vector<ToolCall>& calls, bool is_first) const = 0;
  /// Returns the data of the last `delta`, with the finish reason.
  virtual nlohmann::json end(const AnswerHead& head, const WholeAnswer& answer) const = 0;
  /// Returns the `result` of the single response.
  virtual nlohmann::json whole(const AnswerHead& head, const WholeAnswer& answer) const = 0;
};

std::unique_ptr<AnswerFormat> openai_format();

}  // namespace strawberry::bridge

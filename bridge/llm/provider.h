/// A language model behind any wire: messages and tools in, one assistant message out.
///
/// Threading: loop only.   Errors: ProviderError in Result, never thrown.   Bounds: each provider's Options.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/skills/offered_skill.h"
#include "common/runtime/task.h"
#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry::bridge {

/// A function the model may call. `parameters` is JSON Schema. `skill` is set when the hub runs it on a device, empty
/// when the client sent the tool itself.
struct Tool {
  std::string name;  // [A-Za-z0-9_-]{1,64}, unique in the request
  std::string description;
  nlohmann::json parameters;
  std::optional<OfferedSkill> skill;
  std::string device_parameter;  // the property of `parameters` that chooses the device; empty when there is none
};

inline constexpr std::size_t tool_call_extra_bytes_max = 8 * 1024;

struct ToolCall {
  std::string id;  // empty when the server gave none: the agent loop makes one
  std::string name;
  std::string arguments;  // JSON text, as the model wrote it: untrusted
  std::string extra =
      {};  // the provider's own mark on it, to come back with the call; at most tool_call_extra_bytes_max
};

struct ModelRequest {
  std::string model;        // empty: the provider's default
  nlohmann::json messages;  // OpenAI chat messages: an array of objects
  std::vector<Tool> tools;
  nlohmann::json options;  // temperature, max_tokens, stop, tool_choice, response_format, …: as the client sent them
  SteadyTime deadline;
  std::string log_id;  // of the request this belongs to (Request::log_id)
  std::string user;    // whose share of a provider's requests it takes: a user's id, or that of a principal without one
  /// Given the answer's text piece by piece as it arrives. Empty: the answer is wanted whole.
  std::function<void(std::string_view text)> on_text = nullptr;
  /// A tool has run for this turn: what fails now is asked neither again nor elsewhere.
  bool is_last_try = false;
  /// When a streamed answer must have begun, so that somebody else can be asked; it then has until the deadline.
  SteadyTime begin_by = SteadyTime::max();
};

struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  bool estimated = false;  // the provider did not say: counted from the texts
};

struct ModelReply {
  std::string content;
  std::vector<ToolCall> tool_calls;  // whole: none of an answer that was broken off (answer_end.h)
  std::string finish_reason;         // stop, length, tool_calls, content_filter
  std::string model;                 // as the provider names it
  std::string provider;
  Usage usage;
  bool understood = true;  // false: the embedded provider found nothing to do and only says so
  /// Of a streamed answer: how long after the question it began, with text, a call or a thought.
  std::optional<std::chrono::nanoseconds> began_after = std::nullopt;
};

struct ProviderError {
  std::string provider;
  std::string reason;  // a word: connect, timeout, status, bad_reply, length, unsupported, …
  int status = 0;      // HTTP status, 0 when there was none
  std::string message;
  bool timed_out = false;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // the server's own wish
  bool shown = false;                                                   // some of the answer went to on_text
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual const std::string& name() const = 0;
  /// Answers at once, from within this process: needs no share of a deadline.
  virtual bool is_embedded() const { return false; }
  /// What it asks for when a request names no model.
  virtual const std::string& default_model() const { return name(); }
  virtual Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) = 0;
};

}  // namespace strawberry::bridge

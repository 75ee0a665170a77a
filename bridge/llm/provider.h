/// A language model with any wire: takes messages and tools, returns one assistant message.
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
/// for a tool of the client.
struct Tool {
  std::string name;  // [A-Za-z0-9_-]{1,64}, unique in the request
  std::string description;
  nlohmann::json parameters;
  std::optional<OfferedSkill> skill;
  std::string device_parameter;  // the property of `parameters` that selects the device; empty: none
};

inline constexpr std::size_t tool_call_extra_bytes_max = 8 * 1024;

struct ToolCall {
  std::string id;  // empty when the server gave none: the agent loop creates one
  std::string name;
  std::string arguments;   // JSON text, as the model wrote it: untrusted
  std::string extra = {};  // the provider's own data, sent back with the call; at most tool_call_extra_bytes_max
};

struct ModelRequest {
  std::string model;        // empty: the provider's default
  nlohmann::json messages;  // OpenAI chat messages: an array of objects
  std::vector<Tool> tools;
  nlohmann::json options;  // temperature, max_tokens, stop, tool_choice, response_format, …: as the client sent them
  SteadyTime deadline;
  std::string log_id;  // of the request it is part of (Request::log_id)
  std::string user;    // whose share of a provider's requests it takes: a user's id, or that of a principal without one
  /// Called with the answer's text piece by piece as it arrives. Empty: the answer is not streamed.
  std::function<void(std::string_view text)> on_text = nullptr;
  /// A tool has run in this turn: a failure is not retried, here or with another provider.
  bool is_last_try = false;
  /// The time by which a streamed answer must have begun, so that another provider can be tried; it then has until the
  /// deadline.
  SteadyTime begin_by = SteadyTime::max();
};

struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  bool estimated = false;  // counted from the texts, because the provider did not count
};

struct ModelReply {
  std::string content;
  std::vector<ToolCall> tool_calls;  // complete: none of an answer that was broken off (answer_end.h)
  std::string finish_reason;         // stop, length, tool_calls, content_filter
  std::string model;                 // as the provider names it
  std::string provider;
  Usage usage;
  bool understood = true;  // false: the embedded provider found nothing to do and only says so
  /// For a streamed answer: the time from the request to its first text, call or thought.
  std::optional<std::chrono::nanoseconds> began_after = std::nullopt;
};

struct ProviderError {
  std::string provider;
  std::string reason;  // a word: connect, timeout, status, bad_reply, length, unsupported, …
  int status = 0;      // HTTP status, 0: none
  std::string message;
  bool timed_out = false;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;  // requested by the server
  bool shown = false;                                                   // part of the answer went to on_text
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual const std::string& name() const = 0;
  /// True for a provider that answers at once within this process: it needs no share of the time.
  virtual bool is_embedded() const { return false; }
  /// Returns the model that it uses when a request names none.
  virtual const std::string& default_model() const { return name(); }
  virtual Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) = 0;
};

}  // namespace strawberry::bridge

/// Converts the events of a hub's chat into the chunks of OpenAI's stream.
///
/// Pure, apart from the state of one stream.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::gateway {

class Chunks {
 public:
  /// `id` names the whole stream; `model` is used until the hub names the one that answers.
  explicit Chunks(std::string id, std::string model, std::int64_t created);

  /// Converts an event. `delta`: the hub's chunk; one with a `finish_reason` is held back until the next event.
  /// `tool_call`, `tool_result` or `confirm`: a chunk with an empty delta and a member `strawberry`. Empty for events
  /// that clients do not need.
  std::string event(const std::string& name, const nlohmann::json& data);
  /// Returns the rest of the stream once the answer is complete: its text if none was streamed, the finish, and the
  /// usage if it was requested. The last chunk has the completion's `session_id`, if there is one.
  std::string end(const nlohmann::json& completion, bool with_usage);

 private:
  nlohmann::json chunk(nlohmann::json delta, nlohmann::json finish_reason) const;

  std::string id_;
  std::string model_;
  std::int64_t created_;
  bool has_text_ = false;
  nlohmann::json finish_;  // the chunk that is held back; null when there is none
};

}  // namespace strawberry::gateway

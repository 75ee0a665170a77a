/// The events of a hub's chat as the chunks of OpenAI's stream.
///
/// Pure, but for what one stream has said so far.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::gateway {

class Chunks {
 public:
  /// `id` names the whole stream; `model` until the hub says which one answers.
  explicit Chunks(std::string id, std::string model, std::int64_t created);

  /// Of a `delta`: the hub's chunk; one with a `finish_reason` waits for what comes next. Of a `tool_call`,
  /// `tool_result` or `confirm`: a chunk with an empty delta and a member `strawberry`. Empty for what clients need not
  /// see.
  std::string event(const std::string& name, const nlohmann::json& data);
  /// What is left to say once the answer is whole: its text, if none was streamed, the finish, and the usage if it was
  /// asked for. The last chunk has the completion's `session_id`, if there is one.
  std::string end(const nlohmann::json& completion, bool with_usage);

 private:
  nlohmann::json chunk(nlohmann::json delta, nlohmann::json finish_reason) const;

  std::string id_;
  std::string model_;
  std::int64_t created_;
  bool has_text_ = false;
  nlohmann::json finish_;  // the chunk that waits; null when none does
};

}  // namespace strawberry::gateway

/// Shows one turn of a chat as it happens: text as it arrives, calls on devices, questions.
///
/// Threading: loop only.   Errors: none; unknown events are left out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::cli {

class TurnPrinter {
 public:
  /// `is_json`: prints every event and the answer as one line of JSON.
  explicit TurnPrinter(bool is_json) : is_json_(is_json) {}

  void event(const std::string& name, const nlohmann::json& data);
  /// Prints the whole answer, unless its text has been shown.
  void answer(const nlohmann::json& completion);
  /// Ends the line of the streamed text.
  void end_line();

 private:
  void delta(const nlohmann::json& chunk);

  const bool is_json_;
  bool streamed_ = false;
  bool in_line_ = false;
};

/// Returns `kitchen_lamp LightSkill.turn_on(level=3)`, the call of an event `tool_call` or `confirm`.
std::string call_in_words(const nlohmann::json& data);

/// Returns why the turn of this answer is not in its session. Empty: it is, or was not meant to be.
std::string why_not_stored(const nlohmann::json& completion);

}  // namespace strawberry::cli

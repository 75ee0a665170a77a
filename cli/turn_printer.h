/// Shows one turn of a chat as it happens: words as they come, calls on devices, questions.
///
/// Threading: loop only.   Errors: none; what it does not understand it leaves out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::cli {

class TurnPrinter {
 public:
  /// `is_json`: every event and the answer as one line of JSON.
  explicit TurnPrinter(bool is_json) : is_json_(is_json) {}

  void event(const std::string& name, const nlohmann::json& data);
  /// The whole answer, unless its words have been shown.
  void answer(const nlohmann::json& completion);
  /// Ends the line that words have begun.
  void end_line();

 private:
  void delta(const nlohmann::json& chunk);

  const bool is_json_;
  bool streamed_ = false;
  bool in_line_ = false;
};

/// `kitchen_lamp LightSkill.turn_on(level=3)`: what an event `tool_call` or `confirm` is about.
std::string call_in_words(const nlohmann::json& data);

/// Of a chat's answer: why the turn is not in its session. Empty: it is, or was not meant to be.
std::string why_not_stored(const nlohmann::json& completion);

}  // namespace strawberry::cli

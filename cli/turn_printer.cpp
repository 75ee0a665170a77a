#include "cli/turn_printer.h"

#include <iostream>

#include "cli/terminal.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t answer_bytes_max = 256 * 1024;

std::string in_colour(const std::string& text, std::string_view colour) {
  return terminal_has_colours() ? std::string(colour) + text + std::string(plain) : text;
}

/// Returns the answer's text; a completion may have none.
std::string answer_of(const json& completion) {
  const json::json_pointer content("/choices/0/message/content");
  if (!completion.contains(content) || !completion.at(content).is_string()) return "";
  return printable_lines(completion.at(content).get_ref<const std::string&>(), answer_bytes_max);
}

std::string arguments_of(const json& data) {
  const auto arguments = data.find("arguments");
  if (arguments == data.end()) return "()";
  // The model's own text, when it is not JSON.
  if (arguments->is_string()) {
    const auto parsed = parse_json(arguments->get_ref<const std::string&>());
    return parsed && parsed->is_object() ? show_arguments(json::array(), *parsed)
                                         : "(" + show_value(*arguments, 200) + ")";
  }
  return arguments->is_array() ? show_arguments(*arguments, json::object()) : show_arguments(json::array(), *arguments);
}

}  // namespace

std::string call_in_words(const json& data) {
  return show_member(data, "device") + " " + show_member(data, "skill_path") + arguments_of(data);
}

std::string why_not_stored(const json& completion) {
  const auto why = completion.find("stored_error");
  if (why == completion.end() || !why->is_object()) return {};
  return show_member(*why, "message");
}

void TurnPrinter::event(const std::string& name, const json& data) {
  if (is_json_) {
    std::cout << to_text(json{{"event", name}, {"data", data}}) << std::endl;
  } else if (name == "delta") {
    delta(data);
  } else if (name == "tool_call" && data.is_object()) {
    end_line();
    std::cout << in_colour("  → " + call_in_words(data), cyan) << std::endl;
  } else if (name == "tool_result" && data.is_object()) {
    end_line();
    const auto success = data.find("success");
    const bool worked = success != data.end() && success->is_boolean() && success->get<bool>();
    std::cout << (worked ? in_colour("  ← ", cyan) : in_colour("  ✗ ", red))
              << show_member(data, worked ? "result" : "error") << std::endl;
  }
}

void TurnPrinter::answer(const json& completion) {
  if (is_json_) {
    std::cout << to_text(completion) << std::endl;
    return;
  }
  end_line();
  if (streamed_) return;
  const std::string words = answer_of(completion);
  std::cout << (words.empty() ? "(no words)" : words) << std::endl;
}

void TurnPrinter::delta(const json& chunk) {
  const json::json_pointer content("/choices/0/delta/content");
  if (!chunk.is_object() || !chunk.contains(content) || !chunk.at(content).is_string()) return;
  const auto& words = chunk.at(content).get_ref<const std::string&>();
  if (words.empty()) return;
  std::cout << printable_lines(words, answer_bytes_max) << std::flush;
  streamed_ = true;
  in_line_ = true;
}

void TurnPrinter::end_line() {
  if (in_line_) std::cout << std::endl;
  in_line_ = false;
}

}  // namespace strawberry::cli

#include "cli/spoke/command_arguments.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "cli/spoke/argument_binding.h"
#include "cli/text.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using Kind = Parameter::Kind;
using Values = BoundArguments;

/// An element of a command with `{name}` in it, and the text before and after that.
struct Place {
  std::string before;
  std::string name;
  std::string behind;
};

bool is_name(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
}

/// Returns the first `{name}` in `element`, with its surroundings.
std::optional<Place> place_in(const std::string& element) {
  for (std::size_t open = element.find('{'); open != std::string::npos; open = element.find('{', open + 1)) {
    const std::size_t close = element.find('}', open);
    if (close == std::string::npos) return std::nullopt;
    const std::string name = element.substr(open + 1, close - open - 1);
    if (is_name(name)) return Place{element.substr(0, open), name, element.substr(close + 1)};
  }
  return std::nullopt;
}

/// True if no shell or other interpreter of text could give a character a meaning.
bool is_plain(const std::string& text) {
  constexpr std::string_view plain = "-_=:,./@%+";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || plain.find(c) != std::string_view::npos;
  });
}

/// True for text allowed before a place. Dashes alone would make the value an option's name.
bool is_plain_beginning(const std::string& text) {
  return is_plain(text) && (text.empty() || text.find_first_not_of('-') != std::string::npos);
}

Result<void> check_default(const CommandSkill& skill, const Parameter& parameter) {
  if (!parameter.default_value || skill.parameters.at("properties").at(parameter.name).contains("default")) return {};
  return fail("the default of " + parameter.name + " must be a literal: a number, a text, True, False or None");
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : to_text(value); }

/// Collects a command's elements, one after the other, with their values filled in.
class Line {
 public:
  Result<void> add(const std::string& element, const Values& values) {
    const auto place = place_in(element);
    if (!place) {
      if (element == "--") options_are_over_ = true;
      return push(element, /*is_given=*/false);
    }
    const json& value = values.at(place->name);
    if (value.is_null()) return {};
    const auto push_in_place = [&](const json& each) {
      return push(place->before + text_of(each) + place->behind, place->before.empty());
    };
    if (!value.is_array()) return push_in_place(value);
    for (const json& each : value) {
      if (auto good = push_in_place(each); !good) return good;
    }
    return {};
  }

  std::vector<std::string> take() { return std::move(words_); }

 private:
  /// `is_given`: the caller's text begins at the first byte.
  Result<void> push(std::string word, bool is_given) {
    if (word.find('\0') != std::string::npos) return fail("an argument has a NUL character in it");
    if (is_given && !options_are_over_ && !word.empty() && word.front() == '-') {
      return fail("an argument that begins with '-' could be taken for an option: " + in_quotes(word, 60));
    }
    if (word.size() > argument_bytes_max) {
      return fail("an argument has more than " + std::to_string(argument_bytes_max) + " bytes");
    }
    bytes_ += word.size();
    if (words_.size() == arguments_max || bytes_ > arguments_bytes_max) {
      return fail("the arguments are too many, or too long together");
    }
    words_.push_back(std::move(word));
    return {};
  }

  std::vector<std::string> words_;
  std::size_t bytes_ = 0;
  bool options_are_over_ = false;
};

}  // namespace

Result<void> check_command(const CommandSkill& skill) {
  const auto& command = skill.command;
  if (command.empty() || command.front().empty()) return fail("command is missing: write [\"program\", \"argument\"]");
  std::set<std::string> placed;
  for (const std::string& element : command) {
    const auto place = place_in(element);
    if (!place) continue;
    const std::string shown = "'{" + printable(place->name, 60) + "}'";
    if (&element == &command.front()) return fail("command: the program itself cannot be " + shown);
    if (!is_plain_beginning(place->before) || !is_plain(place->behind)) {
      return fail("command: " + shown + " stands alone or in one word ('--level={level}', '{level}%'), not in a text");
    }
    placed.insert(place->name);
  }
  for (const Parameter& parameter : skill.signature.parameters) {
    if (parameter.kind == Kind::var_keyword) return fail("signature: a command takes no **" + parameter.name);
    if (placed.erase(parameter.name) == 0) {
      return fail("command: the parameter " + parameter.name + " has no place in it: put '{" + parameter.name +
                  "}' where it belongs");
    }
    if (auto good = check_default(skill, parameter); !good) return good;
  }
  if (!placed.empty()) return fail("command: there is no parameter '{" + printable(*placed.begin(), 60) + "}'");
  return {};
}

Result<std::vector<std::string>> argv_of_call(const CommandSkill& skill, const json& args, const json& kwargs) {
  auto values = bind_arguments(skill.signature, skill.parameters, skill.path(), args, kwargs);
  if (!values) return tl::unexpected(values.error());
  Line line;
  for (const std::string& element : skill.command) {
    if (auto good = line.add(element, *values); !good) return tl::unexpected(good.error());
  }
  return line.take();
}

}  // namespace strawberry::cli

/// Words into values and values into lines: what the commands share and what needs no hub.
///
/// Pure functions.   Errors: a Failure that says what was expected.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace strawberry::cli {

/// `500ms`, `30s`, `15m`, `12h`, `30d`. Positive, and at most ten years. A bare number is refused: nobody can tell
/// whether 365 are seconds or days.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A JSON document nested at most as deep as the contract allows (64 levels); nothing for anything else. What it
/// returns can be walked and printed by recursion.
std::optional<nlohmann::json> parse_json(std::string_view text);

struct CallArguments {
  nlohmann::json args = nlohmann::json::array();
  nlohmann::json kwargs = nlohmann::json::object();
};

/// Words of a command line as a skill's arguments: what parses as JSON is that value, anything else a string, and
/// `name=value` with a Python identifier for a name goes into `kwargs`. Fails when a name comes twice.
Result<CallArguments> parse_call_arguments(const std::vector<std::string>& words);

/// `text` on one line that cannot steer a terminal: control characters, line ends, the direction-changing characters
/// of Unicode and bytes that are not UTF-8 become `\n`, `\x1b`, `\u202e` … ; cut (with `…`) after `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max);
/// printable(), in single quotes: what the user said, in a message.
std::string in_quotes(std::string_view text, std::size_t bytes_max = 128);
/// As printable(), but line ends and tabs stay: for text of several lines.
std::string printable_lines(std::string_view text, std::size_t bytes_max);

/// A value as a person reads it: a string without quotes, anything else as compact JSON; printable.
std::string show_value(const nlohmann::json& value, std::size_t bytes_max);
/// `play_song("Yesterday", volume=20)`: a call's arguments, from a list and an object.
std::string show_arguments(const nlohmann::json& args, const nlohmann::json& kwargs);

/// A copy in which every `access_token`, wherever it stands, reads `<hidden>`.
nlohmann::json without_tokens(nlohmann::json value);

/// Columns padded to the widest cell, two spaces between them, the header first; one line per row.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

}  // namespace strawberry::cli

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

#include "common/text/clock.h"
#include "common/text/json_text.h"
#include "common/text/result.h"

namespace strawberry::cli {

/// `500ms`, `30s`, `15m`, `12h`, `30d`. Positive, and at most ten years. A bare number is refused: nobody can tell
/// whether 365 are seconds or days.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A JSON document nested at most as deep as the contract allows (64 levels); nothing for anything else. What it
/// returns can be walked and printed by recursion.
std::optional<nlohmann::json> parse_json(std::string_view text);

/// `text` on one line that cannot steer a terminal: control characters, line ends, the direction-changing characters
/// of Unicode and bytes that are not UTF-8 become `\n`, `\x1b`, `\u202e` … ; cut (with `…`) after `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max);
/// printable(), in single quotes: what the user said, in a message.
std::string in_quotes(std::string_view text, std::size_t bytes_max = 128);
/// As printable(), but line ends and tabs stay: for text of several lines.
std::string printable_lines(std::string_view text, std::size_t bytes_max);

/// A value as a person reads it: a string without quotes, anything else as compact JSON; printable.
std::string show_value(const nlohmann::json& value, std::size_t bytes_max);
/// show_value() of the member of this name; empty when `object` is no object, or has none or null there.
std::string show_member(const nlohmann::json& object, std::string_view name, std::size_t bytes_max = 300);
/// `play_song("Yesterday", volume=20)`: a call's arguments, from a list and an object.
std::string show_arguments(const nlohmann::json& args, const nlohmann::json& kwargs);

/// A copy in which every `access_token`, wherever it stands, reads `<hidden>`.
nlohmann::json without_tokens(nlohmann::json value);

/// `a, b, c`: the first eight, then `…`. The words must be printable.
template <class Words>
std::string first_of(const Words& words) {
  constexpr std::size_t shown_max = 8;
  std::string out;
  std::size_t shown = 0;
  for (const std::string& word : words) {
    if (shown++ == shown_max) return out + ", …";
    out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

/// Columns padded to the widest cell, two spaces between them, the header first; one line per row. Where that is wider
/// than `columns_max` (0: no limit), the widest columns are cut (with `…`) until it fits, none below eight characters.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                  std::size_t columns_max = 0);

/// At most `columns` characters (`…` marks a cut). `text` must be printable.
std::string cut_to_columns(const std::string& text, std::size_t columns);

/// `2026-11-21 14:03` in this machine's time zone, for people; programs get RFC 3339.
std::string local_time(WallTime time);
/// The same of an RFC 3339 time as the hub writes it; the text itself when it is none, `-` when empty.
std::string local_time(const std::string& rfc3339);

}  // namespace strawberry::cli

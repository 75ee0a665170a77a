/// Parses words and formats values for all commands, without a hub.
///
/// Pure functions.   Errors: a Failure that states what was expected.
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

/// Parses `500ms`, `30s`, `15m`, `12h`, `30d`. Positive, and at most ten years. A number without unit is refused: 365
/// could be seconds or days.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Parses a JSON document nested at most as deep as the contract allows (64 levels); nullopt for anything else. The
/// result can be walked and printed by recursion.
std::optional<nlohmann::json> parse_json(std::string_view text);

/// Returns `text` on one line that cannot steer a terminal: control characters, line ends, direction-changing Unicode
/// characters and bytes that are not UTF-8 become `\n`, `\x1b`, `\u202e` … ; cut (with `…`) after `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max);
/// Returns printable() in single quotes, to show the user's input in a message.
std::string in_quotes(std::string_view text, std::size_t bytes_max = 128);
/// Like printable(), but keeps line ends and tabs: for text of several lines.
std::string printable_lines(std::string_view text, std::size_t bytes_max);

/// Returns a value for people: a string without quotes, anything else as compact JSON; printable.
std::string show_value(const nlohmann::json& value, std::size_t bytes_max);
/// Returns show_value() of the member; empty when `object` is not an object, or the member is missing or null.
std::string show_member(const nlohmann::json& object, std::string_view name, std::size_t bytes_max = 300);
/// Returns `play_song("Yesterday", volume=20)`: a call's arguments, from a list and an object.
std::string show_arguments(const nlohmann::json& args, const nlohmann::json& kwargs);

/// Returns a copy in which every `access_token` at any depth reads `<hidden>`.
nlohmann::json without_tokens(nlohmann::json value);

/// Returns `a, b, c`: the first eight, then `…`. The words must be printable.
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

/// Returns columns padded to the widest cell, with two spaces between, the header first; a line per row. If that
/// exceeds `columns_max` (0: no limit), the widest columns are cut (with `…`) until it fits, none below eight
/// characters.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                  std::size_t columns_max = 0);

/// Returns at most `columns` characters (`…` marks a cut). `text` must be printable.
std::string cut_to_columns(const std::string& text, std::size_t columns);

/// Returns `2026-11-21 14:03` in this machine's time zone, for people; programs get RFC 3339.
std::string local_time(WallTime time);
/// Converts an RFC 3339 time of the hub; returns other text unchanged, `-` when empty.
std::string local_time(const std::string& rfc3339);

}  // namespace strawberry::cli

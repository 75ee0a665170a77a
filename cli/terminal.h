/// The terminal to which a command's output goes, if it is one.
///
/// Threading: any, no state.
#pragma once

#include <cstddef>
#include <string_view>

namespace strawberry::cli {

/// Sequences that switch a terminal's colours on and off.
inline constexpr std::string_view dim = "\x1b[2m";
inline constexpr std::string_view bold = "\x1b[1m";
inline constexpr std::string_view red = "\x1b[31m";
inline constexpr std::string_view green = "\x1b[32m";
inline constexpr std::string_view cyan = "\x1b[36m";
inline constexpr std::string_view plain = "\x1b[0m";

/// True when standard output is a terminal.
bool output_is_terminal();
/// Returns the current width, since it may be resized. 0 when the output is not a terminal.
std::size_t terminal_columns();
/// True for a terminal, unless NO_COLOR is set (no-color.org) or it is a dumb one.
bool terminal_has_colours();

}  // namespace strawberry::cli

/// The terminal that a command's output goes to, if it is one.
///
/// Threading: any, no state.
#pragma once

#include <cstddef>
#include <string_view>

namespace strawberry::cli {

/// What switches a terminal's colours on, and off again.
inline constexpr std::string_view dim = "\x1b[2m";
inline constexpr std::string_view bold = "\x1b[1m";
inline constexpr std::string_view red = "\x1b[31m";
inline constexpr std::string_view green = "\x1b[32m";
inline constexpr std::string_view cyan = "\x1b[36m";
inline constexpr std::string_view plain = "\x1b[0m";

/// True when standard output is a terminal.
bool output_is_terminal();
/// Its width now: it may be made wider or narrower. 0 when the output is no terminal.
std::size_t terminal_columns();
/// Colours are for terminals, and not for who set NO_COLOR (no-color.org) or has a dumb one.
bool terminal_has_colours();

}  // namespace strawberry::cli

/// The terminal that a command's output goes to, if it is one.
///
/// Threading: any, no state.
#pragma once

#include <cstddef>

namespace strawberry::cli {

/// True when standard output is a terminal.
bool output_is_terminal();
/// Its width now: it may be made wider or narrower. 0 when the output is no terminal.
std::size_t terminal_columns();
/// Colours are for terminals, and not for who set NO_COLOR (no-color.org) or has a dumb one.
bool terminal_has_colours();

}  // namespace strawberry::cli

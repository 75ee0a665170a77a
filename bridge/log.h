/// The process's log: one line an event on standard error, for people or as JSON lines.
/// Bounds: a line is cut at line_bytes_max.
#pragma once

#include <cstddef>
#include <string>

namespace strawberry {

/// `level`: trace, debug, info, warn, error, off. `format`: human or json. Both checked by the configuration.
void start_logging(const std::string& level, const std::string& format, std::size_t line_bytes_max);

}  // namespace strawberry

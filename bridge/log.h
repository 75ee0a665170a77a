/// The process's log: one line an event on standard error, for people or as JSON lines.
///
/// A line that belongs to a request (protocol/request_log.h) carries its fields: `correlation_id`, `sender`, `service`
/// and `op` of a JSON line, the id in brackets in front of a line for people.
///
/// Threading: any; change_logging() also while others log.
/// Bounds: a message is cut at line_bytes_max, a field at field_bytes_max; both are escaped, so that whatever a client
/// sends stays within its line and its field.
#pragma once

#include <spdlog/formatter.h>

#include <cstddef>
#include <memory>
#include <string>

namespace strawberry {

inline constexpr std::size_t field_bytes_max = 128;

/// `level`: trace, debug, info, warn, error, off. `format`: human or json. Both checked by the configuration.
void start_logging(const std::string& level, const std::string& format, std::size_t line_bytes_max);
void change_logging(const std::string& level, const std::string& format, std::size_t line_bytes_max);

std::unique_ptr<spdlog::formatter> make_log_formatter(const std::string& format, std::size_t line_bytes_max);

}  // namespace strawberry

/// The process's log: one line an event on standard error, for people or as JSON lines.
///
/// A line that belongs to a request (common/runtime/request_log.h) carries its fields: `correlation_id`, `sender`,
/// `service` and `op` of a JSON line, the id in brackets in front of a line for people.
///
/// Threading: any; change_logging() also while others log.
/// Bounds: a message is cut at line_bytes_max, a field at field_bytes_max; both are escaped, so that whatever a client
/// sends stays within its line and its field. Lines of one kind: lines_per_second_max (limited_sink.h).
#pragma once

#include <spdlog/formatter.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace strawberry {

inline constexpr std::size_t field_bytes_max = 128;

struct LogOptions {
  std::string level;   // trace, debug, info, warn, error, off; this and the format checked by the configuration
  std::string format;  // human or json
  std::size_t line_bytes_max = 0;
  std::uint64_t lines_per_second_max = 0;  // of one kind; 0: any number
};
/// First of all: what is below needs it.
void start_logging(const LogOptions& options);
void change_logging(const LogOptions& options);
/// Says how many lines were left out of a second that is over. About once a second.
void tick_logging();
/// Says how many were left out until now: the process is about to end.
void finish_logging();

std::unique_ptr<spdlog::formatter> make_log_formatter(const std::string& format, std::size_t line_bytes_max);

}  // namespace strawberry

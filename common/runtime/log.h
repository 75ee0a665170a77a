/// The process's log: one line an event on standard error, for people or as JSON lines.
///
/// A line that belongs to a request (common/runtime/request_log.h) carries its fields: `correlation_id`, `sender`,
/// `service` and `op` of a JSON line, the id in brackets in front of a line for people.
///
/// Threading: any; change_logging() also while others log.
/// Bounds: a message is cut at line_bytes_max, a field at field_bytes_max. Both are escaped, so that text of a client
/// stays within its line and its field. Lines of one kind: lines_per_second_max (limited_sink.h).
#pragma once

#include <spdlog/formatter.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace strawberry {

inline constexpr std::size_t field_bytes_max = 128;

struct LogOptions {
  std::string level;   // trace, debug, info, warn, error, off; the configuration checks level and format
  std::string format;  // human or json
  std::size_t line_bytes_max = 0;
  std::uint64_t lines_per_second_max = 0;  // of one kind; 0: no limit
};
/// Must be called before all functions below.
void start_logging(const LogOptions& options);
void change_logging(const LogOptions& options);
/// Writes how many lines were omitted in a second that is over. Called about once a second.
void tick_logging();
/// Writes how many lines were omitted until now. Called before the process ends.
void finish_logging();

std::unique_ptr<spdlog::formatter> make_log_formatter(const std::string& format, std::size_t line_bytes_max);

}  // namespace strawberry

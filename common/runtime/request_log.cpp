#include "common/runtime/request_log.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace strawberry {
namespace {

thread_local LogFields line_fields;
thread_local std::string_view line_kind;

}  // namespace

LogLine::LogLine(const LogFields& fields, std::string_view kind)
    : outer_fields_(std::exchange(line_fields, fields)), outer_kind_(std::exchange(line_kind, kind)) {}

LogLine::~LogLine() {
  line_fields = outer_fields_;
  line_kind = outer_kind_;
}

const LogFields& fields_of_line() { return line_fields; }
std::string_view kind_of_line() { return line_kind; }

bool RequestLog::is_logged(spdlog::level::level_enum level) { return spdlog::should_log(level); }

void RequestLog::write_line(spdlog::level::level_enum level, spdlog::string_view_t text, fmt::format_args args) const {
  const LogLine line(fields_, {text.data(), text.size()});
  fmt::memory_buffer formatted;
  fmt::vformat_to(fmt::appender(formatted), text, args);
  spdlog::default_logger_raw()->log(level, spdlog::string_view_t(formatted.data(), formatted.size()));
}

}  // namespace strawberry

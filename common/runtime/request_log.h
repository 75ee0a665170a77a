/// Log lines with the fields of their request: its correlation id, and its sender, service and operation where the
/// calling code knows them. common/runtime/log.h writes them as fields of a JSON line, and the id in front of a line
/// for people.
///
///   log_for(request).info("{} was not allowed", printable(path));  // bridge/pipeline/request_log.h
/// not part of a request
///
/// The format is the line's kind: common/runtime/limited_sink.h counts by it. So everything that varies between lines
/// must be an argument.
///
/// A RequestLog is made for one line, so that no field of one request remains when a coroutine of another continues.
///
/// Threading: any.   Lifetime: refers to the objects it was made from, and must not outlive them.
/// Bounds: fields are untrusted; the code that writes the line cuts and escapes them.
#pragma once

#include <spdlog/common.h>

#include <string_view>
#include <utility>

namespace strawberry {

/// Empty: not known.
struct LogFields {
  std::string_view correlation_id;
  std::string_view sender = {};  // principal id
  std::string_view service = {};
  std::string_view op = {};
};

/// While it lives, lines of this thread have these fields and this kind. No coroutine may be suspended within.
class LogLine {
 public:
  LogLine(const LogFields& fields, std::string_view kind);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

 private:
  LogFields outer_fields_;
  std::string_view outer_kind_;
};

/// Returns the fields of the line that this thread is writing.
const LogFields& fields_of_line();
/// Returns its kind; empty for a line that is not written through RequestLog.
std::string_view kind_of_line();

class RequestLog {
 public:
  explicit RequestLog(LogFields fields) : fields_(fields) {}

  template <class... Args>
  void debug(spdlog::format_string_t<Args...> text, Args&&... args) const {
    write(spdlog::level::debug, text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(spdlog::format_string_t<Args...> text, Args&&... args) const {
    write(spdlog::level::info, text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warn(spdlog::format_string_t<Args...> text, Args&&... args) const {
    write(spdlog::level::warn, text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(spdlog::format_string_t<Args...> text, Args&&... args) const {
    write(spdlog::level::err, text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void critical(spdlog::format_string_t<Args...> text, Args&&... args) const {
    write(spdlog::level::critical, text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void write(spdlog::level::level_enum level, spdlog::format_string_t<Args...> text, Args&&... args) const {
    // Not spdlog's own function: that one is compiled with all of fmt for each file which logs.
    if (is_logged(level)) write_line(level, text, fmt::make_format_args(args...));
  }

 private:
  static bool is_logged(spdlog::level::level_enum level);
  void write_line(spdlog::level::level_enum level, spdlog::string_view_t text, fmt::format_args args) const;

  LogFields fields_;
};

/// For code that knows only the id of the request.
inline RequestLog log_for(std::string_view log_id) { return RequestLog({log_id}); }
/// For lines that do not belong to a request.
inline RequestLog hub_log() { return RequestLog({}); }

}  // namespace strawberry

/// Log lines that belong to a request say to which: its correlation id, and its sender, service and operation where the
/// code at hand knows them. common/runtime/log.h writes them as fields of a JSON line, and the id in front of a line
/// for people.
///
///   log_for(request).info("{} was not allowed", printable(path));  // bridge/pipeline/request_log.h
///   hub_log().info("stopped");                                        // belongs to no request
///
/// The format is the line's kind: common/runtime/limited_sink.h counts by it. So whatever changes from line to line is
/// an argument.
///
/// A RequestLog is made for one line from what is at hand, so that nothing of one request is left over when a coroutine
/// of another goes on.
///
/// Threading: any.   Lifetime: refers to what it was made from, and must not outlive that.
/// Bounds: fields are untrusted; whoever writes the line cuts and escapes them.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

namespace strawberry {

/// Empty: not known.
struct LogFields {
  std::string_view correlation_id;
  std::string_view sender = {};  // its id
  std::string_view service = {};
  std::string_view op = {};
};

/// While it lives, this thread writes a line with these fields, of this kind. No coroutine is suspended within.
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

/// Those of the line that this thread is writing.
const LogFields& fields_of_line();
/// Likewise; empty for a line that is written past RequestLog.
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
    if (!spdlog::should_log(level)) return;
    const spdlog::string_view_t kind = text;
    const LogLine line(fields_, {kind.data(), kind.size()});
    spdlog::log(level, text, std::forward<Args>(args)...);
  }

 private:
  LogFields fields_;
};

/// Where only the id of the request is known.
inline RequestLog log_for(std::string_view log_id) { return RequestLog({log_id}); }
/// Where there is no request.
inline RequestLog hub_log() { return RequestLog({}); }

}  // namespace strawberry

/// Log lines that belong to a request say to which: its correlation id, and its sender, service and operation where the
/// code at hand knows them. bridge/log.h writes them as fields of a JSON line, and the id in front of a line for
/// people.
///
///   log_for(request).info("{} was not allowed", printable(path));
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

#include "bridge/protocol/service.h"

namespace strawberry {

/// Empty: not known.
struct LogFields {
  std::string_view correlation_id;
  std::string_view sender = {};  // its id
  std::string_view service = {};
  std::string_view op = {};
};

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
  void write(spdlog::level::level_enum level, spdlog::format_string_t<Args...> text, Args&&... args) const {
    if (!spdlog::should_log(level)) return;
    const Line line(fields_);
    spdlog::log(level, text, std::forward<Args>(args)...);
  }

 private:
  /// While it lives, this thread writes a line with these fields. No coroutine is suspended within.
  class Line {
   public:
    explicit Line(const LogFields& fields);
    ~Line();
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
  };

  LogFields fields_;
};

/// Those of the line that this thread is writing: for the formatter.
const LogFields& fields_of_line();

inline RequestLog log_for(const Request& request) {
  return RequestLog({request.log_id, request.sender.id, to_string(request.service), request.op});
}
/// Where only the id of the request is known.
inline RequestLog log_for(std::string_view log_id) { return RequestLog({log_id}); }

}  // namespace strawberry

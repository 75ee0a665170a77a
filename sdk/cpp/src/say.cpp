#include "sdk/cpp/src/say.h"

#include <exception>
#include <iostream>

#include "common/text/clock.h"
#include "common/text/printable.h"

namespace strawberry::sdk {
namespace {

constexpr std::size_t line_bytes_max = 1'000;

void to_standard_error(const std::string& line) {
  constexpr std::size_t date_bytes = 11;
  constexpr std::size_t time_bytes = 8;
  const std::string now = format_rfc3339(SystemClock().wall_now()).substr(date_bytes, time_bytes);
  std::cerr << now + "  " + line + "\n" << std::flush;
}

}  // namespace

Say make_say(std::function<void(LogLevel, const std::string&)> log) {
  return [log = std::move(log)](LogLevel level, const std::string& line) {
    const std::string shown = printable(line, line_bytes_max);
    if (!log) return to_standard_error(shown);
    try {
      log(level, shown);
    } catch (...) {  // a failing log must not stop the Spoke
    }
  };
}

}  // namespace strawberry::sdk

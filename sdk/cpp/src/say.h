/// The one way to the log of whoever uses the library: one line, printable, bounded.
///
/// Threading: any.   Errors: what the user's function throws ends here.
#pragma once

#include <functional>
#include <string>

#include "sdk/cpp/include/strawberry/options.h"

namespace strawberry::sdk {

using Say = std::function<void(LogLevel level, const std::string& line)>;

/// To `log`, or to standard error with the time in front when that is empty.
Say make_say(std::function<void(LogLevel, const std::string&)> log);

}  // namespace strawberry::sdk

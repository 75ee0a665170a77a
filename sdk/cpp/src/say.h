/// Writes to the log of the library's user: one line, printable, bounded. Nothing else does.
///
/// Threading: any.   Errors: exceptions of the user's function are dropped.
#pragma once

#include <functional>
#include <string>

#include "sdk/cpp/include/strawberry/options.h"

namespace strawberry::sdk {

using Say = std::function<void(LogLevel level, const std::string& line)>;

/// Writes to `log`, or to standard error with the time in front when that is empty.
Say make_say(std::function<void(LogLevel, const std::string&)> log);

}  // namespace strawberry::sdk

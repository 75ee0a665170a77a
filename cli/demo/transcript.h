/// Prints what the demo's devices say and do, one line each; colours only on a terminal.
///
/// Threading: one thread.
#pragma once

#include <chrono>
#include <string>

namespace strawberry::cli {

class Transcript {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The kind of a line: a device says, hears or does something.
  enum class Kind { says, hears, does, note };

  Transcript();
  void line(Kind kind, const std::string& who, const std::string& what) const;
  /// Prints a line with the time since `start`.
  void line(Kind kind, const std::string& who, const std::string& what, Time start) const;

 private:
  bool colours_;
};

}  // namespace strawberry::cli

/// What the demo's devices say and do, one line each, for a person to read; colours only on a terminal.
///
/// Threading: one thread.
#pragma once

#include <chrono>
#include <string>

namespace strawberry::cli {

class Transcript {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// What a line is about: somebody says something, hears something, does something.
  enum class Kind { says, hears, does, note };

  Transcript();
  void line(Kind kind, const std::string& who, const std::string& what) const;
  /// With how long it took since `start`.
  void line(Kind kind, const std::string& who, const std::string& what, Time start) const;

 private:
  bool colours_;
};

}  // namespace strawberry::cli

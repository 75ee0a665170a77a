/// Which lines of a trouble are still to be said: each once until the trouble is over, and not more than `lines_max`
/// different ones, however long it lasts and however its attempts fail.
///
/// Pure.   Threading: one thread.   Bounds: lines_max lines of line_bytes_max bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry {

class SaidOnce {
 public:
  static constexpr std::size_t lines_max = 8;
  static constexpr std::size_t line_bytes_max = 1'000;  // a longer line is known by its beginning

  /// True the first time.
  bool is_new(std::string_view line) {
    line = line.substr(0, line_bytes_max);
    if (said_.size() >= lines_max || std::find(said_.begin(), said_.end(), line) != said_.end()) return false;
    said_.emplace_back(line);
    return true;
  }
  /// The next trouble begins with nothing said.
  void over() { said_.clear(); }

 private:
  std::vector<std::string> said_;
};

}  // namespace strawberry

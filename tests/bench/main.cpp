/// strawberry-load: what the hub costs next to a bare broker, one table for each part. Everything runs on loopback in
/// temporary directories and is gone afterwards.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "tests/bench/calls.h"
#include "tests/bench/connects.h"
#include "tests/bench/memory.h"
#include "tests/bench/messages.h"
#include "tests/bench/scale.h"
#include "tests/bench/search.h"

namespace {

struct Part {
  std::string_view name;
  void (*measure)();
};
constexpr std::array<Part, 6> parts{{{"calls", strawberry::bench::measure_calls},
                                     {"connects", strawberry::bench::measure_connects},
                                     {"messages", strawberry::bench::measure_messages},
                                     {"memory", strawberry::bench::measure_memory},
                                     {"search", strawberry::bench::measure_search},
                                     {"scale", strawberry::bench::measure_scale}}};

constexpr const char* usage =
    "usage: strawberry-load [calls] [connects] [messages] [memory]\n\n"
    "Runs the parts named, or all; prints a Markdown table for each.\n";

}  // namespace

int main(int argc, char** argv) {
  std::vector<Part> chosen;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto* part = std::find_if(parts.begin(), parts.end(), [&](const Part& each) { return each.name == word; });
    if (part == parts.end()) {
      const bool help = word == "--help" || word == "-h";
      std::fputs(usage, help ? stdout : stderr);
      return help ? 0 : 2;
    }
    chosen.push_back(*part);
  }
  if (chosen.empty()) chosen.assign(parts.begin(), parts.end());
  try {
    for (const Part& part : chosen) {
      part.measure();
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "strawberry-load: %s\n", failure.what());
    return 1;
  }
}

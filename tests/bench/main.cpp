/// strawberry-load: measures what the hub costs next to a bare broker, one table for each part. Everything runs on
/// loopback in temporary directories, which are removed afterwards.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "tests/bench/calls.h"
#include "tests/bench/chat.h"
#include "tests/bench/connects.h"
#include "tests/bench/http.h"
#include "tests/bench/http_spokes.h"
#include "tests/bench/http_streams.h"
#include "tests/bench/instructions.h"
#include "tests/bench/mcp.h"
#include "tests/bench/memory.h"
#include "tests/bench/messages.h"
#include "tests/bench/scale.h"
#include "tests/bench/search.h"
#include "tests/bench/streams.h"

namespace {

using namespace strawberry::bench;

struct Part {
  std::string_view name;
  void (*measure)();
};
/// The first ones run when none is named; the others take valgrind, or are parts of `http` by themselves.
constexpr std::size_t default_parts = 10;
constexpr std::array<Part, 14> parts{{{"calls", measure_calls},
                                      {"chat", measure_chat},
                                      {"http", measure_http},
                                      {"streams", measure_streams},
                                      {"connects", measure_connects},
                                      {"messages", measure_messages},
                                      {"memory", measure_memory},
                                      {"mcp", measure_mcp},
                                      {"search", measure_search},
                                      {"scale", measure_scale},
                                      {"instructions", measure_instructions},
                                      {"http-chats", measure_http_chats},
                                      {"http-streams", measure_http_streams},
                                      {"http-spokes", measure_http_spokes}}};

constexpr const char* usage =
    "usage: strawberry-load [part]...\n\n"
    "Runs the parts named, or all; prints a Markdown table for each.\n\n"
    "  calls     routed against direct, and a Spoke of the C++ SDK  60 s\n"
    "  chat      a chat against HTTP and MQTT apart                  5 s\n"
    "  http      a chat through the web door, beside nginx and      60 s\n"
    "            LiteLLM's proxy; small requests, 1 000 streams,\n"
    "            5 000 idle Spokes. LiteLLM's proxy is the program\n"
    "            STRAWBERRY_BENCH_LITELLM. http-chats,\n"
    "            http-streams, http-spokes: parts of it alone\n"
    "  streams   100 and 1 000 chats that stream at once            30 s\n"
    "  connects  connections a second                               20 s\n"
    "  messages  messages a second                                  30 s\n"
    "  memory    of the broker with 10 000 devices                  10 s\n"
    "  mcp       tools/call against a routed call, tools/list of    15 s\n"
    "            500 skills, 1 000 listeners\n"
    "  search    among 200 000 skills, the registry alone            5 s\n"
    "  scale     the hub with 10 000 devices and 200 000 skills     60 s\n"
    "  instructions  of broker and bridge, counted by valgrind:    120 s\n"
    "            does not depend on what else the machine does\n";

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
  if (chosen.empty()) chosen.assign(parts.begin(), parts.begin() + default_parts);
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

// The request target of an HTTP request: an accepted one always becomes a plain path.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/http/message.h"
#include "tests/fuzz/require.h"

namespace {

using strawberry::gateway::Request;

bool has_control(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string target(reinterpret_cast<const char*>(data), size);
  Request request;
  if (!read_target(target, request)) return 0;
  FUZZ_REQUIRE(!request.path.empty() && request.path.front() == '/');
  FUZZ_REQUIRE(request.path.size() <= target.size() && !has_control(request.path));
  FUZZ_REQUIRE((request.path + "/").find("/../") == std::string::npos);
  FUZZ_REQUIRE((request.path + "/").find("/./") == std::string::npos);
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.query) {
    FUZZ_REQUIRE(!has_control(name) && !has_control(value));
    bytes += name.size() + value.size();
  }
  FUZZ_REQUIRE(bytes <= target.size());
  return 0;
}

// A POST to /mcp: the bytes before the first NUL are headers, a line each, the rest is the body. An accepted one is a
// message that can be answered, and its headers agree with it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/http/json.h"
#include "gateway/mcp/era.h"
#include "gateway/mcp/rpc.h"
#include "tests/fuzz/require.h"

namespace {

using namespace strawberry::gateway;
using nlohmann::json;

Request read_request(const std::string& text) {
  Request request;
  const std::size_t end = text.find('\0');
  std::size_t at = 0;
  while (end != std::string::npos && at < end) {
    const std::size_t line_end = std::min(text.find('\n', at), end);
    const std::string line = text.substr(at, line_end - at);
    const std::size_t colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    at = line_end + 1;
  }
  request.body = end == std::string::npos ? text : text.substr(end + 1);
  return request;
}

void check_error(const mcp::RpcError& error) {
  FUZZ_REQUIRE(error.status >= 400 && error.status < 500);
  FUZZ_REQUIRE(error.code < -32000 && !error.message.empty());
  FUZZ_REQUIRE(json::accept(strawberry::to_text(mcp::rpc_error(nullptr, error))));
}

void check_modern(const Request& request, const mcp::Message& message) {
  FUZZ_REQUIRE(message.kind == mcp::Message::Kind::request);
  FUZZ_REQUIRE(request.header("mcp-protocol-version") == mcp::modern_version);
  FUZZ_REQUIRE(request.header("mcp-method") == message.method);
  if (message.method != "tools/call") return;
  FUZZ_REQUIRE(mcp::header_value(request.header("mcp-name")) == message.params.at("name").get<std::string>());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Request request = read_request(std::string(reinterpret_cast<const char*>(data), size));
  const auto post = mcp::read_post(request.body);
  if (!post) {
    check_error(post.error());
    return 0;
  }
  FUZZ_REQUIRE(!post->messages.empty() && post->messages.size() <= mcp::batch_messages_max);
  for (const mcp::Message& message : post->messages) {
    FUZZ_REQUIRE((message.kind == mcp::Message::Kind::request) == !message.id.is_null());
    FUZZ_REQUIRE(json::accept(strawberry::to_text(mcp::rpc_result(message.id, json::object()))));
  }
  const auto spoken = mcp::check_era(request, *post);
  if (!spoken) {
    check_error(spoken.error());
  } else if (spoken->is_modern()) {
    check_modern(request, post->messages.front());
  }
  return 0;
}

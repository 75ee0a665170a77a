/// MCP's lines converted to requests of the web door's endpoint, and its answers to lines.
#include <gmock/gmock.h>

#include "cli/mcp/line_exchange.h"
#include "gateway/http/json.h"
#include "gateway/http/sse.h"
#include "gateway/mcp/era.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;

constexpr const char* modern_call =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"A-b","_meta":{)"
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";

TEST(ALine, IsARequestWhoseHeadersAgreeWithIt) {
  const auto request = request_of_line(modern_call, "secret");
  EXPECT_EQ(request.header("authorization"), "Bearer secret");
  const auto post = gateway::mcp::read_post(request.body);
  ASSERT_TRUE(post);
  const auto spoken = gateway::mcp::check_era(request, *post);
  ASSERT_TRUE(spoken) << spoken.error().message;
  EXPECT_TRUE(spoken->is_modern());
  for (const char* name : {"=?base64?QS1i?=", "größe", " x "}) {
    json call = json::parse(modern_call);
    call["params"]["name"] = name;
    const auto odd = request_of_line(call.dump(), "secret");
    EXPECT_TRUE(gateway::mcp::check_era(odd, *gateway::mcp::read_post(odd.body))) << name;
  }
  const auto old = request_of_line(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", "secret");
  EXPECT_EQ(old.header("mcp-protocol-version"), "");
}

TEST(AnAnswer, IsALineOfItsOwn) {
  gateway::Response response;
  response.body = "{\"jsonrpc\": \"2.0\",\n \"id\": 7, \"result\": {}}";
  EXPECT_THAT(lines_of_answer(response, modern_call), ElementsAre(R"({"id":7,"jsonrpc":"2.0","result":{}})"));
  response.body.clear();
  EXPECT_TRUE(lines_of_answer(response, modern_call).empty()) << "a notification has none";
}

TEST(ARefusal, IsAnErrorOfTheRequest) {
  gateway::Response response;
  response.status = 401;
  response.body = R"({"error":{"code":"unauthorized","message":"the token has expired"}})";
  const auto lines = lines_of_answer(response, modern_call);
  ASSERT_EQ(lines.size(), 1u);
  const json error = json::parse(lines.front());
  EXPECT_EQ(error.at("id"), 7);
  EXPECT_EQ(error.at("error").at("message"), "unauthorized: the token has expired");
  EXPECT_TRUE(lines_of_answer(response, R"({"jsonrpc":"2.0","method":"notifications/initialized"})").empty());
  EXPECT_EQ(lines_of_answer(response, R"([{"id":1},{"id":"b"}])").size(), 2u);
  EXPECT_TRUE(lines_of_answer(response, "no JSON").empty());
}

TEST(AStream, IsLinesWithoutItsComments) {
  const std::string piece = gateway::sse({{"a", 1}}) + std::string(gateway::sse_keep_alive) + gateway::sse({{"b", 2}});
  EXPECT_THAT(lines_of_events(piece), ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_TRUE(lines_of_events(std::string(gateway::sse_keep_alive)).empty());
  EXPECT_TRUE(lines_of_events("").empty());
}

TEST(ACancellation, NamesARequest) {
  EXPECT_EQ(id_of_line(modern_call), "7");
  EXPECT_EQ(id_of_line(R"({"id":"x"})"), "\"x\"");
  EXPECT_EQ(id_of_line("no JSON"), "");
  EXPECT_EQ(cancelled_by_line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})"), "7");
  EXPECT_EQ(cancelled_by_line(modern_call), "");
}

TEST(ACancelledExchange, SaysNothingMore) {
  std::vector<std::string> said;
  LineExchange exchange(modern_call, "secret", [&](const std::string& line) {
    said.push_back(line);
    return true;
  });
  bool is_gone = false;
  exchange.when_gone([&] { is_gone = true; });
  exchange.cancel();
  EXPECT_TRUE(is_gone);
  EXPECT_TRUE(said.empty());
}

}  // namespace
}  // namespace strawberry::cli

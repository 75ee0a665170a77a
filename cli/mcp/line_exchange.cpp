#include "cli/mcp/line_exchange.h"

#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "gateway/http/json.h"
#include "gateway/mcp/era.h"
#include "gateway/mcp/rpc.h"

namespace strawberry::cli {
namespace {

using gateway::member;
using nlohmann::json;
namespace mcp = gateway::mcp;

json read_line(const std::string& line) {
  if (json_nests_deeper_than(line, mcp::rpc_levels_max)) return nullptr;
  json said = json_from(line);
  return said.is_discarded() ? json() : said;
}

bool is_rpc(const json& body) { return body.is_array() || member(body, "jsonrpc").is_string(); }

}  // namespace

gateway::Request request_of_line(const std::string& line, const std::string& token) {
  gateway::Request request;
  request.method = "POST";
  request.path = "/mcp";
  request.peer = "stdio";
  request.body = line;
  request.headers = {{"authorization", "Bearer " + token}, {"accept", "application/json, text/event-stream"}};
  const json said = read_line(line);
  const json params = member(said, "params");
  const std::string version = text_member(member(params, "_meta"), mcp::meta_version);
  if (version.empty()) return request;
  request.headers.emplace_back("mcp-protocol-version", version);
  request.headers.emplace_back("mcp-method", text_member(said, "method"));
  // Always encoded, since a name may look like an encoded value.
  for (const char* name : {"name", "uri"}) {
    if (const std::string value = text_member(params, name); !value.empty())
      request.headers.emplace_back("mcp-name", mcp::encoded_header_value(value));
  }
  return request;
}

std::vector<std::string> lines_of_answer(const gateway::Response& response, const std::string& asked) {
  if (response.body.empty()) return {};
  const json body = json_from(response.body);
  if (is_rpc(body)) return {to_text(body)};
  const json problem = member(body, "error");
  const mcp::RpcError error(response.status, mcp::rpc_code::internal_error,
                            text_member(problem, "code") + ": " + text_member(problem, "message"));
  std::vector<std::string> lines;
  const json said = read_line(asked);
  const json all = said.is_array() ? said : json::array({said});
  for (const json& one : all) {
    if (const json id = member(one, "id"); !id.is_null()) lines.push_back(to_text(mcp::rpc_error(id, error)));
  }
  return lines;
}

std::vector<std::string> lines_of_events(const std::string& piece) {
  constexpr std::string_view begin = "data: ";
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t end = std::min(piece.find("\n\n", at), piece.size());
    const std::string_view event = std::string_view(piece).substr(at, end - at);
    if (event.starts_with(begin)) lines.emplace_back(event.substr(begin.size()));
    at = end + 2;
  }
  return lines;
}

std::string id_of_line(const std::string& line) {
  const json id = member(read_line(line), "id");
  return id.is_null() ? std::string() : to_text(id);
}

std::string cancelled_by_line(const std::string& line) {
  const json said = read_line(line);
  if (text_member(said, "method") != "notifications/cancelled") return {};
  const json id = member(member(said, "params"), "requestId");
  return id.is_null() ? std::string() : to_text(id);
}

LineExchange::LineExchange(const std::string& line, const std::string& token, Write write)
    : Exchange(request_of_line(line, token)), write_(std::move(write)) {}

bool LineExchange::write_all(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (is_cancelled_ || !write_(line)) return false;
  }
  return !is_cancelled_;
}

Task<bool> LineExchange::reply(gateway::Response response) {
  has_begun_ = true;
  co_return write_all(lines_of_answer(response, request.body));
}

void LineExchange::begin_stream(const std::string& /*content_type*/) { has_begun_ = true; }

Task<bool> LineExchange::write(std::string piece) { co_return write_all(lines_of_events(piece)); }

Task<bool> LineExchange::end_stream(std::string last) { co_return write_all(lines_of_events(last)); }

Task<std::shared_ptr<gateway::WebSocket>> LineExchange::accept_websocket(gateway::WebSocket::Options /*options*/) {
  co_return nullptr;
}

void LineExchange::cancel() {
  is_cancelled_ = true;
  if (when_gone_) std::exchange(when_gone_, nullptr)();
}

}  // namespace strawberry::cli

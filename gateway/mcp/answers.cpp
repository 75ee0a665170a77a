#include "gateway/mcp/answers.h"

#include "common/text/printable.h"
#include "gateway/http/json.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr const char* instructions =
    "The tools are skills of the user's own devices: a call does something real. An error says whether the call may "
    "have run; what may have run is not called again without a look at the device. A device is named as the schema of "
    "the argument `device` lists it.";

json server_info(const std::string& version) {
  return {{"name", "strawberry-hub"}, {"title", "Strawberry Hub"}, {"version", version}};
}

json capabilities(bool says_changes) { return {{"tools", {{"listChanged", says_changes}}}}; }

}  // namespace

json initialize_result(const json& params, const std::string& version) {
  return {{"protocolVersion", negotiated_version(text_member(params, "protocolVersion"))},
          {"capabilities", capabilities(false)},  // this era has no stream that the server opens
          {"serverInfo", server_info(version)},
          {"instructions", instructions}};
}

json discover_result() {
  return {{"supportedVersions", supported_versions()},
          {"capabilities", capabilities(true)},
          {"instructions", instructions},
          {"ttlMs", list_ttl_ms},
          {"cacheScope", "private"}};
}

json list_result(json tools, const json& next_cursor, const Spoken& spoken) {
  json result;
  result["tools"] = std::move(tools);
  if (next_cursor.is_string()) result["nextCursor"] = next_cursor;
  if (spoken.is_modern()) {
    result["ttlMs"] = list_ttl_ms;
    result["cacheScope"] = "private";
  }
  return result;
}

json completed(json result, const Spoken& spoken, const std::string& version) {
  if (!spoken.is_modern()) return result;
  if (!result.contains("resultType")) result["resultType"] = "complete";
  result["_meta"][meta_server] = server_info(version);
  return result;
}

Method method_of(const std::string& name, const Spoken& spoken) {
  if (name == "tools/list") return Method::list;
  if (name == "tools/call") return Method::call;
  if (spoken.is_modern()) {
    if (name == "server/discover") return Method::discover;
    return name == "subscriptions/listen" ? Method::listen : Method::unknown;
  }
  if (name == "initialize") return Method::initialize;
  return name == "ping" ? Method::ping : Method::unknown;
}

RpcError unknown_method(const std::string& name, const Spoken& spoken) {
  return RpcError(spoken.is_modern() ? 404 : 200, rpc_code::method_not_found,
                  "there is no such method: " + printable(name, 64));
}

}  // namespace strawberry::gateway::mcp

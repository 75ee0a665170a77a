#include "gateway/mcp/era.h"

#include <algorithm>

#include "common/text/base64url.h"
#include "common/text/printable.h"
#include "gateway/http/json.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr std::size_t shown_bytes_max = 64;

bool is_legacy_version(std::string_view version) {
  return std::find(legacy_versions.begin(), legacy_versions.end(), version) != legacy_versions.end();
}

tl::unexpected<RpcError> mismatch(std::string why) {
  return tl::unexpected(RpcError(http_bad_request, rpc_code::header_mismatch, std::move(why)));
}

tl::unexpected<RpcError> bad_meta(std::string why) {
  return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_params, std::move(why)));
}

tl::unexpected<RpcError> unsupported(std::string_view version) {
  const std::string shown = printable(version, shown_bytes_max);
  return tl::unexpected(RpcError(http_bad_request, rpc_code::unsupported_version,
                                 "this version of the protocol is not supported: " + shown,
                                 {{"supported", supported_versions()}, {"requested", shown}}));
}

/// Returns the member of params that `Mcp-Name` repeats; null when the method has none.
const char* named_member(const std::string& method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  return method == "resources/read" ? "uri" : nullptr;
}

/// Headers repeat parts of the body, so that proxies need not parse it; both must agree.
tl::expected<void, RpcError> check_headers(const Request& request, const Message& message, const std::string& version) {
  const auto given = [&](const char* name) { return request.header(name); };
  if (given("mcp-protocol-version").empty()) return mismatch("the header MCP-Protocol-Version is missing");
  if (given("mcp-protocol-version") != version) return mismatch("MCP-Protocol-Version is not the version of the body");
  if (given("mcp-method").empty()) return mismatch("the header Mcp-Method is missing");
  if (given("mcp-method") != message.method) return mismatch("Mcp-Method is not the method of the body");
  const char* const member_name = named_member(message.method);
  if (member_name == nullptr) return {};
  const json name = member(message.params, member_name);
  if (!name.is_string()) return bad_meta(std::string("params.") + member_name + " must be a text");
  if (given("mcp-name").empty()) return mismatch("the header Mcp-Name is missing");
  const auto written = header_value(given("mcp-name"));
  if (!written || *written != name.get_ref<const std::string&>())
    return mismatch("Mcp-Name is not the name of the body");
  return {};
}

/// `elicitation: {}` means forms, as in the first revisions.
bool has_forms(const json& capabilities) {
  const json elicitation = member(capabilities, "elicitation");
  return elicitation.is_object() && (elicitation.empty() || elicitation.contains("form"));
}

tl::expected<Spoken, RpcError> check_modern(const Request& request, const Message& message) {
  const json meta = member(message.params, "_meta");
  if (!meta.is_object()) return bad_meta("params._meta is missing");
  const json version = member(meta, meta_version);
  if (!version.is_string()) return bad_meta(std::string("params._meta has no ") + meta_version);
  const json capabilities = member(meta, meta_capabilities);
  if (auto headers = check_headers(request, message, version.get<std::string>()); !headers)
    return tl::unexpected(headers.error());
  if (version != std::string(modern_version)) return unsupported(version.get<std::string>());
  if (!capabilities.is_object()) return bad_meta(std::string("params._meta has no ") + meta_capabilities);
  if (const json client = member(meta, meta_client); !client.is_null() && !client.is_object())
    return bad_meta(std::string(meta_client) + " must be an object");
  Spoken spoken;
  spoken.era = Spoken::Era::modern;
  spoken.can_elicit = has_forms(capabilities);
  return spoken;
}

}  // namespace

json supported_versions() {
  json all = json::array({modern_version});
  for (const std::string_view version : legacy_versions) all.push_back(version);
  return all;
}

std::string negotiated_version(std::string_view asked) {
  return std::string(is_legacy_version(asked) ? asked : legacy_versions.front());
}

std::optional<std::string> header_value(std::string_view written) {
  constexpr std::string_view before = "=?base64?";
  constexpr std::string_view after = "?=";
  if (!written.starts_with(before) || !written.ends_with(after) || written.size() < before.size() + after.size())
    return std::string(written);
  std::string_view encoded = written.substr(before.size(), written.size() - before.size() - after.size());
  if (encoded.size() % 4 != 0) return std::nullopt;
  while (encoded.ends_with('=')) encoded.remove_suffix(1);
  std::string url(encoded);
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  return base64url_decode(url);
}

std::string encoded_header_value(std::string_view value) {
  std::string encoded = base64url_encode(value);
  std::replace(encoded.begin(), encoded.end(), '-', '+');
  std::replace(encoded.begin(), encoded.end(), '_', '/');
  encoded.append((4 - encoded.size() % 4) % 4, '=');
  return "=?base64?" + encoded + "?=";
}

tl::expected<Spoken, RpcError> check_era(const Request& request, const Post& post) {
  const std::string_view version = request.header("mcp-protocol-version");
  const bool is_legacy_header = version.empty() || is_legacy_version(version);
  const Message& first = post.messages.front();
  if (post.is_batch) {
    if (version.empty() || version == legacy_versions.back()) return Spoken();
    return tl::unexpected(
        RpcError(http_bad_request, rpc_code::invalid_request, "only version 2025-03-26 of the protocol has batches"));
  }
  if (first.kind != Message::Kind::request) {
    // In the modern era notifications are only acknowledged.
    if (!is_legacy_header && version != modern_version) return unsupported(version);
    if (first.kind == Message::Kind::response && version == modern_version)
      return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_request, "this server asks nothing"));
    return Spoken();
  }
  const bool has_meta_version = !member(member(first.params, "_meta"), meta_version).is_null();
  if (has_meta_version || version == modern_version) return check_modern(request, first);
  if (!is_legacy_header) return unsupported(version);
  return Spoken();
}

}  // namespace strawberry::gateway::mcp

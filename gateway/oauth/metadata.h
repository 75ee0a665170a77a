/// What the web door says of itself to OAuth clients (RFC 9728, RFC 8414), and how a route asks for a token so that
/// they find it.
///
/// Pure functions. `base`: PublicUrl, which is the issuer.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/http/public_url.h"

namespace strawberry::gateway::oauth {

inline constexpr const char* mcp_path = "/mcp";

/// Of the resource `base` + `path`; `path` may be empty.
nlohmann::json resource_metadata(const std::string& base, std::string_view path);
nlohmann::json server_metadata(const std::string& base, bool has_client_documents);
/// Whether a token may be asked for `resource` (RFC 8707): the door itself, or its MCP endpoint.
bool is_own_resource(std::string_view resource, const std::string& base);

/// Gives an answer of 401 or 403 at /mcp the header by which clients find all this, with the scopes that its tools
/// take. `had_token`: the request had one, and the hub refused it; 403: it lacks a scope.
void add_challenge(Response& response, const Request& request, const PublicUrl& url, bool had_token);

}  // namespace strawberry::gateway::oauth

/// The web door's metadata for OAuth clients (RFC 9728, RFC 8414), and the header by which a route points clients to
/// it.
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

/// Returns the metadata of the resource `base` + `path`; `path` may be empty.
nlohmann::json resource_metadata(const std::string& base, std::string_view path);
nlohmann::json server_metadata(const std::string& base, bool has_client_documents);
/// Returns whether a token may be requested for `resource` (RFC 8707): the door itself, or its MCP endpoint.
bool is_own_resource(std::string_view resource, const std::string& base);

/// Adds to a 401 or 403 of /mcp the header by which clients find the metadata, with the scopes that its tools need.
/// `had_token`: the request had a token that the hub refused; 403: it lacks a scope.
void add_challenge(Response& response, const Request& request, const PublicUrl& url, bool had_token);

}  // namespace strawberry::gateway::oauth

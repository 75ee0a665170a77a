/// Finds the revision of MCP that a POST uses, and checks its headers and metadata against that revision.
///
/// Modern (2026-07-28): each request has its version and its client's capabilities in `params._meta`, and repeats
/// version, method and name in headers, which must agree. Legacy (2025-03-26 to 2025-11-25): `initialize` first; this
/// server keeps no session, so every request is complete in itself.
///
/// Pure functions.   Errors: RpcError with the status of the revision.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "gateway/http/message.h"
#include "gateway/mcp/rpc.h"

namespace strawberry::gateway::mcp {

inline constexpr std::string_view modern_version = "2026-07-28";
inline constexpr std::array<std::string_view, 3> legacy_versions = {"2025-11-25", "2025-06-18", "2025-03-26"};

inline constexpr const char* meta_version = "io.modelcontextprotocol/protocolVersion";
inline constexpr const char* meta_capabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr const char* meta_client = "io.modelcontextprotocol/clientInfo";
inline constexpr const char* meta_server = "io.modelcontextprotocol/serverInfo";
inline constexpr const char* meta_subscription = "io.modelcontextprotocol/subscriptionId";

struct Spoken {
  enum class Era { legacy, modern };
  Era era = Era::legacy;
  bool can_elicit = false;  // the client can ask its user with a form
  bool is_modern() const { return era == Era::modern; }
};

/// Returns the revision of the messages of a POST with these headers.
tl::expected<Spoken, RpcError> check_era(const Request& request, const Post& post);

/// Returns all versions that this server supports, newest first.
nlohmann::json supported_versions();

/// Returns the version with which `initialize` is answered: the requested one, or the newest of its era.
std::string negotiated_version(std::string_view asked);

/// Decodes a header value that may be written as `=?base64?…?=`; nullopt when that is not Base64.
std::optional<std::string> header_value(std::string_view written);
std::string encoded_header_value(std::string_view value);

}  // namespace strawberry::gateway::mcp

/// Addresses to which a browser is redirected with a program's authorisation code: checks which are allowed, and which
/// match the registered one (RFC 8252, section 7; RFC 9700, section 2.1).
///
/// Pure functions.   Bounds: redirect_uri_bytes_max.
#pragma once

#include <string>
#include <string_view>

namespace strawberry::gateway::oauth {

inline constexpr std::size_t redirect_uri_bytes_max = 512;

/// Allowed: https, http to this machine alone, or an installed program's scheme (`com.example.app:/…`, `cursor://…`);
/// ASCII without characters that are special in HTML or in a header, no user and no fragment.
bool is_redirect_uri(std::string_view uri);
/// Compares byte for byte; on this machine the ports may differ, since a program uses any free one.
bool is_same_redirect(std::string_view registered, std::string_view given);
/// Returns the target for people: the host with its port, or the scheme.
std::string redirect_host(std::string_view uri);
/// Returns it as a source of a Content Security Policy: `https://host:port`, or `scheme:`.
std::string redirect_source(std::string_view uri);
/// Returns `uri` with `name=value` added to its query, encoded.
std::string with_parameter(std::string uri, std::string_view name, std::string_view value);

}  // namespace strawberry::gateway::oauth

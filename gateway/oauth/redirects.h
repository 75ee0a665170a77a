/// Addresses to which a browser is sent back with a program's authorisation code: which are allowed, and which are the
/// one that was registered (RFC 8252, section 7; RFC 9700, section 2.1).
///
/// Pure functions.   Bounds: redirect_uri_bytes_max.
#pragma once

#include <string>
#include <string_view>

namespace strawberry::gateway::oauth {

inline constexpr std::size_t redirect_uri_bytes_max = 512;

/// https, http to this machine alone, or a scheme of an installed program (`com.example.app:/…`, `cursor://…`); ASCII
/// without what has a meaning in HTML or in a header, no user and no fragment.
bool is_redirect_uri(std::string_view uri);
/// Equal byte for byte; of two on this machine the ports may differ, since a program takes one that is free.
bool is_same_redirect(std::string_view registered, std::string_view given);
/// Where it leads, for people: the host with its port, or the scheme.
std::string redirect_host(std::string_view uri);
/// As a source of a Content Security Policy: `https://host:port`, or `scheme:`.
std::string redirect_source(std::string_view uri);
/// `uri` with `name=value` added to its query, encoded.
std::string with_parameter(std::string uri, std::string_view name, std::string_view value);

}  // namespace strawberry::gateway::oauth

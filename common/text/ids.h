/// Identifiers: the valid form of an id, and the creation of new ones.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

inline constexpr std::size_t id_bytes_max = 64;

/// `[A-Za-z0-9_-]`, whatever the locale.
constexpr bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// `[A-Za-z0-9_-]{1,64}`: principals, and client ids that are not a principal's own.
bool is_valid_id(std::string_view text);

/// Returns a random UUID (RFC 9562, version 4) in its usual 36-character form; 122 bits of OpenSSL's CSPRNG. Stops the
/// program when the system provides no randomness.
std::string new_id();

/// Returns the UUID (RFC 9562, version 8) that always belongs to `name`: 122 bits of its SHA-256.
std::string id_from(std::string_view name);

}  // namespace strawberry

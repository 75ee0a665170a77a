/// Who is on the other end: whoever holds a token (docs/contract.md, section 1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

enum class PrincipalType { device, user, admin, bridge, enroll, grant, gateway };

/// Good for one thing, and once: registering a device (`enroll`), getting tokens of its user (`grant`).
inline bool is_one_time(PrincipalType type) { return type == PrincipalType::enroll || type == PrincipalType::grant; }

std::string_view to_string(PrincipalType type);
std::optional<PrincipalType> parse_principal_type(std::string_view text);

/// The one bridge, the web door, and the operator behind strawberryctl.
inline constexpr std::string_view bridge_principal_id = "strawberry-bridge";
inline constexpr std::string_view gateway_principal_id = "strawberry-gateway";
inline constexpr std::string_view admin_principal_id = "admin";

/// Ids that no device and no user may have: whoever had one would be mistaken for the hub itself. `hub` is what a call
/// names to mean any device.
bool is_reserved_id(std::string_view id);

struct Principal {
  PrincipalType type = PrincipalType::device;
  std::string id;
  /// The owner of a device, the user of a one-time token, the user itself. Empty for admin, bridge and gateway.
  std::string user_id;

  bool operator==(const Principal&) const = default;
};

/// The hub itself, its bridge and its operator, must be reachable whatever others do. The gateway asks for everybody
/// who signs in, and limits them itself.
inline bool has_limits(const Principal& principal) {
  return principal.type != PrincipalType::bridge && principal.type != PrincipalType::admin &&
         principal.type != PrincipalType::gateway;
}

/// One line without ambiguity: `device/alice/3f0c`, `admin//admin`. The plugin makes it the MQTT user
/// name, so that topic policy needs no connection state, and stamps it on requests for the bridge as the user
/// property `principal_property`.
std::string encode_principal(const Principal& principal);
void append_principal(std::string& text, const Principal& principal);
/// Nothing unless `text` is exactly what encode_principal() makes.
std::optional<Principal> decode_principal(std::string_view text);

/// MQTT 5 user property that carries the authenticated sender. The plugin sets it on every message and removes one
/// that a client sends itself, so the bridge may believe it.
inline constexpr const char* principal_property = "strawberry-principal";
/// MQTT 5 user property beside it: when the broker took the message in, in milliseconds since the Unix epoch by the
/// broker's clock. A request that waited for the bridge has that much less time left.
inline constexpr const char* published_at_property = "strawberry-published-at";
/// MQTT 5 user property on a call that a chat makes: the id that follows from the chat's request, as the id of any
/// other call does from its own. So an admin sees which chat a call belongs to.
inline constexpr const char* request_id_property = "strawberry-request-id";

}  // namespace strawberry

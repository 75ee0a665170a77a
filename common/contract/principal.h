/// The authenticated identity of a client: the holder of a token (docs/contract.md, section 1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

enum class PrincipalType { device, user, admin, bridge, enroll, grant, gateway };

/// True for tokens that work once and for one purpose: registering a device (`enroll`), or getting tokens of its user
/// (`grant`).
inline bool is_one_time(PrincipalType type) { return type == PrincipalType::enroll || type == PrincipalType::grant; }

std::string_view to_string(PrincipalType type);
std::optional<PrincipalType> parse_principal_type(std::string_view text);

/// The ids of the bridge, of the gateway, and of the operator who uses strawberryctl.
inline constexpr std::string_view bridge_principal_id = "strawberry-bridge";
inline constexpr std::string_view gateway_principal_id = "strawberry-gateway";
inline constexpr std::string_view admin_principal_id = "admin";

/// True for ids that no device and no user may have, since they would be mistaken for the hub itself. `hub` is reserved
/// because a call names it to mean any device.
bool is_reserved_id(std::string_view id);

struct Principal {
  PrincipalType type = PrincipalType::device;
  std::string id;
  /// The owner of a device, the user of a one-time token, the user itself. Empty for admin, bridge and gateway.
  std::string user_id;

  bool operator==(const Principal&) const = default;
};

/// False for the bridge and the operator, which must reach the hub whatever others do, and for the gateway, which sends
/// the requests of all users who sign in and limits them itself.
inline bool has_limits(const Principal& principal) {
  return principal.type != PrincipalType::bridge && principal.type != PrincipalType::admin &&
         principal.type != PrincipalType::gateway;
}

/// Writes the principal as one unambiguous line: `device/alice/3f0c`, `admin//admin`. The plugin uses it as the MQTT
/// user name, so that topic policy needs no connection state, and adds it to requests for the bridge as the user
/// property `principal_property`.
std::string encode_principal(const Principal& principal);
void append_principal(std::string& text, const Principal& principal);
/// Nothing unless `text` is exactly what encode_principal() makes.
std::optional<Principal> decode_principal(std::string_view text);

/// MQTT 5 user property with the authenticated principal and the time at which the broker received the message
/// (common/identity/stamp.h). The plugin sets it on requests and results and removes one that a client sent, so the
/// bridge may trust it.
inline constexpr const char* principal_property = "strawberry-principal";
/// MQTT 5 user property on a call that a chat makes: an id derived from the chat's request, as the id of any other call
/// is derived from its own request. It shows an admin which chat a call belongs to.
inline constexpr const char* request_id_property = "strawberry-request-id";

}  // namespace strawberry

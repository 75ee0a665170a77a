/// Whether a token whose signature is good still counts: one set of rules for the broker plugin, the bridge and
/// strawberryctl.
///
/// Each function returns one word for logs and programs, empty when there is no objection: token_revoked, token_spent,
/// id_is_a_device, unknown_device, device_inactive, not_the_owner, user_disabled. (verify_token() comes before:
/// TokenError.) Pure functions; the directory is looked at as it was last read.
#pragma once

#include <optional>
#include <string_view>

#include "common/contract/principal.h"
#include "common/identity/device_directory.h"
#include "common/identity/token.h"
#include "common/text/clock.h"

namespace strawberry {

/// What the rules look at of the device that has the principal's id.
struct DeviceStanding {
  bool is_active = false;
  std::string_view user_id;
};

/// Of whoever holds a token, whenever it was issued. `device`: the one with this id, if there is one.
std::string_view objection_to_principal(const Principal& principal, const std::optional<DeviceStanding>& device);

/// What of a token, or of a session's name, says whether it was taken back. Views: good as long as what they were made
/// of.
struct TokenOrigin {
  const Principal& principal;
  WallTime issued_at;
  std::string_view jti;
  std::string_view root_jti;
};

/// Of a token whose connection is open.
std::string_view objection_to_token(const DeviceDirectory& directory, const TokenOrigin& token);

/// Of a token that somebody connects with: also, a one-time token must not have been used.
std::string_view objection_to_login(const DeviceDirectory& directory, const Claims& claims);

}  // namespace strawberry

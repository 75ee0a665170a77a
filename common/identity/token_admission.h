/// Checks whether a token with a valid signature is still accepted: one set of rules for the broker plugin, the bridge
/// and strawberryctl.
///
/// Each function returns one word for logs and programs, empty when there is no objection: token_revoked, token_spent,
/// id_is_a_device, unknown_device, device_inactive, not_the_owner, user_disabled. (verify_token() comes first:
/// TokenError.) Pure functions; the directory is used as it was last read.
#pragma once

#include <optional>
#include <string_view>

#include "common/contract/principal.h"
#include "common/identity/device_directory.h"
#include "common/identity/token.h"
#include "common/text/clock.h"

namespace strawberry {

/// The part of a device's row that the admission rules need.
struct DeviceStanding {
  bool is_active = false;
  std::string_view user_id;
};

/// The objection to a principal, regardless of its token. `device`: the device with the principal's id, if there is
/// one.
std::string_view objection_to_principal(const Principal& principal, const std::optional<DeviceStanding>& device);

/// The parts of a token, or of a session's name, that the revocation rules need. Views: valid as long as their sources.
struct TokenOrigin {
  const Principal& principal;
  WallTime issued_at;
  std::string_view jti;
  std::string_view root_jti;
};

/// The objection to the token of an open connection.
std::string_view objection_to_token(const DeviceDirectory& directory, const TokenOrigin& token);

/// The objection to a token at login: a one-time token must also be unused.
std::string_view objection_to_login(const DeviceDirectory& directory, const Claims& claims);

}  // namespace strawberry

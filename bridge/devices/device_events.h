/// What happens to devices, for Events (common/runtime/events.h). Published on the loop, after it was stored.
#pragma once

#include <string>

#include "bridge/ports/device_store.h"

namespace strawberry::bridge {

/// Revoked or deleted a moment ago: what waits for the device ends now, before the broker's plugin knows.
struct DeviceRevoked {
  std::string device_id;
};

/// The broker's plugin knows it.
struct DeviceChanged {
  enum class Change { registered, updated, revoked, deleted };
  Change change = Change::registered;
  std::string device_id;
  std::string actor;         // the principal who did it
  std::string user_id = {};  // whose device it is, or was
};

/// A change was in the registry and could not be stored: the registry is as it was before.
struct DeviceRolledBack {
  DeviceRow row;  // what the registry had meanwhile
};

/// A device or a user has a new token in exchange for its own.
struct TokenRefreshed {
  std::string principal_id;
};

/// A one-time token or a user's was exchanged for others, or a program's line has ended (program_tokens.h).
struct TokensExchanged {
  enum class Exchange { signed_in, program_allowed, program_renewed, renewal_reused, program_ended };
  Exchange exchange = Exchange::signed_in;
  std::string user_id;  // whose tokens they are
  std::string line;     // the `jti` of the first token of the program's line; empty for signed_in
};

/// A status message said something new of a device.
struct PresenceChanged {
  std::string device_id;
  bool online = false;
  bool has_changed = false;  // came or went; else only when it was last seen is new
  /// The message was retained, and says nothing new of when the device was last seen.
  bool was_known = false;
};

}  // namespace strawberry::bridge

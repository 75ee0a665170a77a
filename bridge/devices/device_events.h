/// Events about devices (common/runtime/events.h). Published on the loop, after the change was stored.
#pragma once

#include <string>

#include "bridge/ports/device_store.h"

namespace strawberry::bridge {

/// The device was revoked or deleted: what waits for it ends now, before the broker's plugin knows of it.
struct DeviceRevoked {
  std::string device_id;
};

/// A change that the broker's plugin knows of.
struct DeviceChanged {
  enum class Change { registered, updated, revoked, deleted };
  Change change = Change::registered;
  std::string device_id;
  std::string actor;         // the principal that made the change
  std::string user_id = {};  // the present or former owner
};

/// A change in the registry could not be stored and was undone.
struct DeviceRolledBack {
  DeviceRow row;  // the state that the registry had meanwhile
};

/// A device or a user has exchanged its token for a new one.
struct TokenRefreshed {
  std::string principal_id;
};

/// A one-time or user token was exchanged for others, or a program's line has ended (program_tokens.h).
struct TokensExchanged {
  enum class Exchange { signed_in, program_allowed, program_renewed, renewal_reused, program_ended };
  Exchange exchange = Exchange::signed_in;
  std::string user_id;  // the user of the tokens
  std::string line;     // the `jti` of the first token of the program's line; empty for signed_in
};

/// A status message has changed what is known of a device.
struct PresenceChanged {
  std::string device_id;
  bool online = false;
  bool has_changed = false;  // it came online or went offline; else only the time when it was last seen is new
  /// The message was retained, and does not change when the device was last seen.
  bool was_known = false;
};

}  // namespace strawberry::bridge

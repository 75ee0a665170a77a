/// Events about users (common/runtime/events.h). Published on the loop, after the change was stored and, but for
/// UserStandingChanged, the broker's plugin knows of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contract/role.h"

namespace strawberry::bridge {

struct UserChanged {
  enum class Change { signed_in, created, updated, password_set, token_issued, tokens_revoked, deleted };
  Change change = Change::updated;
  std::string user_id;
  std::string actor;    // the principal that did it
  std::string subject;  // a token's jti; else the user's id
};

/// The user was deleted with all its data.
struct UserDeleted {
  std::string user_id;
  std::vector<std::string> devices;
};

/// The user is disabled or deleted, has another role or host, or all of its tokens were revoked: what it has under way,
/// which has the rights of before, ends now.
struct UserStandingChanged {
  std::string user_id;
  bool ends_devices = false;  // so do its devices' chats, and whatever waits for one of them
};
/// Returns the event that such a change needs. Letting a user in again ends nothing.
inline std::optional<UserStandingChanged> standing_change(const std::string& user_id, const UserStanding& before,
                                                          const UserStanding& now) {
  const bool is_disabled_now = now.is_disabled && !before.is_disabled;
  if (!is_disabled_now && now.role == before.role && now.guest_of == before.guest_of) return std::nullopt;
  return UserStandingChanged{user_id, is_disabled_now};
}

}  // namespace strawberry::bridge

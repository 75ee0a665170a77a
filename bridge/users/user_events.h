/// Events about users (common/runtime/events.h). Published on the loop, after the change was stored and, but for
/// UserStandingChanged, the broker's plugin knows of it.
#pragma once

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
/// which has the rights of before, ends now, and whatever waits for one of its devices.
struct UserStandingChanged {
  std::string user_id;
};
/// True for a change after which UserStandingChanged is published. Letting a user in again ends nothing.
inline bool ends_work(const UserStanding& before, const UserStanding& now) {
  return (now.is_disabled && !before.is_disabled) || now.role != before.role || now.guest_of != before.guest_of;
}

}  // namespace strawberry::bridge

/// Events about users (common/runtime/events.h). Published on the loop, after the change was stored and, but for
/// UserDisabled, the broker's plugin knows of it.
#pragma once

#include <string>
#include <vector>

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

/// The user is disabled: whatever waits for one of its devices ends now.
struct UserDisabled {
  std::string user_id;
};

}  // namespace strawberry::bridge

/// What happens to users, for Events (common/runtime/events.h). Published on the loop, after it was stored and the
/// broker's plugin knows.
#pragma once

#include <string>
#include <vector>

namespace strawberry::bridge {

struct UserChanged {
  enum class Change { signed_in, created, updated, password_set, token_issued, tokens_revoked, deleted };
  Change change = Change::updated;
  std::string user_id;
  std::string actor;    // the principal who did it
  std::string subject;  // a token's jti; else the user's id
};

/// With everything that there was of the user.
struct UserDeleted {
  std::string user_id;
  std::vector<std::string> devices;
};

/// The user may do nothing any more: what waits for one of its devices ends now.
struct UserDisabled {
  std::string user_id;
};

}  // namespace strawberry::bridge

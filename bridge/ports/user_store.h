/// Accounts of users, and the tokens that people have issued for themselves and their devices.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/token_row.h"
#include "common/contract/error.h"
#include "common/contract/role.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct UserRow {
  std::string user_id;
  std::string name;
  UserStanding standing;
  std::string password_hash;  // empty: no password
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> last_login_ms;
};

/// What changes about an account; the rest stays as it is in the database.
struct UserChange {
  std::optional<std::string> name;
  std::optional<UserStanding> standing;
  std::optional<std::string> password_hash;
};

/// What went with a user that was deleted.
struct DeletedUser {
  std::vector<std::string> devices;  // their ids
  std::vector<std::string> guests;   // who saw the user's devices
  std::int64_t skills = 0;
  std::int64_t sessions = 0;
  std::int64_t messages = 0;
  std::int64_t usage_days = 0;
  std::int64_t tokens = 0;  // on the list, good or not
  /// Tokens of the user and of its devices from before it are dead.
  std::int64_t tokens_valid_from_ms = 0;
};

/// Which tokens of the list; an empty text is any.
struct TokenSearch {
  std::string user_id = {};
  std::string name = {};
  std::string jti = {};
  std::vector<std::string> kids = {};  // of the keys that there are: a token of another one is revoked
  bool also_dead = false;
  std::size_t limit = 1'000;
  std::size_t offset = 0;
};

struct ListedToken {
  TokenRow row;
  std::optional<std::int64_t> last_used_ms;
  std::string_view state;  // `live`, `expired`, `revoked`, `spent`
};
struct ListedTokens {
  std::vector<ListedToken> tokens;  // the first of them
  std::int64_t total = 0;
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  /// A new account. `forbidden` when a device has the id, or another user's differs only in case; `not_found` when
  /// there is no user of that id to be guest of; `bad_request` for a guest that has devices. With
  /// `first_admin`, `forbidden` when there is an admin.
  virtual Task<Reply<void>> add_user(UserRow user, bool first_admin) = 0;
  /// `not_found` when there is no account. `forbidden` when the last admin that is not disabled would be none any more;
  /// otherwise as add_user().
  virtual Task<Reply<void>> change_user(std::string user_id, UserChange change) = 0;
  virtual Task<Reply<void>> set_last_login(std::string user_id, std::int64_t now_ms) = 0;
  /// Everything there is of the user. `forbidden` for the last admin that is not disabled, `not_found` for a user of
  /// whom there is nothing.
  virtual Task<Reply<DeletedUser>> delete_user(std::string user_id, std::int64_t now_ms) = 0;
  /// Users without an account that have something: a device, a token, a session. At most `limit`, by id.
  virtual Task<Reply<std::vector<std::string>>> users_without_account(std::size_t limit) = 0;

  /// As DeviceStore::add_token(). Gives the good tokens of the same holder that have its name: `forbidden` when there
  /// are any, and not `beside_others`. A parent that is on no list is forgotten.
  virtual Task<Reply<std::vector<std::string>>> add_named_token(NewToken token, bool beside_others) = 0;
  /// As DeviceStore::add_token(). Of more than `logins_max` of this name the oldest are revoked.
  virtual Task<Reply<void>> add_login_token(NewToken token, std::size_t logins_max) = 0;
  /// The newest first. A user's are its own and those of its devices.
  virtual Task<Reply<ListedTokens>> list_tokens(TokenSearch search, std::int64_t now_ms) = 0;
  /// Revokes the lines of the user's tokens with this jti, or, when that is empty, this name; gives the jtis that the
  /// plugin has to know. `not_found` when there is none.
  virtual Task<Reply<std::vector<std::string>>> revoke_tokens(std::string user_id, std::string jti, std::string name,
                                                              std::int64_t now_ms) = 0;
  /// Tokens, by jti, that were used at `now_ms`.
  virtual Task<Reply<void>> note_used(std::vector<std::string> jtis, std::int64_t now_ms) = 0;
};

}  // namespace strawberry::bridge

/// Accounts of users, and the tokens that people have issued for themselves and their devices.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/token_row.h"
#include "common/contract/control.h"
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

/// The changes of an account; the rest stays as it is, also when another change is under way.
struct UserChange {
  std::optional<std::string> name;
  std::optional<Role> role;             // other than guest: also clears guest_of
  std::optional<std::string> guest_of;  // of a guest
  std::optional<bool> is_disabled;
  std::optional<std::string> password_hash;

  /// Returns what becomes of this standing.
  UserStanding applied_to(UserStanding standing) const {
    standing.role = role.value_or(standing.role);
    if (guest_of) standing.guest_of = *guest_of;
    if (standing.role != Role::guest) standing.guest_of.clear();
    standing.is_disabled = is_disabled.value_or(standing.is_disabled);
    return standing;
  }
};

/// The data that was deleted with a user.
struct DeletedUser {
  std::vector<std::string> devices;  // their ids
  std::vector<std::string> guests;   // ids of guests who saw the user's devices
  std::int64_t skills = 0;
  std::int64_t sessions = 0;
  std::int64_t messages = 0;
  std::int64_t usage_days = 0;
  std::int64_t tokens = 0;  // on the list, valid or not
  /// Earlier tokens of the user and of its devices are revoked.
  std::int64_t tokens_valid_from_ms = 0;
};

/// Selects a user's good tokens: the one with this jti, or, when `jti` is empty, those with this name. Tokens of the
/// line that begins with `kept_root_jti` are left out. With an empty `user_id`, only `jti` counts, among the tokens of
/// all.
struct TokenChoice {
  std::string user_id;
  std::string jti = {};
  std::string name = {};
  std::string kept_root_jti = {};
};

/// A filter for the list of tokens; an empty text matches everything.
struct TokenSearch {
  std::string user_id = {};
  std::string name = {};
  std::string jti = {};
  std::vector<std::string> kids = {};  // of the present keys: a token of another one counts as revoked
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
  std::vector<ListedToken> tokens;  // the first matches
  std::int64_t total = 0;
};

struct RevokedUser {
  std::int64_t listed = 0;  // good ones that were on the list
  std::int64_t tokens_valid_from_ms = 0;
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  /// Adds an account. `forbidden` when a device has the id, or another user's differs only in case; `not_found` when
  /// the host of a guest does not exist; `bad_request` for a guest that has devices. With `first_admin`, `forbidden`
  /// when there is an admin.
  virtual Task<Reply<void>> add_user(UserRow user, bool first_admin) = 0;
  /// `not_found` when there is no account. `forbidden` when no enabled admin would be left; otherwise as add_user().
  virtual Task<Reply<void>> change_user(std::string user_id, UserChange change) = 0;
  virtual Task<Reply<void>> set_last_login(std::string user_id, std::int64_t now_ms) = 0;
  /// Deletes all data of the user. `forbidden` for the last enabled admin, `not_found` for a user without any data.
  virtual Task<Reply<DeletedUser>> delete_user(std::string user_id, std::int64_t now_ms) = 0;
  /// Returns users without an account that have data: a device, a token, a session. At most `limit`, by id.
  virtual Task<Reply<std::vector<std::string>>> users_without_account(std::size_t limit) = 0;

  /// As DeviceStore::add_token(). Returns the valid tokens of the same holder with its name: `forbidden` when there are
  /// any, and not `beside_others`. A parent that is on no list is left out.
  virtual Task<Reply<std::vector<std::string>>> add_named_token(NewToken token, bool beside_others) = 0;
  /// As DeviceStore::add_token(). When there are more than `logins_max` of this name, the oldest are revoked.
  virtual Task<Reply<void>> add_login_token(NewToken token, std::size_t logins_max) = 0;
  /// Returns the newest first. A user's tokens are its own and those of its devices.
  virtual Task<Reply<ListedTokens>> list_tokens(TokenSearch search, std::int64_t now_ms) = 0;
  /// Revokes the lines of these tokens; gives the jtis that the plugin has to know. `not_found` without a match.
  virtual Task<Reply<std::vector<std::string>>> revoke_tokens(TokenChoice which, std::int64_t now_ms) = 0;
  /// Revokes everything issued for the user and its devices until now. `busy` when that was done for so many users that
  /// there is no room for another.
  virtual Task<Reply<RevokedUser>> revoke_all_tokens(std::string user_id, std::int64_t now_ms) = 0;
  /// Tokens that are not listed are passed over; a time before the one that is there changes nothing.
  virtual Task<Reply<void>> note_used(std::vector<TokenUse> uses) = 0;
};

}  // namespace strawberry::bridge

/// Writes a user's account as the head of an export, and reads it back into the directory and the store.
///
/// Threading: loop only.   Lifetime: the parts outlive it.   Errors: `bad_request` for an invalid record; the store's.
/// Bounds: UserDirectory::users_max, then `busy`.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/ports/user_store.h"
#include "bridge/users/user_directory.h"

namespace strawberry::bridge {

class AccountRecords {
 public:
  struct Parts {
    UserStore& store;
    UserDirectory& users;
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
  };
  explicit AccountRecords(Parts parts) : parts_(std::move(parts)) {}

  /// Returns null when there is no account. Includes the hash of its password only `with_hash`.
  nlohmann::json read(const std::string& user_id, bool with_hash) const;
  /// Creates the account in the record; an existing one changes only with `overwrite`, and then all but the password.
  /// Returns whether anything changed. A record without a role has no account.
  Task<Reply<bool>> put(std::string user_id, nlohmann::json record, bool overwrite);

 private:
  const Parts parts_;
};

/// Returns the account in a record.
Reply<UserRow> read_account(const std::string& user_id, const nlohmann::json& record);

}  // namespace strawberry::bridge

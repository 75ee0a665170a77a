/// A user's account as the head of an export, and back: what an import writes of it, and the directory after that.
///
/// Threading: loop only.   Lifetime: the parts outlive it.   Errors: `bad_request` for what is no such record.
/// Bounds: UserDirectory::users_max, then `busy`.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/export_store.h"
#include "bridge/ports/user_store.h"
#include "bridge/users/user_directory.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

class AccountRecords {
 public:
  struct Parts {
    UserDirectory& users;
    Events& events;
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
  };
  explicit AccountRecords(Parts parts) : parts_(std::move(parts)) {}

  /// Returns null when there is no account. Includes the hash of its password only `with_hash`.
  nlohmann::json read(const std::string& user_id, bool with_hash) const;
  /// What an import is to write so that there is the account that the record describes; one that is there changes only
  /// with `overwrite`, and then to all but the password. Nothing when it is so already. A record without a role
  /// describes none.
  Reply<std::optional<AccountImport>> wanted(const std::string& user_id, const nlohmann::json& record,
                                             bool overwrite) const;
  /// Called when it was written: the directory and the plugin know it then. Publishes UserStandingChanged where
  /// work ends.
  Task<void> written(AccountImport account);

 private:
  const Parts parts_;
};

/// Returns the account in a record.
Reply<UserRow> read_account(const std::string& user_id, const nlohmann::json& record);

}  // namespace strawberry::bridge

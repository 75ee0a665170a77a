/// A user's account as the head of an export, and back into the directory and the store.
///
/// Threading: loop only.   Lifetime: the parts outlive it.   Errors: `bad_request` for what is no such record; the
/// store's.   Bounds: UserDirectory::users_max, then `busy`.
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

  /// Null when there is no account. The hash of its password only `with_hash`.
  nlohmann::json read(const std::string& user_id, bool with_hash) const;
  /// Makes the account that the record describes; one that is there changes only with `overwrite`, and then to all but
  /// the password. Whether anything is new. A record without a role describes none.
  Task<Reply<bool>> put(std::string user_id, nlohmann::json record, bool overwrite);

 private:
  const Parts parts_;
};

/// The account that a record describes.
Reply<UserRow> read_account(const std::string& user_id, const nlohmann::json& record);

}  // namespace strawberry::bridge

/// Who has an account, for commands that work on the hub's files.
///
/// Threading: any one thread; other processes may use the database meanwhile.   Errors: Failure naming the file; a
/// database that is older than accounts is one.   Bounds: as many as there are accounts (UserDirectory::users_max).
#pragma once

#include <set>
#include <string>

#include "common/text/result.h"

namespace strawberry::bridge {

struct AccountIds {
  std::set<std::string> all;
  std::string first_admin;  // the oldest that is not disabled; empty: there is none
};

Result<AccountIds> account_ids(const std::string& database_path);

}  // namespace strawberry::bridge

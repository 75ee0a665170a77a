#include "bridge/adapters/sqlite/account_lookup.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "bridge/adapters/sqlite/database.h"

namespace strawberry::bridge {
Result<AccountIds> account_ids(const std::string& database_path) {
  auto database = open_database_to_read(database_path, version_with_accounts);
  if (!database) return tl::unexpected(database.error());
  try {
    AccountIds found;
    SQLite::Statement rows(
        **database, "SELECT user_id, role = 'admin' AND NOT is_disabled FROM users ORDER BY created_at, user_id");
    while (rows.executeStep()) {
      std::string id = rows.getColumn(0).getString();
      if (found.first_admin.empty() && rows.getColumn(1).getInt() != 0) found.first_admin = id;
      found.all.insert(std::move(id));
    }
    return found;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot read database " + database_path + ": " + failure.what());
  }
}

}  // namespace strawberry::bridge

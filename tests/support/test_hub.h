/// A hub's files: keys and a database with its tables, in a directory of its own; devices and tokens on demand. For
/// tests without the bridge. Errors: throws.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/contract/broker_socket.h"
#include "common/contract/principal.h"
#include "common/identity/keys.h"
#include "common/identity/token.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {

class TestHub {
 public:
  TestHub();

  const TempDir& directory() const { return directory_; }
  std::string keys_path() const { return directory_.file("keys.json"); }
  std::string database_path() const { return directory_.file("hub.db"); }
  /// The path at which a bridge on this data directory looks for the broker first.
  std::string socket_path() const { return directory_.file(std::string(broker_socket_name)); }
  const KeySet& keys() const { return *keys_; }
  SQLite::Database& database() { return *database_; }

  void add_device(const std::string& device_id, const std::string& user_id, const std::string& name);
  void delete_device(const std::string& device_id);
  void set_active(const std::string& device_id, bool is_active);
  /// Tokens issued before this moment become invalid.
  void revoke_tokens(const std::string& device_id, WallTime valid_from);
  void spend(const std::string& enroll_id);
  void revoke_token(const std::string& jti);
  /// All tokens of a user and of the user's devices that were issued before this moment become invalid.
  void revoke_user(const std::string& user_id, WallTime valid_from);

  std::string token(const Principal& principal, std::chrono::seconds lifetime = std::chrono::hours(1)) const;
  std::string device_token(const std::string& device_id, const std::string& user_id) const;
  std::string user_token(const std::string& user_id) const;
  std::string admin_token() const;
  std::string bridge_token() const;

 private:
  TempDir directory_;
  std::unique_ptr<KeySet> keys_;
  std::unique_ptr<SQLite::Database> database_;
};

/// Creates a database of the current schema in WAL mode, as the bridge does.
std::unique_ptr<SQLite::Database> create_database(const std::string& path);
/// Downgrades it to an earlier version of the schema, by removing later additions.
void take_back_to_version(SQLite::Database& database, int version);

}  // namespace strawberry::test

#include "bridge/adapters/sqlite/kept_revocations.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"

namespace strawberry::bridge {
namespace {

constexpr int version_with_revoked_tokens = 2;
constexpr int version_with_identities = 6;
constexpr int version_with_user_revocations = 7;

template <class... Values>
int write_row(SQLite::Statement& statement, const Values&... values) {
  statement.reset();
  int index = 0;
  (statement.bind(++index, values), ...);
  return statement.exec();
}

void keep_tokens(SQLite::Database& from, SQLite::Database& to) {
  SQLite::Statement revoked(from, "SELECT jti, revoked_at, expires_at FROM revoked_tokens");
  SQLite::Statement revoke(to,
                           "INSERT INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, ?, ?)"
                           " ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)");
  while (revoked.executeStep()) {
    write_row(revoke, revoked.getColumn(0).getString(), revoked.getColumn(1).getInt64(),
              revoked.getColumn(2).getInt64());
  }
}

void keep_spent(SQLite::Database& from, SQLite::Database& to) {
  SQLite::Statement spent(from, "SELECT enroll_id, spent_at FROM spent_tokens");
  SQLite::Statement spend(to, "INSERT INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?) ON CONFLICT DO NOTHING");
  while (spent.executeStep()) write_row(spend, spent.getColumn(0).getString(), spent.getColumn(1).getInt64());
}

/// Reads rows of device_id, user_id, is_active, tokens_valid_from.
void keep_moments(SQLite::Database& from, const std::string& sql, SQLite::Database& to) {
  SQLite::Statement devices(from, sql);
  SQLite::Statement update(to,
                           "UPDATE devices SET is_active = min(is_active, ?), tokens_valid_from ="
                           " max(tokens_valid_from, ?) WHERE device_id = ?");
  SQLite::Statement remember(to,
                             "INSERT INTO deleted_devices (device_id, user_id, tokens_valid_from) VALUES (?, ?, ?)"
                             " ON CONFLICT (device_id) DO UPDATE SET"
                             " tokens_valid_from = max(tokens_valid_from, excluded.tokens_valid_from)");
  while (devices.executeStep()) {
    const std::string device_id = devices.getColumn(0).getString();
    const std::string user_id = devices.getColumn(1).getString();
    const std::int64_t valid_from = devices.getColumn(3).getInt64();
    const bool is_there = write_row(update, devices.getColumn(2).getInt(), valid_from, device_id) > 0;
    // A device that the restored database lacks may be registered again, or return with another backup.
    if (!is_there && valid_from > 0) write_row(remember, device_id, user_id, valid_from);
  }
}

void keep_ids(SQLite::Database& from, SQLite::Database& to) {
  SQLite::Statement ids(from, "SELECT id, first_seen FROM taken_ids");
  SQLite::Statement take(to,
                         "INSERT INTO taken_ids (id, first_seen) SELECT ?1, ?2"
                         " WHERE NOT EXISTS (SELECT 1 FROM devices WHERE device_id = ?1) ON CONFLICT (id) DO UPDATE"
                         " SET first_seen = min(first_seen, excluded.first_seen)");
  while (ids.executeStep()) write_row(take, ids.getColumn(0).getString(), ids.getColumn(1).getInt64());
}

void keep_users(SQLite::Database& from, SQLite::Database& to) {
  SQLite::Statement users(from, "SELECT user_id, tokens_valid_from FROM user_revocations");
  SQLite::Statement revoke(
      to,
      "INSERT INTO user_revocations (user_id, tokens_valid_from) VALUES (?, ?)"
      " ON CONFLICT (user_id) DO UPDATE SET tokens_valid_from = max(tokens_valid_from, excluded.tokens_valid_from)");
  while (users.executeStep()) write_row(revoke, users.getColumn(0).getString(), users.getColumn(1).getInt64());
}

/// A user whose devices or guests are back can be no guest, and is a disabled member instead.
void make_guest(SQLite::Database& to, const std::string& user_id, const std::string& guest_of) {
  SQLite::Statement demote(to,
                           "UPDATE users SET role = 'guest', guest_of = ?1 WHERE user_id = ?2"
                           " AND NOT EXISTS (SELECT 1 FROM devices WHERE user_id = ?2)"
                           " AND NOT EXISTS (SELECT 1 FROM users WHERE guest_of = ?2)");
  if (write_row(demote, guest_of, user_id) > 0) return;
  SQLite::Statement disable(to, "UPDATE users SET is_disabled = 1, role = 'member' WHERE user_id = ?");
  write_row(disable, user_id);
}

/// Takes over what limits a user: disabled, the lesser role, the host of a guest; and the present password.
void keep_accounts(SQLite::Database& from, SQLite::Database& to) {
  SQLite::Statement users(from, "SELECT user_id, role, guest_of, is_disabled, password_hash FROM users");
  SQLite::Statement update(to,
                           "UPDATE users SET is_disabled = max(is_disabled, ?), password_hash = ? WHERE user_id = ?");
  SQLite::Statement demote(to, "UPDATE users SET role = 'member' WHERE user_id = ? AND role = 'admin'");
  while (users.executeStep()) {
    const std::string user_id = users.getColumn(0).getString();
    const std::string role = users.getColumn(1).getString();
    write_row(update, users.getColumn(3).getInt(), users.getColumn(4).getString(), user_id);
    if (role == "member") write_row(demote, user_id);
    if (role == "guest") make_guest(to, user_id, users.getColumn(2).getString());
  }
  // A deleted user is remembered by the time before which its tokens are revoked. Another hub's data has no such row.
  SQLite::Statement deleted(from,
                            "SELECT user_id FROM user_revocations r"
                            " WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.user_id = r.user_id)");
  SQLite::Statement disable(to, "UPDATE users SET is_disabled = 1 WHERE user_id = ?");
  while (deleted.executeStep()) write_row(disable, deleted.getColumn(0).getString());
}

}  // namespace

Result<void> keep_revocations(const std::string& replaced, const std::string& restored, std::int64_t now_ms) {
  auto from = open_database_to_read(replaced, /*version_min=*/1);
  if (!from) return tl::unexpected(from.error());
  auto to = open_database(restored);
  if (!to) return tl::unexpected(to.error());
  try {
    const int version = (*from)->execAndGet("PRAGMA user_version").getInt();
    SQLite::Transaction transaction(**to, SQLite::TransactionBehavior::IMMEDIATE);
    if (version >= version_with_revoked_tokens) keep_tokens(**from, **to);
    keep_spent(**from, **to);
    keep_moments(**from, "SELECT device_id, user_id, is_active, tokens_valid_from FROM devices", **to);
    if (version >= version_with_identities) {
      keep_moments(**from, "SELECT device_id, user_id, 1, tokens_valid_from FROM deleted_devices", **to);
      keep_ids(**from, **to);
    }
    if (version >= version_with_user_revocations) keep_users(**from, **to);
    if (version >= version_with_accounts) keep_accounts(**from, **to);
    if (auto within = check_user_revocations(**to); !within) return within;
    if (auto within = prune_revoked_tokens(**to, now_ms); !within) return within;
    transaction.commit();
    return {};
  } catch (const SQLite::Exception& failure) {
    return fail("cannot take over from database " + replaced + " what was revoked: " + failure.what());
  }
}

}  // namespace strawberry::bridge

#include "bridge/adapters/sqlite/user_rows.h"

#include <utility>

#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"

namespace strawberry::bridge {
namespace {

template <class... Values>
std::int64_t number_of(StatementCache& statements, const char* sql, const Values&... values) {
  auto& row = statements.bind(sql, values...);
  const auto found = row.executeStep() ? row.getColumn(0).getInt64() : 0;
  row.reset();
  return found;
}

template <class... Values>
std::vector<std::string> texts_of(StatementCache& statements, const char* sql, const Values&... values) {
  std::vector<std::string> texts;
  auto& rows = statements.bind(sql, values...);
  while (rows.executeStep()) texts.push_back(rows.getColumn(0).getString());
  rows.reset();
  return texts;
}

std::int64_t active_admins(StatementCache& statements) {
  return number_of(statements, "SELECT count(*) FROM users WHERE role = 'admin' AND NOT is_disabled");
}

bool is_active_admin(StatementCache& statements, const std::string& user_id) {
  return number_of(statements, "SELECT count(*) FROM users WHERE user_id = ? AND role = 'admin' AND NOT is_disabled",
                   user_id) > 0;
}

tl::unexpected<Error> last_admin() {
  return error(ErrorCode::forbidden, "this is the last admin: make somebody else one first");
}

/// Returns why the user cannot have this standing.
std::optional<Error> objection_to_standing(StatementCache& statements, const std::string& user_id,
                                           const UserStanding& standing) {
  if (standing.role != Role::guest) return std::nullopt;
  if (standing.guest_of.empty() || standing.guest_of == user_id)
    return Error{
        ErrorCode::bad_request, "a guest is guest of another user: guest_of is missing", {{"path", "/guest_of"}}};
  const auto known = number_of(statements,
                               "SELECT (SELECT count(*) FROM taken_ids WHERE id = ?1) AND NOT EXISTS"
                               " (SELECT 1 FROM users WHERE user_id = ?1 AND role = 'guest')",
                               standing.guest_of);
  if (known == 0)
    return Error{
        ErrorCode::not_found, "there is no such user to be guest of, or it is a guest", {{"path", "/guest_of"}}};
  if (number_of(statements, "SELECT count(*) FROM devices WHERE user_id = ?", user_id) > 0)
    return Error{
        ErrorCode::bad_request, "a guest has no devices: delete the user's devices first", {{"path", "/role"}}};
  if (number_of(statements, "SELECT count(*) FROM users WHERE guest_of = ?", user_id) > 0)
    return Error{ErrorCode::bad_request, "a guest has no guests: the user has some", {{"path", "/role"}}};
  return std::nullopt;
}

std::string host_of(const UserStanding& standing) {
  return standing.role == Role::guest ? standing.guest_of : std::string();
}

std::optional<UserStanding> read_standing(StatementCache& statements, const std::string& user_id) {
  std::optional<UserStanding> standing;
  auto& row = statements.bind("SELECT role, guest_of, is_disabled FROM users WHERE user_id = ?", user_id);
  if (row.executeStep()) {
    const auto role = parse_role(row.getColumn(0).getString());
    standing = {role.value_or(Role::guest), row.getColumn(1).getString(), row.getColumn(2).getInt() != 0};
  }
  row.reset();
  return standing;
}

bool is_known(StatementCache& statements, const std::string& user_id) {
  return number_of(statements,
                   "SELECT EXISTS (SELECT 1 FROM users WHERE user_id = ?1)"
                   " OR EXISTS (SELECT 1 FROM devices WHERE user_id = ?1)"
                   " OR EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1)"
                   " OR EXISTS (SELECT 1 FROM issued_tokens WHERE user_id = ?1)"
                   " OR EXISTS (SELECT 1 FROM usage WHERE user_id = ?1)"
                   " OR EXISTS (SELECT 1 FROM chats_of_day WHERE user_id = ?1)",
                   user_id) > 0;
}

}  // namespace

void read_users(StatementCache& statements, const std::function<void(UserRow)>& use) {
  auto& rows = statements.bind(
      "SELECT user_id, name, role, guest_of, is_disabled, password_hash, created_at, last_login FROM users"
      " ORDER BY user_id");
  while (rows.executeStep()) {
    UserRow user;
    user.user_id = rows.getColumn(0).getString();
    user.name = rows.getColumn(1).getString();
    const auto role = parse_role(rows.getColumn(2).getString());
    // As in the broker plugin: the rights of an unknown role are unknown.
    user.standing = {role.value_or(Role::guest), rows.getColumn(3).getString(),
                     !role || rows.getColumn(4).getInt() != 0};
    user.password_hash = rows.getColumn(5).getString();
    user.created_at_ms = rows.getColumn(6).getInt64();
    if (!rows.getColumn(7).isNull()) user.last_login_ms = rows.getColumn(7).getInt64();
    use(std::move(user));
  }
  rows.reset();
}

std::vector<std::string> read_users_without_account(StatementCache& statements, std::size_t limit) {
  return texts_of(statements,
                  "SELECT t.id FROM taken_ids t WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.user_id = t.id)"
                  " AND (EXISTS (SELECT 1 FROM devices d WHERE d.user_id = t.id)"
                  " OR EXISTS (SELECT 1 FROM issued_tokens i WHERE i.user_id = t.id)"
                  " OR EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = t.id))"
                  " ORDER BY t.id LIMIT ?",
                  limit);
}

Reply<void> insert_user(StatementCache& statements, const UserRow& user, bool first_admin) {
  if (first_admin && active_admins(statements) > 0) return error(ErrorCode::forbidden, "the hub has an admin already");
  if (number_of(statements, "SELECT count(*) FROM devices WHERE device_id = ?", user.user_id) > 0)
    return error(ErrorCode::forbidden, "this user_id is a device's: choose another", {{"path", "/user_id"}});
  if (number_of(statements, "SELECT count(*) FROM users WHERE user_id = ?", user.user_id) > 0)
    return error(ErrorCode::forbidden, "there is such a user already", {{"path", "/user_id"}, {"reason", "exists"}});
  const bool has_twin = number_of(statements,
                                  "SELECT EXISTS (SELECT 1 FROM taken_ids WHERE lower(id) = lower(?1) AND id <> ?1)"
                                  " OR EXISTS (SELECT 1 FROM users WHERE lower(user_id) = lower(?1))",
                                  user.user_id) > 0;
  if (has_twin)
    return error(ErrorCode::forbidden, "there is a user whose id differs only in case: choose another",
                 {{"path", "/user_id"}, {"reason", "differs_in_case"}});
  if (auto problem = objection_to_standing(statements, user.user_id, user.standing))
    return tl::unexpected<Error>(std::move(*problem));
  statements.execute(
      "INSERT INTO users (user_id, name, role, guest_of, is_disabled, password_hash, created_at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      user.user_id, user.name, std::string(to_string(user.standing.role)), host_of(user.standing),
      user.standing.is_disabled, user.password_hash, user.created_at_ms);
  return {};
}

Reply<void> update_user(StatementCache& statements, const std::string& user_id, const UserChange& change) {
  const auto before = read_standing(statements, user_id);
  if (!before) return error(ErrorCode::not_found, "no such user");
  const bool was_admin = is_active_admin(statements, user_id);
  const UserStanding standing = change.applied_to(*before);
  if (change.role || change.guest_of) {
    if (auto problem = objection_to_standing(statements, user_id, standing))
      return tl::unexpected<Error>(std::move(*problem));
  }
  statements.execute(
      "UPDATE users SET name = coalesce(?, name), role = ?, guest_of = ?, is_disabled = ?,"
      " password_hash = coalesce(?, password_hash) WHERE user_id = ?",
      change.name, std::string(to_string(standing.role)), host_of(standing), standing.is_disabled, change.password_hash,
      user_id);
  if (was_admin && active_admins(statements) == 0) return last_admin();
  return {};
}

void write_last_login(StatementCache& statements, const std::string& user_id, std::int64_t now_ms) {
  statements.execute("UPDATE users SET last_login = ? WHERE user_id = ?", now_ms, user_id);
}

Reply<DeletedUser> remove_user(StatementCache& statements, const std::string& user_id, std::int64_t now_ms) {
  if (!is_known(statements, user_id)) return error(ErrorCode::not_found, "no such user");
  if (is_active_admin(statements, user_id) && active_admins(statements) == 1) return last_admin();
  DeletedUser gone;
  // `iat` counts whole seconds: a token issued a moment ago has this second.
  gone.tokens_valid_from_ms = (now_ms / 1'000 + 1) * 1'000;
  gone.devices = texts_of(statements, "SELECT device_id FROM devices WHERE user_id = ? ORDER BY device_id", user_id);
  gone.guests = texts_of(statements, "SELECT user_id FROM users WHERE guest_of = ? ORDER BY user_id", user_id);
  gone.skills = number_of(statements,
                          "SELECT count(*) FROM skills s JOIN devices d ON d.device_id = s.device_id"
                          " WHERE d.user_id = ?",
                          user_id);
  gone.messages = number_of(statements,
                            "SELECT count(*) FROM messages m JOIN sessions s ON s.session_id = m.session_id"
                            " WHERE s.user_id = ?",
                            user_id);
  for (const std::string& device_id : gone.devices) remove_device(statements, device_id, gone.tokens_valid_from_ms);
  gone.sessions = statements.execute("DELETE FROM sessions WHERE user_id = ?", user_id);
  gone.usage_days = number_of(statements, "SELECT count(DISTINCT day) FROM usage WHERE user_id = ?", user_id);
  statements.execute("DELETE FROM usage WHERE user_id = ?", user_id);
  statements.execute("DELETE FROM chats_of_day WHERE user_id = ?", user_id);
  statements.execute("DELETE FROM user_limits WHERE user_id = ?", user_id);
  gone.tokens = statements.execute("DELETE FROM issued_tokens WHERE user_id = ?", user_id);
  statements.execute("UPDATE users SET guest_of = '' WHERE guest_of = ?", user_id);
  statements.execute("DELETE FROM users WHERE user_id = ?", user_id);
  statements.execute(
      "INSERT INTO user_revocations (user_id, tokens_valid_from) VALUES (?, ?) ON CONFLICT (user_id)"
      " DO UPDATE SET tokens_valid_from = max(tokens_valid_from, excluded.tokens_valid_from)",
      user_id, gone.tokens_valid_from_ms);
  if (number_of(statements, "SELECT count(*) FROM user_revocations") > user_revocations_max)
    return error(ErrorCode::busy, "the hub has as many revoked users on its list as it may: retire the signing key");
  return gone;
}

}  // namespace strawberry::bridge

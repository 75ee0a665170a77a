#include "bridge/users/user_service.h"

#include <algorithm>
#include <utility>

#include "bridge/devices/device_events.h"
#include "bridge/users/password_rule.h"
#include "common/contract/control.h"
#include "common/identity/token_line.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

json time_or_null(const std::optional<std::int64_t>& ms) {
  return ms ? json(format_rfc3339(from_unix_ms(*ms))) : json(nullptr);
}

std::string_view user_refusal(PrincipalType type) {
  if (type == PrincipalType::gateway) return "the web door may only ask for logins";
  if (type == PrincipalType::enroll) return "an enrollment token may only register its device";
  if (type == PrincipalType::grant) return "a one-time token may only be exchanged for others";
  if (type == PrincipalType::bridge) return "the bridge does not ask itself";
  if (type == PrincipalType::device) return "accounts are for people: a device may not do this";
  if (type == PrincipalType::admin) return "this is for the web door and for login links, and not for an admin";
  return "only an admin may do this";
}

/// Returns the role that a request names, or `otherwise`; the schema allows no unknown ones.
Role role_in(const json& body, Role otherwise) { return parse_role(text_member(body, "role")).value_or(otherwise); }

/// What the request names.
Reply<UserChange> read_change(const json& body, const UserStanding& before) {
  UserChange change;
  if (body.contains("name")) change.name = text_member(body, "name");
  if (body.contains("role")) change.role = role_in(body, before.role);
  if (body.contains("guest_of")) change.guest_of = text_member(body, "guest_of");
  if (body.contains("disabled")) change.is_disabled = body.value("disabled", false);
  if (change.guest_of && change.role.value_or(before.role) != Role::guest)
    return error(ErrorCode::bad_request, "only a guest is guest of a user", {{"path", "/guest_of"}});
  return change;
}

}  // namespace

UserService::UserService(const Clock& clock, Parts parts, Options options)
    : clock_(clock),
      parts_(std::move(parts)),
      options_(options),
      logins_(clock, options.logins),
      turns_(options.turns) {}

const OperationTable& UserService::operations() {
  using enum PrincipalType;
  using U = UserService;
  static constexpr WhoMay everybody{device, user, admin};
  static constexpr WhoMay people{user, admin};
  static constexpr WhoMay admins{admin};
  static constexpr Operation rows[] = {
      {"login", {gateway}, ActsFor::own_user, handled_by<&U::login>},
      {"me", everybody, ActsFor::own_user, handled_by<&U::me>, Scope::users},
      {"set_password", people, ActsFor::user, handled_by<&U::set_password>},
      {"create", admins, ActsFor::own_user, handled_by<&U::create>},
      {"create_first_admin", {grant}, ActsFor::own_user, handled_by<&U::create_first_admin>},
      {"list", admins, ActsFor::own_user, handled_by<&U::list>},
      {"get", people, ActsFor::user, handled_by<&U::get>, Scope::users},
      {"update", admins, ActsFor::own_user, handled_by<&U::update>},
      {"delete", admins, ActsFor::own_user, handled_by<&U::remove>},
  };
  static constexpr OperationTable table{Service::users, rows, user_refusal};
  return table;
}

void UserService::publish(UserChanged::Change change, const std::string& user_id, const Request& request) {
  parts_.events.publish(UserChanged{change, user_id, request.sender.id, user_id});
}

/// Takes any number of ids: the plugin accepts control_ids_max at once.
Task<void> UserService::tell(std::vector<std::string> ids) {
  while (!ids.empty()) {
    const std::size_t count = std::min(ids.size(), control_ids_max);
    std::vector<std::string> some(ids.end() - static_cast<std::ptrdiff_t>(count), ids.end());
    ids.resize(ids.size() - count);
    co_await parts_.tell_plugin(std::move(some));
  }
}

// --- accounts ---

json UserService::entry(const std::string& user_id) const {
  const UserRow* user = parts_.users.find(user_id);
  const UserStanding& standing = parts_.users.standing_of(user_id);
  const bool is_guest = standing.role == Role::guest;
  return {{"user_id", user_id},
          {"name", user == nullptr ? "" : user->name},
          {"role", to_string(standing.role)},
          {"guest_of", is_guest && !standing.guest_of.empty() ? json(standing.guest_of) : json(nullptr)},
          {"disabled", standing.is_disabled},
          {"has_password", user != nullptr && !user->password_hash.empty()},
          {"has_account", user != nullptr},
          {"created_at", user == nullptr ? json(nullptr) : time_or_null(user->created_at_ms)},
          {"last_login", user == nullptr ? json(nullptr) : time_or_null(user->last_login_ms)},
          {"devices", parts_.devices.list(user_id).size()},
          {"devices_online", parts_.devices.online_count(user_id)}};
}

Task<Reply<UserRow>> UserService::new_user(Request request, Role role) {
  UserRow user;
  user.user_id = text_member(request.body, "user_id");
  user.name = text_member(request.body, "name");
  user.standing.role = role;
  user.standing.guest_of = text_member(request.body, "guest_of");
  user.created_at_ms = to_unix_ms(clock_.wall_now());
  if (is_reserved_id(user.user_id))
    co_return error(ErrorCode::bad_request, "this user_id is the hub's own: choose another", {{"path", "/user_id"}});
  if (role != Role::guest && !user.standing.guest_of.empty())
    co_return error(ErrorCode::bad_request, "only a guest is guest of a user", {{"path", "/guest_of"}});
  if (user.standing.guest_of == user.user_id)
    co_return error(ErrorCode::bad_request, "nobody is their own guest", {{"path", "/guest_of"}});
  if (parts_.users.is_full()) co_return error(ErrorCode::busy, "the hub has as many accounts as it may");
  if (parts_.devices.find(user.user_id) != nullptr)
    co_return error(ErrorCode::forbidden, "this user_id is a device's: choose another", {{"path", "/user_id"}});
  std::string password = text_member(request.body, "password");
  if (request.body.contains("password")) {
    if (auto problem = objection_to_password(password, "/password"))
      co_return tl::unexpected<Error>(std::move(*problem));
    auto hash = co_await parts_.passwords.hash(std::move(password));
    if (!hash) co_return tl::unexpected(hash.error());
    user.password_hash = std::move(*hash);
  }
  co_return user;
}

Task<Reply<json>> UserService::create(Request request) {
  Request same = request;
  auto user = co_await new_user(std::move(same), role_in(request.body, Role::member));
  if (!user) co_return tl::unexpected(user.error());
  auto stored = co_await parts_.store.add_user(*user, /*first_admin=*/false);
  if (!stored) co_return tl::unexpected(stored.error());
  const std::string user_id = user->user_id;
  const UserStanding standing = user->standing;
  parts_.users.put(std::move(*user));
  announce_standing(user_id, UserStanding(), standing);  // a user without an account was a member
  std::vector<std::string> ids(1, user_id);
  co_await tell(std::move(ids));
  publish(UserChanged::Change::created, user_id, request);
  co_return entry(user_id);
}

/// Called by the operator with a one-time link, which can only be made with the hub's keys.
Task<Reply<json>> UserService::create_first_admin(Request request) {
  if (!request.sender.id.starts_with(operator_id_prefix))
    co_return error(ErrorCode::forbidden, "only an operator's link creates the first admin (strawberryctl login-link)");
  Request same = request;
  auto user = co_await new_user(std::move(same), Role::admin);
  if (!user) co_return tl::unexpected(user.error());
  if (user->password_hash.empty())
    co_return error(ErrorCode::bad_request, "a password is missing", {{"path", "/password"}});
  auto stored = co_await parts_.store.add_user(*user, /*first_admin=*/true);
  if (!stored) co_return tl::unexpected(stored.error());
  const std::string user_id = user->user_id;
  parts_.users.put(std::move(*user));
  std::vector<std::string> ids(1, user_id);
  co_await tell(std::move(ids));
  publish(UserChanged::Change::created, user_id, request);
  auto made = login_token(user_id, request);
  if (!made) co_return tl::unexpected(made.error());
  json given = std::move(made->first);
  NewToken listed = std::move(made->second);
  std::string link_id = request.sender.id;
  auto spent =
      co_await parts_.device_store.spend_token(std::move(link_id), to_unix_ms(clock_.wall_now()), std::move(listed));
  if (!spent) co_return tl::unexpected(spent.error());
  co_return given;
}

Task<Reply<json>> UserService::list(Request request) {
  const std::string after = text_member(request.body, "after");
  const std::size_t limit = request.body.value("limit", options_.list_max);
  auto others = co_await parts_.store.users_without_account(UserDirectory::users_max);
  if (!others) co_return tl::unexpected(others.error());
  std::vector<std::string> ids = std::move(*others);
  std::erase_if(ids, is_reserved_id);  // the operator's id is listed, too, and is not a user's
  for (const auto& [id, user] : parts_.users.all()) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  const std::size_t total = ids.size();
  auto first = std::upper_bound(ids.begin(), ids.end(), after);
  json users = json::array();
  for (; first != ids.end() && users.size() < limit; ++first) users.push_back(entry(*first));
  json listed{{"users", std::move(users)}, {"total", total}};
  co_return listed;
}

bool UserService::is_known(const std::string& user_id) const {
  return parts_.users.find(user_id) != nullptr || (parts_.devices.is_user(user_id) && !is_reserved_id(user_id));
}

Reply<json> UserService::get(const Request& request) const {
  const std::string& user_id = request.acting_user;
  if (!is_known(user_id) && request.sender.user_id != user_id) return error(ErrorCode::not_found, "no such user");
  return entry(user_id);
}

void UserService::announce_standing(const std::string& user_id, const UserStanding& before, const UserStanding& now) {
  if (const auto changed = standing_change(user_id, before, now)) parts_.events.publish(*changed);
}

Task<Reply<json>> UserService::update(Request request) {
  const std::string user_id = text_member(request.body, "user_id");
  if (!is_known(user_id)) co_return error(ErrorCode::not_found, "no such user", {{"path", "/user_id"}});
  const bool is_new = parts_.users.find(user_id) == nullptr;
  if (is_new && parts_.users.is_full()) co_return error(ErrorCode::busy, "the hub has as many accounts as it may");
  const auto change = read_change(request.body, parts_.users.standing_of(user_id));
  if (!change) co_return tl::unexpected(change.error());
  auto limits = read_limit_change(request.body.value("limits", json::object()));
  if (!limits) co_return tl::unexpected(limits.error());
  UserRow row;
  row.user_id = user_id;
  row.created_at_ms = to_unix_ms(clock_.wall_now());
  row.name = change->name.value_or("");
  row.standing = change->applied_to({});
  Reply<void> stored;
  if (is_new) {
    stored = co_await parts_.store.add_user(row, /*first_admin=*/false);
  } else {
    UserChange same = *change;
    stored = co_await parts_.store.change_user(user_id, std::move(same));
  }
  if (!stored) co_return tl::unexpected(stored.error());
  const UserStanding before = parts_.users.standing_of(user_id);
  if (is_new) {
    parts_.users.put(std::move(row));
  } else {
    parts_.users.change(user_id, *change);
  }
  announce_standing(user_id, before, parts_.users.standing_of(user_id));
  if (!limits->empty()) stored = co_await parts_.set_limits(user_id, *limits);
  std::vector<std::string> ids(1, user_id);
  co_await tell(std::move(ids));
  if (!stored) co_return tl::unexpected(stored.error());
  publish(UserChanged::Change::updated, user_id, request);
  co_return entry(user_id);
}

Task<Reply<json>> UserService::remove(Request request) {
  const std::string user_id = text_member(request.body, "user_id");
  // Of the operator there is nothing to delete, and one's own links would be revoked.
  if (is_reserved_id(user_id) && parts_.users.find(user_id) == nullptr)
    co_return error(ErrorCode::not_found, "no such user", {{"path", "/user_id"}});
  auto gone = co_await parts_.store.delete_user(user_id, to_unix_ms(clock_.wall_now()));
  if (!gone) co_return tl::unexpected(gone.error());
  parts_.users.remove(user_id);
  std::vector<std::string> ids = gone->devices;
  ids.push_back(user_id);
  for (const std::string& guest : gone->guests) ids.push_back(guest);
  // First their requests are refused, then the plugin ends their connections, then their retained messages are removed.
  for (const std::string& device_id : gone->devices) {
    parts_.devices.remove(device_id);
    parts_.events.publish(DeviceRevoked{device_id});
  }
  parts_.events.publish(UserStandingChanged{user_id, /*ends_devices=*/true});
  co_await tell(std::move(ids));
  for (const std::string& device_id : gone->devices) {
    parts_.events.publish(DeviceChanged{DeviceChanged::Change::deleted, device_id, request.sender.id, user_id});
  }
  parts_.events.publish(UserDeleted{user_id, gone->devices});
  publish(UserChanged::Change::deleted, user_id, request);
  json deleted{{"devices", gone->devices.size()}, {"skills", gone->skills},         {"sessions", gone->sessions},
               {"messages", gone->messages},      {"usage_days", gone->usage_days}, {"tokens", gone->tokens},
               {"guests", gone->guests}};
  json done{{"user_id", user_id}, {"deleted", std::move(deleted)}};
  co_return done;
}

}  // namespace strawberry::bridge

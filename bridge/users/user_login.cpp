/// Signing in and changing passwords: the part of the `users` service that handles secrets.
#include <algorithm>
#include <utility>

#include "bridge/users/password_rule.h"
#include "bridge/users/revoke_tokens.h"
#include "bridge/users/user_service.h"
#include "common/identity/token_line.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* login_token_name = "signed in";

tl::unexpected<Error> wrong_login() { return error(ErrorCode::forbidden, "the user or the password is wrong"); }

}  // namespace

Reply<std::pair<json, NewToken>> UserService::login_token(const std::string& user_id, const Request& request,
                                                          bool stays) const {
  Claims claims;
  claims.principal = {PrincipalType::user, user_id, user_id};
  claims.jti = new_id();
  claims.issued_at = std::chrono::floor<std::chrono::seconds>(clock_.wall_now());
  claims.expires_at = claims.issued_at + (stays ? options_.login_lifetime : options_.short_login_lifetime);
  auto issued = parts_.tokens.sign(claims);
  if (!issued) return tl::unexpected(issued.error());
  NewToken listed;
  listed.row = token_row_of(claims, std::move(issued->kid));
  listed.row.name = login_token_name;
  if (request.sender.type == PrincipalType::grant) {
    listed.asking = request.token;
    listed.asking_user_id = request.sender.user_id;
    listed.row.parent_jti = request.token ? request.token->jti : "";
  }
  json given{{"access_token", std::move(issued->token)},
             {"expires_at", format_rfc3339(claims.expires_at)},
             {"user", entry(user_id)}};
  return std::pair(std::move(given), std::move(listed));
}

Task<Reply<json>> UserService::login(Request request) {
  const std::string user_id = text_member(request.body, "user");
  const std::string address = text_member(request.body, "address");
  std::string password = text_member(request.body, "password");
  const bool stays = request.body.value("stay", true);
  request.body.clear();
  if (password.size() > password_bytes_max)
    co_return error(ErrorCode::bad_request,
                    "the password is longer than " + std::to_string(password_bytes_max) + " bytes",
                    {{"path", "/password"}});
  const auto turn = turns_.take(address, user_id);
  if (!turn)
    co_return error(ErrorCode::busy, "too many sign-ins at once: try again in a second", {{"retry_after_ms", 1'000}});
  if (const auto wait = logins_.attempt(address, user_id))
    co_return error(ErrorCode::rate_limited, "too many attempts to sign in: try again later",
                    {{"retry_after_ms", wait->count()}});
  const auto usable = [this](const std::string& id) -> const UserRow* {
    const UserRow* user = parts_.users.find(id);
    return user == nullptr || user->standing.is_disabled || user->password_hash.empty() ? nullptr : user;
  };
  const UserRow* before = usable(user_id);
  std::string hash = before == nullptr ? std::string() : before->password_hash;
  std::string same_hash = hash;
  auto matches = co_await parts_.passwords.matches(std::move(same_hash), std::move(password));
  if (!matches) co_return tl::unexpected(matches.error());
  const UserRow* user = usable(user_id);  // it may have changed meanwhile
  if (!*matches || user == nullptr || user->password_hash != hash) co_return wrong_login();
  logins_.forgive(address, user_id);
  turns_.succeeded(address, user_id);

  auto made = login_token(user_id, request, stays);
  if (!made) co_return tl::unexpected(made.error());
  NewToken listed = std::move(made->second);
  json given = std::move(made->first);
  auto stored = co_await parts_.store.add_login_token(std::move(listed), options_.logins_max);
  if (!stored) co_return tl::unexpected(stored.error());
  const std::int64_t now_ms = to_unix_ms(clock_.wall_now());
  std::string same_user = user_id;
  const auto noted = co_await parts_.store.set_last_login(std::move(same_user), now_ms);
  if (noted) {
    if (const UserRow* there = parts_.users.find(user_id)) {
      UserRow row = *there;
      row.last_login_ms = now_ms;
      parts_.users.put(std::move(row));
    }
  }
  parts_.events.publish(UserChanged{UserChanged::Change::signed_in, user_id, user_id, user_id});
  co_return given;
}

Reply<json> UserService::me(const Request& request) const {
  json who;
  if (request.sender.type == PrincipalType::admin) {
    who = {{"user_id", request.sender.id}, {"name", ""}, {"role", "admin"}};
  } else {
    who = entry(request.sender.user_id);
  }
  who["principal"] = {{"type", to_string(request.sender.type)}, {"id", request.sender.id}};
  const Rights& rights = request.rights;
  who["scope"] = rights.is_full() ? json(nullptr) : json(write_scope(rights.scopes));
  who["skills"] = rights.has(Scope::any_skill) ? json(nullptr) : json(rights.skills);
  return who;
}

Task<Reply<json>> UserService::set_password(Request request) {
  const std::string user_id = request.acting_user;
  std::string old = text_member(request.body, "old");
  std::string password = text_member(request.body, "new");
  request.body.clear();
  if (auto problem = objection_to_password(password, "/new")) co_return tl::unexpected<Error>(std::move(*problem));
  const UserRow* user = parts_.users.find(user_id);
  const bool is_own = request.sender.user_id == user_id;
  // A mistyped id must not make an account, and no account has the id of one of the hub's own principals.
  if (!is_own && !is_known(user_id)) co_return error(ErrorCode::not_found, "no such user", {{"path", "/user_id"}});
  const std::string hash_before = user == nullptr ? std::string() : user->password_hash;
  if (is_own && !hash_before.empty()) {
    // Limited like a login: a stolen token must not help to guess the password.
    const std::string place = "token of " + request.sender.id;
    if (const auto wait = logins_.attempt(place, user_id))
      co_return error(ErrorCode::rate_limited, "too many attempts: try again later",
                      {{"retry_after_ms", wait->count()}});
    if (old.size() > password_bytes_max) co_return wrong_login();
    std::string hash = hash_before;
    auto matches = co_await parts_.passwords.matches(std::move(hash), std::move(old));
    if (!matches) co_return tl::unexpected(matches.error());
    if (!*matches) co_return error(ErrorCode::forbidden, "the old password is wrong", {{"path", "/old"}});
    logins_.forgive(place, user_id);
  }
  auto hash = co_await parts_.passwords.hash(std::move(password));
  if (!hash) co_return tl::unexpected(hash.error());
  UserChange change;
  change.password_hash = *hash;
  if (parts_.users.find(user_id) != nullptr) {
    UserChange same = change;
    auto stored = co_await parts_.store.change_user(user_id, std::move(same));
    if (!stored) co_return tl::unexpected(stored.error());
    parts_.users.change(user_id, change);
  } else {
    if (parts_.users.is_full()) co_return error(ErrorCode::busy, "the hub has as many accounts as it may");
    UserRow row;
    row.user_id = user_id;
    row.password_hash = *hash;
    row.created_at_ms = to_unix_ms(clock_.wall_now());
    auto stored = co_await parts_.store.add_user(row, /*first_admin=*/false);
    if (!stored) co_return tl::unexpected(stored.error());
    parts_.users.put(std::move(row));
  }
  publish(UserChanged::Change::password_set, user_id, request);
  // Somebody else may know the old password and have signed in with it.
  TokenChoice logins;
  logins.user_id = user_id;
  logins.name = login_token_name;
  if (is_own && request.token) logins.kept_root_jti = request.token->root();
  if (auto left = co_await end_logins(std::move(logins), request.sender.id); !left)
    co_return tl::unexpected(left.error());
  json done{{"user_id", user_id}, {"password_set", true}};
  co_return done;
}

/// Revokes the logins that `which` selects. There may be none.
Task<Reply<void>> UserService::end_logins(TokenChoice which, std::string actor) {
  auto revoked = co_await revoke_tokens(parts_.store, parts_.events, parts_.tell_plugin, std::move(which),
                                        std::move(actor), to_unix_ms(clock_.wall_now()));
  if (!revoked && revoked.error().code != ErrorCode::not_found) co_return tl::unexpected(revoked.error());
  co_return Reply<void>();
}

}  // namespace strawberry::bridge

#include "bridge/users/token_service.h"

#include <algorithm>
#include <utility>

#include "bridge/users/revoke_tokens.h"
#include "common/identity/token_line.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

std::string_view token_refusal(PrincipalType type) {
  if (type == PrincipalType::gateway) return "the web door may only ask for logins";
  if (type == PrincipalType::grant || type == PrincipalType::enroll) return "a one-time token may only be exchanged";
  if (type == PrincipalType::bridge) return "the bridge does not ask itself";
  return "only people issue, list and revoke tokens";
}

tl::unexpected<Error> no_asking_token() {
  auto failed = error(ErrorCode::internal, "the hub does not know which token asks");
  failed.value().cause = "the broker's plugin does not say by which token a request was made: restart the broker";
  return failed;
}

tl::unexpected<Error> user_is_missing() {
  return error(ErrorCode::bad_request, "an admin says for whom: user_id is missing", {{"path", "/user_id"}});
}

/// Of a token with a `type`, which the principal `admin` alone issues: it gives as much as that one has.
Reply<Principal> special_principal(const Request& request) {
  if (request.sender.type != PrincipalType::admin)
    return error(ErrorCode::forbidden, "only the principal admin issues tokens with a type", {{"path", "/type"}});
  for (const char* member : {"device_id", "scope", "skills"}) {
    if (request.body.contains(member))
      return error(ErrorCode::bad_request, std::string("a token with a type has no ") + member,
                   {{"path", std::string("/") + member}});
  }
  if (text_member(request.body, "type") == to_string(PrincipalType::admin)) {
    if (request.acting_user.empty()) return Principal{PrincipalType::admin, std::string(admin_principal_id), ""};
    return error(ErrorCode::bad_request, "an admin's token is no user's", {{"path", "/user_id"}});
  }
  if (!request.acting_user.empty()) return Principal{PrincipalType::enroll, new_id(), request.acting_user};
  return user_is_missing();
}

json text_or_null(const std::optional<std::string>& text) { return text ? json(*text) : json(nullptr); }

json shown(const ListedToken& token, const std::optional<AskingToken>& asking) {
  const bool is_device = token.row.type == to_string(PrincipalType::device);
  json skills = nullptr;
  if (token.row.skills) skills = json_from(*token.row.skills);
  return {{"jti", token.row.jti},
          {"name", token.row.name},
          {"type", token.row.type},
          {"id", token.row.subject},
          {"user_id", token.row.user_id},
          {"device_id", is_device ? json(token.row.subject) : json(nullptr)},
          {"parent", token.row.parent_jti.empty() ? json(nullptr) : json(token.row.parent_jti)},
          {"root", token.row.root_jti},
          {"state", token.state},
          {"issued_at", format_rfc3339(from_unix_ms(token.row.issued_at_ms))},
          {"expires_at", format_rfc3339(from_unix_ms(token.row.expires_at_ms))},
          {"last_used", token.last_used_ms ? json(format_rfc3339(from_unix_ms(*token.last_used_ms))) : json(nullptr)},
          {"scope", text_or_null(token.row.scope)},
          {"skills", skills.is_array() ? skills : json(nullptr)},
          {"is_own", asking && asking->jti == token.row.jti}};
}

}  // namespace

const OperationTable& TokenService::operations() {
  using enum PrincipalType;
  using T = TokenService;
  static constexpr WhoMay people{user, admin};
  static constexpr Operation rows[] = {
      {"token", people, ActsFor::user_or_all, handled_by<&T::issue>, Scope::users},
      {"tokens", people, ActsFor::user_or_all, handled_by<&T::list>, Scope::users},
      {"revoke_token", people, ActsFor::user_or_all, handled_by<&T::revoke>, Scope::users},
  };
  static constexpr OperationTable table{Service::users, rows, token_refusal};
  return table;
}

Reply<Claims> TokenService::claims_for(const Request& request) const {
  Claims claims;
  claims.principal = {PrincipalType::user, request.acting_user, request.acting_user};
  claims.name = text_member(request.body, "name");
  claims.jti = new_id();
  claims.issued_at = std::chrono::floor<std::chrono::seconds>(clock_.wall_now());
  const bool is_special = request.body.contains("type");
  if (!is_special && request.acting_user.empty()) return user_is_missing();
  if (!request.acting_user.empty() &&
      (is_reserved_id(request.acting_user) ||
       (!request.body.contains("device_id") && parts_.devices.find(request.acting_user) != nullptr)))
    return error(ErrorCode::bad_request, "this user_id is taken", {{"path", "/user_id"}});
  if (is_special) {
    auto principal = special_principal(request);
    if (!principal) return tl::unexpected(principal.error());
    claims.principal = std::move(*principal);
  } else if (request.body.contains("device_id")) {
    const auto* device = parts_.devices.find(text_member(request.body, "device_id"));
    if (device == nullptr || device->row.user_id != request.acting_user)
      return error(ErrorCode::not_found, "no such device", {{"path", "/device_id"}});
    if (!device->row.is_active) return error(ErrorCode::forbidden, "this device was revoked", {{"path", "/device_id"}});
    if (claims.name.empty()) claims.name = device->row.name;
    claims.principal = {PrincipalType::device, device->row.device_id, device->row.user_id};
    const auto valid_from = from_unix_ms(device->row.tokens_valid_from_ms);
    claims.issued_at = std::max<WallTime>(claims.issued_at, std::chrono::ceil<std::chrono::seconds>(valid_from));
  }
  const std::int64_t ttl_s = request.body.value("ttl_s", options_.lifetime.count());
  claims.expires_at = claims.issued_at + std::chrono::seconds(ttl_s);
  return claims;
}

/// Returns the pattern with the device's name replaced by its id.
Reply<std::string> TokenService::resolved(const std::string& pattern, const std::string& user_id) const {
  const auto refuse = [&](const std::string& why) {
    return error(ErrorCode::bad_request, why + ": " + printable(pattern, skill_pattern_bytes_max),
                 {{"path", "/skills"}});
  };
  const std::size_t dots = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '.'));
  std::string whole = pattern;
  if (dots == 2) {
    const std::size_t dot = pattern.find('.');
    const std::string name = pattern.substr(0, dot);
    if (name != "*") {
      const auto* device = parts_.devices.find_for(user_id, name);
      if (device == nullptr) return refuse("no such device in a pattern of skills");
      whole = device->row.device_id + pattern.substr(dot);
    }
  }
  if (!is_skill_pattern(whole))
    return refuse("not Class.function or device.Class.function, with * at the end of a part");
  return whole;
}

Reply<Rights> TokenService::wanted_rights(const Request& request) const {
  Rights wanted = request.token_rights;
  if (request.body.contains("scope")) {
    const std::string scope = text_member(request.body, "scope");
    if (const std::string unknown = unknown_scopes_in(scope); !unknown.empty())
      return error(ErrorCode::bad_request, "no such scope: " + printable(unknown, 64),
                   {{"path", "/scope"}, {"scopes", write_scope(Scopes::all())}});
    const bool had_any_skill = wanted.has(Scope::any_skill);
    wanted.scopes = scopes_in(scope);
    if (!had_any_skill) wanted.scopes = wanted.scopes.without(Scope::any_skill);
  }
  if (const auto skills = request.body.find("skills"); skills != request.body.end()) {
    wanted.skills.clear();
    for (const json& pattern : *skills) {
      auto whole = resolved(pattern.get<std::string>(), request.acting_user);
      if (!whole) return tl::unexpected(whole.error());
      wanted.skills.push_back(std::move(*whole));
    }
    wanted.scopes = wanted.scopes.without(Scope::any_skill);
    if (!are_skill_patterns(wanted.skills))
      return error(ErrorCode::bad_request, "the patterns of skills are too many or too long",
                   {{"path", "/skills"}, {"bytes_max", skill_patterns_bytes_max}});
  }
  if (!wanted.is_within(request.token_rights))
    return error(ErrorCode::forbidden, "a token cannot give more than it may itself");
  return wanted;
}

Task<Reply<json>> TokenService::issue(Request request) {
  const bool is_admin = request.sender.type == PrincipalType::admin;
  if (!request.token) co_return no_asking_token();
  if (is_of_program(request.token->root()))
    co_return error(ErrorCode::forbidden, "a program that a user has allowed manages no tokens");
  if (const auto wait = issues_.take(request.acting_user))
    co_return error(ErrorCode::rate_limited,
                    "more than " + std::to_string(options_.issues_per_hour_max) + " tokens an hour",
                    {{"retry_after_ms", std::chrono::ceil<std::chrono::milliseconds>(*wait).count()}});
  auto claims = claims_for(request);
  if (!claims) co_return tl::unexpected(claims.error());
  auto rights = wanted_rights(request);
  if (!rights) co_return tl::unexpected(rights.error());
  claims->rights = std::move(*rights);
  if (!request.token_rights.is_full()) {
    // The token joins the line of the requesting token and ends with it, since a token must not outlive a limited one
    // that requested it.
    if (auto problem = join_line(*request.token, options_.line_max, *claims))
      co_return tl::unexpected<Error>(std::move(*problem));
    claims->expires_at = std::min(claims->expires_at, request.token->expires_at);
    if (claims->expires_at <= claims->issued_at)
      co_return error(ErrorCode::forbidden, "the token that asks for another one expires now");
  }
  auto issued = parts_.tokens.sign(*claims);
  if (!issued) co_return tl::unexpected(issued.error());
  if (issued->token.size() > token_bytes_max)
    co_return error(ErrorCode::bad_request, "the token would be too long: name fewer patterns", {{"path", "/skills"}});
  NewToken listed;
  listed.row = token_row_of(*claims, std::move(issued->kid));
  listed.row.name = text_member(request.body, "name");
  listed.row.parent_jti = request.token->jti;
  listed.asking = request.token;
  listed.asking_user_id = is_admin ? std::string() : request.sender.user_id;
  json given{{"access_token", std::move(issued->token)},
             {"jti", claims->jti},
             {"id", claims->principal.id},
             {"name", listed.row.name},
             {"expires_at", format_rfc3339(claims->expires_at)},
             {"scope", text_or_null(listed.row.scope)},
             {"skills", listed.row.skills ? json(claims->rights.skills) : json(nullptr)}};
  const bool replaces = request.body.value("replace", false);
  auto namesakes = co_await parts_.store.add_named_token(std::move(listed), replaces);
  if (!namesakes) co_return tl::unexpected(namesakes.error());
  if (replaces) given["replaces"] = *namesakes;
  if (!request.body.contains("device_id")) parts_.devices.note_user(request.acting_user);  // the store has noted it
  parts_.events.publish(
      UserChanged{UserChanged::Change::token_issued, request.acting_user, request.sender.id, claims->jti});
  co_return given;
}

Task<Reply<json>> TokenService::list(Request request) {
  TokenSearch search;
  search.user_id = request.acting_user;
  search.name = text_member(request.body, "name");
  search.jti = text_member(request.body, "jti");
  search.kids = parts_.tokens.kids();
  search.also_dead = request.body.value("all", false);
  search.limit = std::min(request.body.value("limit", options_.list_max), options_.list_max);
  search.offset = request.body.value("offset", std::size_t{0});
  const std::int64_t now_ms = to_unix_ms(clock_.wall_now());
  auto found = co_await parts_.store.list_tokens(std::move(search), now_ms);
  if (!found) co_return tl::unexpected(found.error());
  json tokens = json::array();
  for (const ListedToken& token : found->tokens) tokens.push_back(shown(token, request.token));
  json listed{{"tokens", std::move(tokens)}, {"total", found->total}};
  co_return listed;
}

Task<Reply<json>> TokenService::revoke(Request request) {
  std::string jti = text_member(request.body, "jti");
  std::string name = text_member(request.body, "name");
  const bool is_all = request.body.value("all", false);
  if (int{jti.empty()} + int{name.empty()} + int{!is_all} != 2)
    co_return error(ErrorCode::bad_request, "say which token: by jti, by name, or all of them", {{"path", "/jti"}});
  if (jti.empty() && request.acting_user.empty()) co_return user_is_missing();
  if (is_all) co_return co_await revoke_all(std::move(request));
  TokenChoice which;
  which.user_id = request.acting_user;
  which.jti = std::move(jti);
  which.name = std::move(name);
  auto revoked = co_await revoke_tokens(parts_.store, parts_.events, parts_.tell_plugin, std::move(which),
                                        request.sender.id, to_unix_ms(clock_.wall_now()));
  if (!revoked) co_return tl::unexpected(revoked.error());
  json done{{"revoked", *revoked}};
  co_return done;
}

Task<Reply<json>> TokenService::revoke_all(Request request) {
  const std::string user_id = request.acting_user;
  if (is_reserved_id(user_id))
    co_return error(ErrorCode::bad_request, "this user_id is the hub's own", {{"path", "/user_id"}});
  auto revoked = co_await parts_.store.revoke_all_tokens(user_id, to_unix_ms(clock_.wall_now()));
  if (!revoked) co_return tl::unexpected(revoked.error());
  std::vector<std::string> ids(1, user_id);
  co_await parts_.tell_plugin(std::move(ids));
  parts_.events.publish(UserStandingChanged{user_id, /*ends_devices=*/true});
  parts_.events.publish(UserChanged{UserChanged::Change::tokens_revoked, user_id, request.sender.id, user_id});
  json done{{"revoked", json::array()},
            {"listed", revoked->listed},
            {"valid_from", format_rfc3339(from_unix_ms(revoked->tokens_valid_from_ms))}};
  co_return done;
}

}  // namespace strawberry::bridge

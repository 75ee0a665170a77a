#include "cli/token_hub.h"

#include <algorithm>
#include <tuple>

#include "cli/text.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::int64_t page_max = 1'000;

std::int64_t ms_in(const json& entry, const char* member) {
  const auto time = parse_rfc3339(text_member(entry, member));
  return time ? to_unix_ms(*time) : 0;
}

bridge::TokenState state_in(const json& entry) {
  const std::string said = text_member(entry, "state");
  for (const bridge::TokenState state :
       {bridge::TokenState::expired, bridge::TokenState::revoked, bridge::TokenState::spent}) {
    if (said == to_string(state)) return state;
  }
  return bridge::TokenState::live;
}

bridge::IssuedToken token_in(const json& entry) {
  bridge::IssuedToken token;
  token.jti = text_member(entry, "jti");
  token.name = text_member(entry, "name");
  token.type = text_member(entry, "type");
  token.subject = text_member(entry, "id");
  token.user_id = text_member(entry, "user_id");
  token.issued_at_ms = ms_in(entry, "issued_at");
  token.expires_at_ms = ms_in(entry, "expires_at");
  token.parent_jti = text_member(entry, "parent");
  token.root_jti = text_member(entry, "root");
  if (const auto scope = entry.find("scope"); scope != entry.end() && scope->is_string())
    token.scope = scope->get<std::string>();
  if (const auto skills = entry.find("skills"); skills != entry.end() && skills->is_array())
    token.skills = to_text(*skills);
  if (const std::int64_t used = ms_in(entry, "last_used"); used != 0) token.last_used_ms = used;
  token.state = state_in(entry);
  return token;
}

}  // namespace

Outcome<bridge::TokenList> hubs_tokens(const CommandLine& line, const bridge::TokenQuery& query) {
  bridge::TokenList list;
  while (true) {
    const auto have = static_cast<std::int64_t>(list.tokens.size());
    json body{{"op", "tokens"}, {"limit", std::min(query.limit - have, page_max)}, {"offset", have}};
    if (!query.only_live) body["all"] = true;
    if (!query.user_id.empty()) body["user_id"] = query.user_id;
    if (!query.name.empty()) body["name"] = query.name;
    if (!query.jti.empty()) body["jti"] = query.jti;
    auto page = ask_hub(line, admin(), Service::users, std::move(body));
    if (!page) return tl::unexpected(page.error());
    list.total = page->value("total", std::int64_t{0});
    const json more = page->value("tokens", json::array());
    for (const json& entry : more) list.tokens.push_back(token_in(entry));
    const auto now = static_cast<std::int64_t>(list.tokens.size());
    if (more.empty() || now >= std::min(query.limit, list.total)) break;
  }
  std::sort(list.tokens.begin(), list.tokens.end(), [](const bridge::IssuedToken& a, const bridge::IssuedToken& b) {
    using Order = std::tuple<bool, const std::string&, std::int64_t, const std::string&>;
    return Order(a.name.empty(), a.name, a.issued_at_ms, a.jti) < Order(b.name.empty(), b.name, b.issued_at_ms, b.jti);
  });
  return list;
}

Outcome<json> issue_through_hub(const CommandLine& line, const TokenWish& wish) {
  json body{{"op", "token"},
            {"user_id", wish.user_id},
            {"ttl_s", std::chrono::duration_cast<std::chrono::seconds>(wish.lifetime).count()}};
  if (!wish.device_id.empty()) body["device_id"] = wish.device_id;
  if (!wish.name.empty()) body["name"] = wish.name;
  if (!wish.scope.empty()) body["scope"] = wish.scope;
  if (!wish.skills.empty()) body["skills"] = wish.skills;
  if (wish.replace) body["replace"] = true;
  return ask_hub(line, admin(), Service::users, std::move(body));
}

Outcome<std::string> revoke_through_hub(const CommandLine& line, const std::string& user_id, const std::string& jti) {
  auto done = ask_hub(line, admin(), Service::users, {{"op", "revoke_token"}, {"user_id", user_id}, {"jti", jti}});
  if (!done) return tl::unexpected(done.error());
  const json revoked = done->value("revoked", json::array());
  return revoked.empty() ? jti : revoked.front().get<std::string>();
}

}  // namespace strawberry::cli

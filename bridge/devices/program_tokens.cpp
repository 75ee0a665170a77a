#include "bridge/devices/program_tokens.h"

#include <algorithm>
#include <utility>

#include "common/contract/rights.h"
#include "common/identity/token_line.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

tl::unexpected<Error> forbidden(std::string why) { return error(ErrorCode::forbidden, std::move(why)); }

bool is_login_link(const Principal& sender) {
  return sender.type == PrincipalType::grant && sender.id.starts_with(sign_in_id_prefix);
}

/// The scopes that `body` names, as far as they are among `most`; those when it names none.
Reply<Scopes> wanted_scopes(const json& body, Scopes most) {
  if (!body.contains("scope")) return most;
  const std::string text = text_member(body, "scope");
  if (const std::string unknown = unknown_scopes_in(text); !unknown.empty())
    return error(ErrorCode::bad_request, "no such scope: " + printable(unknown, 64),
                 {{"path", "/scope"}, {"scopes", write_scope(program_scopes)}});
  const Scopes wanted = scopes_in(text) & most;
  if (!write_scope(wanted).empty()) return wanted;
  return error(ErrorCode::forbidden, "none of these scopes may be given to this program: " + printable(text, 64),
               {{"path", "/scope"}, {"scopes", write_scope(most)}});
}

Principal user_of(const Principal& sender) { return {PrincipalType::user, sender.user_id, sender.user_id}; }

std::string_view refusal_of_exchange(PrincipalType type) {
  if (type == PrincipalType::grant) return "a one-time token may only be exchanged, for what it was made for";
  if (type == PrincipalType::user) return "only a one-time token is exchanged so";
  if (type == PrincipalType::enroll) return "an enrollment token may only register its device";
  if (type == PrincipalType::bridge) return "the bridge does not ask itself";
  return "only a user allows a program something, and only a one-time token is exchanged for others";
}

}  // namespace

ProgramTokens::ProgramTokens(const Clock& clock, DeviceStore& store, TokenIssuer& tokens, Events& events,
                             Options options)
    : clock_(clock),
      store_(store),
      tokens_(tokens),
      events_(events),
      options_(options),
      exchanges_(clock, {options.exchanges_per_hour_max}) {}

const OperationTable& ProgramTokens::operations() {
  using enum PrincipalType;
  using P = ProgramTokens;
  static constexpr WhoMay users{user};
  static constexpr WhoMay one_time{grant};
  static constexpr WhoMay of_a_program{user, grant};
  static constexpr Operation rows[] = {
      {"sign_in", one_time, ActsFor::own_user, handled_by<&P::sign_in>, Needs::nothing()},
      {"allow_program", users, ActsFor::own_user, handled_by<&P::allow>, Needs::nothing()},
      {"renew_program", one_time, ActsFor::own_user, handled_by<&P::renew>, Needs::nothing()},
      {"end_program", of_a_program, ActsFor::own_user, handled_by<&P::end>, Needs::nothing()},
  };
  static constexpr OperationTable table{Service::devices, rows, refusal_of_exchange};
  return table;
}

std::optional<Error> ProgramTokens::objection_to(const Request& request) {
  if (!request.token) {
    Error failed{ErrorCode::internal, "the hub does not know which token asks", {}};
    failed.cause = "the broker's plugin does not say by which token a request was made: restart the broker";
    return failed;
  }
  const auto wait = exchanges_.take(request.sender.user_id);
  if (!wait) return std::nullopt;
  return Error{ErrorCode::rate_limited,
               "more than " + std::to_string(options_.exchanges_per_hour_max) + " exchanges of tokens an hour",
               {{"retry_after_ms", std::chrono::ceil<std::chrono::milliseconds>(*wait).count()}}};
}

void ProgramTokens::publish(TokensExchanged::Exchange exchange, const Request& request, std::string line) {
  events_.publish(TokensExchanged{exchange, request.sender.user_id, std::move(line)});
}

Claims ProgramTokens::claims_for(Principal holder, std::chrono::seconds lifetime) const {
  Claims claims;
  claims.principal = std::move(holder);
  claims.jti = new_id();
  // As the token will say, and the list as well: whole seconds.
  claims.issued_at = std::chrono::floor<std::chrono::seconds>(clock_.wall_now());
  claims.expires_at = claims.issued_at + lifetime;
  return claims;
}

Reply<ProgramTokens::Made> ProgramTokens::make(const Request& request, const Claims& claims) {
  auto issued = tokens_.sign(claims);
  if (!issued) return tl::unexpected(issued.error());
  Made made{std::move(issued->token), claims.expires_at, {}};
  made.listed.row = token_row_of(claims, std::move(issued->kid));
  made.listed.row.parent_jti = request.token->jti;
  made.listed.asking = request.token;
  made.listed.asking_user_id = request.sender.user_id;
  return made;
}

/// Of a new line when a user's token asks, else of the line of the renewal token that does.
Reply<ProgramTokens::Pair> ProgramTokens::make_pair(const Request& request) {
  const bool is_first = request.sender.type != PrincipalType::grant;
  Claims renewal = claims_for({PrincipalType::grant, new_id(), request.sender.user_id}, options_.renewal_lifetime);
  Claims access = claims_for(user_of(request.sender), options_.access_lifetime);
  AskingToken line = *request.token;
  // Within the role of the user, as every request; a guest's program gets what a guest may.
  const Rights& most = is_first ? request.rights : request.token_rights;
  auto scopes = wanted_scopes(request.body, most.scopes & program_scopes);
  if (!scopes) return tl::unexpected(scopes.error());
  access.rights.scopes = *scopes;
  // The next ones may be narrower each; what they are made of stays as it was allowed (RFC 6749, section 6).
  renewal.rights.scopes = is_first ? *scopes : most.scopes & program_scopes;
  if (is_first) {
    renewal.jti = std::string(program_jti_prefix) + renewal.jti;
    if (const std::string client = request.body.value("client", ""); !client.empty()) renewal.jti += "-" + client;
    line = {renewal.jti, renewal.issued_at, {}, {}};
    if (options_.line_max != std::chrono::seconds(0))
      renewal.expires_at = std::min(renewal.expires_at, renewal.issued_at + options_.line_max);
  } else if (auto problem = join_line(line, options_.line_max, renewal)) {
    return tl::unexpected<Error>(std::move(*problem));
  }
  if (auto problem = join_line(line, options_.line_max, access)) return tl::unexpected<Error>(std::move(*problem));
  auto made_renewal = make(request, renewal);
  if (!made_renewal) return tl::unexpected(made_renewal.error());
  auto made_access = make(request, access);
  if (!made_access) return tl::unexpected(made_access.error());
  made_renewal->listed.row.name = made_access->listed.row.name = request.body.value("name", "");
  return Pair{std::move(*made_renewal), std::move(*made_access), *scopes};
}

json ProgramTokens::shown(const Pair& pair) {
  return {{"access_token", pair.access.text},
          {"expires_at", format_rfc3339(pair.access.expires_at)},
          {"renewal_token", pair.renewal.text},
          {"renewal_expires_at", format_rfc3339(pair.renewal.expires_at)},
          {"scope", write_scope(pair.scopes)}};
}

Task<Reply<json>> ProgramTokens::sign_in(Request request) {
  if (auto refused = objection_to(request)) co_return tl::unexpected<Error>(std::move(*refused));
  if (!is_login_link(request.sender)) co_return forbidden("only the token of a login link signs in");
  // What was spent is forgotten some time after the last link of that age has expired.
  if (clock_.wall_now() >= request.token->issued_at + options_.login_link_age_max)
    co_return forbidden("the login link is too old");
  const bool stays = request.body.value("stay", false);
  const Claims claims = claims_for(user_of(request.sender), stays ? options_.stay_lifetime : options_.sign_in_lifetime);
  auto made = make(request, claims);
  if (!made) co_return tl::unexpected(made.error());
  made->listed.row.name = "signed in by a link";
  std::string link_id = request.sender.id;
  NewToken listed = std::move(made->listed);
  auto spent = co_await store_.spend_token(std::move(link_id), to_unix_ms(clock_.wall_now()), std::move(listed));
  if (!spent) co_return tl::unexpected(spent.error());
  publish(TokensExchanged::Exchange::signed_in, request);
  json given{{"access_token", made->text},
             {"expires_at", format_rfc3339(made->expires_at)},
             {"user_id", request.sender.user_id}};
  co_return given;
}

Task<Reply<json>> ProgramTokens::allow(Request request) {
  if (auto refused = objection_to(request)) co_return tl::unexpected<Error>(std::move(*refused));
  if (request.sender.type != PrincipalType::user || is_of_program(request.token->root()))
    co_return forbidden("only a user allows a program something");
  if (!request.token_rights.is_full())
    co_return error(ErrorCode::forbidden, "the token is limited, and not good for this",
                    {{"reason", "scope"}, {"scope", "all"}});
  auto pair = make_pair(request);
  if (!pair) co_return tl::unexpected(pair.error());
  json given = shown(*pair);
  std::string line = pair->renewal.listed.row.jti;
  NewToken renewal = std::move(pair->renewal.listed);
  NewToken access = std::move(pair->access.listed);
  auto stored = co_await store_.add_program(std::move(renewal), std::move(access));
  if (!stored) co_return tl::unexpected(stored.error());
  publish(TokensExchanged::Exchange::program_allowed, request, std::move(line));
  co_return given;
}

Task<Reply<json>> ProgramTokens::renew(Request request) {
  if (auto refused = objection_to(request)) co_return tl::unexpected<Error>(std::move(*refused));
  if (request.sender.type != PrincipalType::grant || !is_of_program(request.token->root()))
    co_return forbidden("only a renewal token of a program is renewed");
  auto pair = make_pair(request);
  if (!pair) co_return tl::unexpected(pair.error());
  json given = shown(*pair);
  NewToken renewal = std::move(pair->renewal.listed);
  NewToken access = std::move(pair->access.listed);
  auto renewed = co_await store_.renew_program(std::move(renewal), std::move(access));
  if (!renewed) co_return tl::unexpected(renewed.error());
  if (!*renewed) {
    publish(TokensExchanged::Exchange::renewal_reused, request, request.token->root());
    co_return error(ErrorCode::forbidden, "the renewal token was used before: all tokens of its line are revoked",
                    {{"reason", "reused"}});
  }
  publish(TokensExchanged::Exchange::program_renewed, request, request.token->root());
  co_return given;
}

Task<Reply<json>> ProgramTokens::end(Request request) {
  if (auto refused = objection_to(request)) co_return tl::unexpected<Error>(std::move(*refused));
  const std::string line = request.token->root();
  if (!is_of_program(line)) co_return forbidden("only a program's own token ends its line");
  const WallTime now = clock_.wall_now();
  auto revoked = co_await store_.revoke_line(request.sender.user_id, line, to_unix_ms(now),
                                             to_unix_ms(now + options_.renewal_lifetime));
  if (!revoked) co_return tl::unexpected(revoked.error());
  publish(TokensExchanged::Exchange::program_ended, request, line);
  json ended{{"ended", true}};
  co_return ended;
}

}  // namespace strawberry::bridge

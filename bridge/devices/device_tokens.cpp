#include "bridge/devices/device_tokens.h"

#include <algorithm>
#include <utility>

#include "common/text/ids.h"

namespace strawberry {

/// The new token is revoked with the first one of the line, and does not make the line longer than it may be.
std::optional<Error> DeviceTokens::join_line(const AskingToken& asking, Claims& claims) const {
  claims.root_jti = asking.root();
  // Of a token that does not say how old it is the line begins now.
  claims.root_issued_at = asking.root_issued_at != WallTime{} ? asking.root_issued_at
                          : asking.issued_at != WallTime{}    ? asking.issued_at
                                                              : claims.issued_at;
  if (options_.line_max == std::chrono::seconds(0)) return std::nullopt;
  claims.expires_at = std::min(claims.expires_at, claims.root_issued_at + options_.line_max);
  if (claims.expires_at >= claims.issued_at + std::chrono::seconds(1)) return std::nullopt;
  return Error{ErrorCode::forbidden,
               "the first token of this line is older than " +
                   std::to_string(std::chrono::duration_cast<std::chrono::hours>(options_.line_max).count() / 24) +
                   " days: have a new one issued",
               {}};
}

Reply<TokenIssuer::Issued> DeviceTokens::sign(const Claims& claims) const {
  auto issued = issuer_.issue(claims);
  if (issued) return std::move(*issued);
  auto failed = error(ErrorCode::internal, "the hub cannot sign tokens");
  failed.value().cause = issued.error().message;
  return failed;
}

Reply<void> DeviceTokens::sign_from(Made& made, std::int64_t valid_from_ms) const {
  date_from(made.listed.row, valid_from_ms);
  made.claims.issued_at = from_unix_ms(made.listed.row.issued_at_ms);
  made.claims.expires_at = from_unix_ms(made.listed.row.expires_at_ms);
  auto issued = sign(made.claims);
  if (!issued) return tl::unexpected(issued.error());
  made.text = std::move(issued->token);
  return {};
}

Reply<DeviceTokens::Made> DeviceTokens::make(const Request& request, const Principal& holder, const std::string& name,
                                             WallTime not_before) const {
  Claims claims;
  claims.principal = holder;
  claims.name = name;
  claims.jti = new_id();
  // As the token will say, and the list as well: whole seconds.
  claims.issued_at = std::max(std::chrono::floor<std::chrono::seconds>(clock_.wall_now()),
                              std::chrono::ceil<std::chrono::seconds>(not_before));
  claims.expires_at = claims.issued_at + options_.lifetime;
  if (request.token && holder == request.sender) {
    if (auto problem = join_line(*request.token, claims)) return tl::unexpected<Error>(std::move(*problem));
  }
  auto signed_token = sign(claims);
  if (!signed_token) return tl::unexpected(signed_token.error());
  Made made{std::move(signed_token->token), claims, {}};
  TokenRow& row = made.listed.row;
  row.jti = claims.jti;
  row.type = to_string(holder.type);
  row.subject = holder.id;
  row.user_id = holder.user_id;
  row.kid = std::move(signed_token->kid);
  row.issued_at_ms = to_unix_ms(claims.issued_at);
  row.expires_at_ms = to_unix_ms(claims.expires_at);
  row.parent_jti = request.token ? request.token->jti : "";
  row.root_jti = claims.root_jti.empty() ? claims.jti : claims.root_jti;
  made.listed.asking = request.token;
  made.listed.asking_user_id = request.sender.user_id;
  return made;
}

}  // namespace strawberry

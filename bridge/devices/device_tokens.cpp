#include "bridge/devices/device_tokens.h"

#include <algorithm>
#include <utility>

#include "common/text/ids.h"

namespace strawberry::bridge {

Reply<void> DeviceTokens::sign_from(Made& made, std::int64_t valid_from_ms) const {
  date_from(made.listed.row, valid_from_ms);
  made.claims.issued_at = from_unix_ms(made.listed.row.issued_at_ms);
  made.claims.expires_at = from_unix_ms(made.listed.row.expires_at_ms);
  auto issued = issuer_.sign(made.claims);
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
  claims.rights = request.token_rights;  // a token gives no more than it may itself
  // As the token will say, and the list as well: whole seconds.
  claims.issued_at = std::max(std::chrono::floor<std::chrono::seconds>(clock_.wall_now()),
                              std::chrono::ceil<std::chrono::seconds>(not_before));
  claims.expires_at = claims.issued_at + options_.lifetime;
  if (request.token && holder == request.sender) {
    if (auto problem = join_line(*request.token, options_.line_max, claims))
      return tl::unexpected<Error>(std::move(*problem));
  }
  auto signed_token = issuer_.sign(claims);
  if (!signed_token) return tl::unexpected(signed_token.error());
  Made made{std::move(signed_token->token), claims, {}};
  made.listed.row = token_row_of(claims, std::move(signed_token->kid));
  made.listed.row.parent_jti = request.token ? request.token->jti : "";
  made.listed.asking = request.token;
  made.listed.asking_user_id = request.sender.user_id;
  return made;
}

}  // namespace strawberry::bridge

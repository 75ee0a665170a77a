#include "gateway/hub/token_claims.h"

#include <nlohmann/json.hpp>

#include "common/identity/token.h"
#include "common/identity/token_line.h"
#include "common/text/base64url.h"
#include "common/text/ids.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"

namespace strawberry::gateway {

std::optional<TokenClaims> read_token_claims(std::string_view token) {
  if (token.size() > token_bytes_max) return std::nullopt;
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  constexpr std::size_t levels_max = 8;
  if (!payload || json_nests_deeper_than(*payload, levels_max)) return std::nullopt;
  const auto claims = json_from(*payload);
  if (!claims.is_object()) return std::nullopt;
  const auto type = claims.contains("type") ? parse_principal_type(text_member(claims, "type")) : PrincipalType::device;
  const auto expires = claims.find("exp");
  TokenClaims read;
  read.principal.id = text_member(claims, "sub");
  read.principal.user_id = text_member(claims, "user_id");
  if (!type || !is_valid_id(read.principal.id) || expires == claims.end() || !expires->is_number()) return std::nullopt;
  read.principal.type = *type;
  constexpr double year_10000 = 253402300800.0;
  const double seconds = expires->get<double>();
  if (!(seconds > 0) || seconds >= year_10000) return std::nullopt;
  read.expires_at = from_unix_ms(static_cast<std::int64_t>(seconds * 1000));
  read.line = text_member(claims, claims.contains("root_jti") ? "root_jti" : "jti");
  if (claims.contains("scope")) read.scopes = scopes_in(text_member(claims, "scope"));
  // As in the plugin: a program that was allowed before scopes existed gets program_scopes.
  if (is_of_program(read.line) && read.scopes.is_all()) read.scopes = program_scopes;
  return read;
}

}  // namespace strawberry::gateway

#include "sdk/cpp/src/token_claims.h"

#include <nlohmann/json.hpp>

#include "common/text/base64url.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/strict_json.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;

constexpr std::size_t claims_depth_max = 8;
constexpr double year_10000 = 253402300800.0;
constexpr std::chrono::minutes clock_leeway{1};

std::optional<WallTime> time_claim(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds < year_10000)) return std::nullopt;
  return from_unix_ms(static_cast<std::int64_t>(seconds) * 1000);
}

}  // namespace

std::optional<TokenClaims> read_claims(std::string_view token) {
  if (token.size() > token_bytes_max) return std::nullopt;
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  const auto claims = payload ? parse_strict_object(*payload, claims_depth_max) : std::nullopt;
  if (!claims) return std::nullopt;
  TokenClaims read;
  read.id = text_member(*claims, "sub");
  const auto type =
      claims->contains("type") ? parse_principal_type(text_member(*claims, "type")) : PrincipalType::device;
  const auto issued_at = time_claim(*claims, "iat");
  const auto expires_at = time_claim(*claims, "exp");
  if (!is_valid_id(read.id) || !type || !issued_at || !expires_at || *expires_at <= *issued_at) return std::nullopt;
  read.type = *type;
  read.issued_at = *issued_at;
  read.expires_at = *expires_at;
  return read;
}

std::string why_refused(const std::optional<TokenClaims>& claims, WallTime now) {
  if (!claims) return "it is no token";
  if (claims->expires_at <= now) return "its token expired on " + format_rfc3339(claims->expires_at);
  if (claims->issued_at > now + clock_leeway) {
    return "its token is not valid before " + format_rfc3339(claims->issued_at) + " (compare the clocks)";
  }
  return "its token or its device was revoked, the device was deleted, or the token is another hub's";
}

}  // namespace strawberry::sdk

#include "common/identity/token_stamp.h"

#include <array>
#include <charconv>

#include "common/text/base64url.h"

namespace strawberry {
namespace {

std::string seconds_of(WallTime time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::optional<WallTime> parse_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > rfc3339_seconds_max) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(seconds));
}

std::optional<std::string> parse_jti(std::string_view text) {
  auto jti = base64url_decode(text);
  return jti && jti->size() <= jti_bytes_max ? jti : std::nullopt;
}

}  // namespace

std::string encode_token_stamp(const Claims& claims) {
  return seconds_of(claims.issued_at) + '/' + seconds_of(claims.root_issued_at) + '/' + base64url_encode(claims.jti) +
         '/' + base64url_encode(claims.root_jti) + '/' + seconds_of(claims.expires_at);
}

std::optional<AskingToken> decode_token_stamp(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t slash = text.find('/');
    const bool is_last = i + 1 == parts.size();
    if (is_last != (slash == std::string_view::npos)) return std::nullopt;
    parts[i] = text.substr(0, slash);
    if (!is_last) text.remove_prefix(slash + 1);
  }
  const auto issued_at = parse_seconds(parts[0]);
  const auto root_issued_at = parse_seconds(parts[1]);
  auto jti = parse_jti(parts[2]);
  auto root_jti = parse_jti(parts[3]);
  const auto expires_at = parse_seconds(parts[4]);
  if (!issued_at || !root_issued_at || !jti || !root_jti || !expires_at) return std::nullopt;
  return AskingToken{std::move(*jti), *issued_at, std::move(*root_jti), *root_issued_at, *expires_at};
}

}  // namespace strawberry

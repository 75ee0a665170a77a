#include "broker-plugin/session_name.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "common/text/ids.h"

namespace strawberry::plugin {
namespace {

constexpr int principal_parts = 3;
constexpr std::size_t usual_bytes = 200;

template <class Number>
void append_number(std::string& text, Number number, int base) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  text.append(digits.data(), end);
}

/// Takes the text up to the next slash off the front of `rest`.
std::string_view take_part(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return part;
}

/// Reads `<seconds>` or `<seconds>:<scopes>`.
std::optional<Scopes> take_scopes(std::string_view& part) {
  const std::size_t colon = part.find(':');
  if (colon == std::string_view::npos) return Scopes::all();
  const std::string_view digits = part.substr(colon + 1);
  std::uint32_t bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  part = part.substr(0, colon);
  return Scopes::from_bits(bits);
}

std::optional<WallTime> parse_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > rfc3339_seconds_max) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace

std::string encode_session_name(const Claims& claims, std::string_view tag) {
  std::string name;
  name.reserve(usual_bytes);
  append_principal(name, claims.principal);
  name += '/';
  const auto issued_at = std::chrono::floor<std::chrono::seconds>(claims.issued_at).time_since_epoch().count();
  append_number(name, static_cast<std::int64_t>(issued_at), 10);
  if (!claims.rights.is_full()) {
    name += ':';
    append_number(name, claims.rights.scopes.bits(), 16);
  }
  name.append(1, '/').append(tag).append(1, '/');
  if (is_valid_id(claims.jti)) name += claims.jti;
  if (is_valid_id(claims.root_jti)) name.append(1, '/').append(claims.root_jti);
  return name;
}

std::optional<SessionName> decode_session_name(std::string_view name) {
  std::string_view rest = name;
  for (int i = 0; i < principal_parts; ++i) take_part(rest);
  const bool has_more = !rest.empty();
  auto principal = decode_principal(name.substr(0, name.size() - rest.size() - (has_more ? 1 : 0)));
  if (!principal) return std::nullopt;

  SessionName session{std::move(*principal), {}, {}, {}, {}};
  if (!has_more) return session;
  std::string_view time = take_part(rest);
  const auto scopes = take_scopes(time);
  const auto issued_at = parse_seconds(time);
  session.tag = take_part(rest);
  const bool has_root = rest.find('/') != std::string_view::npos;
  session.jti = take_part(rest);
  session.root_jti = rest;
  if (!issued_at || !scopes || !is_valid_id(session.tag) || (!session.jti.empty() && !is_valid_id(session.jti)) ||
      (has_root && !is_valid_id(session.root_jti))) {
    return std::nullopt;
  }
  session.issued_at = *issued_at;
  session.scopes = *scopes;
  return session;
}

}  // namespace strawberry::plugin

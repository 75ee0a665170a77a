#include "cli/token_times.h"

#include <array>
#include <ctime>

#include "cli/text.h"
#include "common/text/base64url.h"

namespace strawberry::cli {

std::optional<nlohmann::json> claims_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  auto claims = payload ? parse_json(*payload) : std::nullopt;
  if (!claims || !claims->is_object()) return std::nullopt;
  return claims;
}

std::optional<TokenTimes> times_of(std::string_view token) {
  const auto claims = claims_of(token);
  if (!claims) return std::nullopt;
  const auto seconds = [&](const char* name) -> std::optional<std::int64_t> {
    const auto found = claims->find(name);
    if (found == claims->end() || !found->is_number()) return std::nullopt;
    const double value = found->get<double>();
    constexpr double most = 253402300800.0;  // the year 10000
    return value >= 0 && value < most ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
  };
  const auto issued = seconds("iat");
  const auto expires = seconds("exp");
  if (!issued || !expires || *expires <= *issued) return std::nullopt;
  return TokenTimes{from_unix_ms(*issued * 1000), from_unix_ms(*expires * 1000)};
}

std::string local_and_utc(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::array<char, 64> local{};
  std::array<char, 64> utc{};
  std::tm parts{};
  ::tzset();  // localtime_r may not read TZ itself
  if (::localtime_r(&seconds, &parts) == nullptr ||
      std::strftime(local.data(), local.size(), "%Y-%m-%d %H:%M %Z", &parts) == 0 ||
      ::gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(utc.data(), utc.size(), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
    return format_rfc3339(time);
  }
  return std::string(local.data()) + " (" + utc.data() + ")";
}

}  // namespace strawberry::cli

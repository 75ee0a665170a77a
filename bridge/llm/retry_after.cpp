#include "bridge/llm/retry_after.h"

#include <charconv>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>

namespace strawberry::bridge {
namespace {

using std::chrono::milliseconds;

const std::string* header(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return &value;
  return nullptr;
}

std::optional<double> number(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return std::nullopt;
  text = text.substr(from, text.find_last_not_of(" \t") + 1 - from);
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form servers may send.
std::optional<std::chrono::sys_seconds> http_date(const std::string& text) {
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
  std::string zone;
  if (!(in >> zone) || zone != "GMT") return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{parts.tm_year + 1900}, month{static_cast<unsigned>(parts.tm_mon + 1)},
                            day{static_cast<unsigned>(parts.tm_mday)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date} + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
}

/// Compared before it is converted: a huge number has no place in an integer.
std::optional<milliseconds> within_bounds(double ms) {
  if (!(ms > 0) || ms > static_cast<double>(pause_believed_max.count())) return std::nullopt;
  return milliseconds{std::lround(ms)};
}

}  // namespace

std::optional<milliseconds> retry_after_of(const HttpResponse& response) {
  if (const auto* text = header(response, "retry-after-ms"))
    if (const auto ms = number(*text)) return within_bounds(*ms);
  const auto* text = header(response, "retry-after");
  if (!text) return std::nullopt;
  if (const auto seconds = number(*text)) return within_bounds(*seconds * 1000);
  const auto* now = header(response, "date");
  const auto sent = now ? http_date(*now) : std::nullopt;
  const auto wanted = http_date(*text);
  if (!sent || !wanted) return std::nullopt;
  return within_bounds(static_cast<double>(milliseconds{*wanted - *sent}.count()));
}

}  // namespace strawberry::bridge

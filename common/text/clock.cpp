#include "common/text/clock.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace strawberry {
namespace {

/// Removes exactly `digits` digits from the front of `text`; -1 when they are missing.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take_one_of(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// `.5` is 500; nothing when no digit follows the point.
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) {
  int milliseconds = 0;
  if (!take_one_of(text, ".")) return std::chrono::milliseconds(0);
  int worth = 100;
  bool any = false;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), worth /= 10, any = true) {
    milliseconds += (text.front() - '0') * worth;
  }
  if (!any) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

/// Reads `Z` or `+01:00`: how far local time is ahead of UTC.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take_one_of(text, "Zz")) return std::chrono::minutes(0);
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!take_one_of(text, "+-")) return std::nullopt;
  const int hours = take_number(text, 2);
  if (!take_one_of(text, ":")) return std::nullopt;
  const int minutes = take_number(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (60 * hours + minutes));
}

/// The last `digits` digits, then `end`; where to go on. By hand: it is written for each connection.
template <class Number>
char* put_number(char* at, Number number, int digits, char end) {
  for (int i = digits; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
  at[digits] = end;
  return at + digits + 1;
}

}  // namespace

WallTime SystemClock::wall_now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

std::string format_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time_of_day(time - day);
  std::array<char, std::string_view("2000-01-01T00:00:00.000Z").size()> written{};
  const int year = static_cast<int>(date.year());
  char* at = put_number(written.data(), static_cast<unsigned>(std::abs(year)), 4, '-');
  at = put_number(at, static_cast<unsigned>(date.month()), 2, '-');
  at = put_number(at, static_cast<unsigned>(date.day()), 2, 'T');
  at = put_number(at, static_cast<unsigned>(time_of_day.hours().count()), 2, ':');
  at = put_number(at, static_cast<unsigned>(time_of_day.minutes().count()), 2, ':');
  at = put_number(at, static_cast<unsigned>(time_of_day.seconds().count()), 2, '.');
  put_number(at, static_cast<unsigned>(time_of_day.subseconds().count()), 3, 'Z');
  const std::string_view text(written.data(), written.size());
  if (year >= 0 && year <= 9999) return std::string(text);
  return std::to_string(year).append(text.substr(4));
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const int year = take_number(text, 4);
  if (!take_one_of(text, "-")) return std::nullopt;
  const int month = take_number(text, 2);
  if (!take_one_of(text, "-")) return std::nullopt;
  const int day = take_number(text, 2);
  if (!take_one_of(text, "Tt ")) return std::nullopt;
  const int hour = take_number(text, 2);
  if (!take_one_of(text, ":")) return std::nullopt;
  const int minute = take_number(text, 2);
  if (!take_one_of(text, ":")) return std::nullopt;
  const int second = take_number(text, 2);
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  if (year < 0 || month < 0 || day < 0 || !fraction || !offset || !text.empty()) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + *fraction - *offset;
}

std::int64_t to_unix_ms(WallTime time) { return time.time_since_epoch().count(); }

WallTime from_unix_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

}  // namespace strawberry

#include "common/contract/capability.h"

#include <algorithm>
#include <utility>

namespace strawberry {
namespace {

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_capability_name(std::string_view name) {
  bool begins_part = true;
  for (const char c : name) {
    if (begins_part && !is_letter(c)) return false;
    begins_part = c == '.';
    if (!begins_part && !is_letter(c) && !is_digit(c) && c != '_' && c != '-') return false;
  }
  return !begins_part;
}

/// Reads at most 4 digits without leading zeros: `0`, never `00`.
std::optional<int> read_version_number(std::string_view digits) {
  constexpr std::size_t digits_max = 4;
  if (digits.empty() || digits.size() > digits_max || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  int number = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::optional<WantedCapability> parse_wanted_capability(std::string_view text) {
  if (text.size() > capability_bytes_max) return std::nullopt;
  const auto colon = text.find(':');
  WantedCapability wanted;
  wanted.name = std::string(text.substr(0, colon));
  if (!is_capability_name(wanted.name)) return std::nullopt;
  if (colon == std::string_view::npos) return wanted;
  auto version = text.substr(colon + 1);
  if (version.empty() || version.front() != 'v') return std::nullopt;
  version.remove_prefix(1);
  const auto dot = version.find('.');
  wanted.major = read_version_number(version.substr(0, dot));
  if (!wanted.major) return std::nullopt;
  if (dot == std::string_view::npos) return wanted;
  wanted.minor = read_version_number(version.substr(dot + 1));
  if (!wanted.minor) return std::nullopt;
  return wanted;
}

std::optional<Capability> parse_capability(std::string_view text) {
  auto whole = parse_wanted_capability(text);
  if (!whole || !whole->major || !whole->minor) return std::nullopt;
  return Capability{std::move(whole->name), *whole->major, *whole->minor};
}

bool WantedCapability::fits(const Capability& offered) const {
  if (offered.name != name || (major && offered.major != *major)) return false;
  return !minor || offered.minor >= *minor;
}

bool has_capability(const std::vector<std::string>& offered, const WantedCapability& wanted) {
  return std::any_of(offered.begin(), offered.end(), [&](const std::string& text) {
    const auto capability = parse_capability(text);
    return capability && wanted.fits(*capability);
  });
}

}  // namespace strawberry

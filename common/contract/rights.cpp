#include "common/contract/rights.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/text/ids.h"

namespace strawberry {
namespace {

constexpr std::array<std::string_view, named_scopes_count> scope_words = {
    "skills:read",   "skills:call",    "skills:register",
    "chat",          "sessions",       "devices:read",
    "devices:write", "telemetry:read", "telemetry:write",
    "events:read",   "events:write",   "schedules",
    "flows",         "users",          "mcp"};

/// Removes the word before the next `separator` from the front of `rest` and returns it.
std::string_view take_word(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

struct PatternParts {
  std::string_view device = "*";
  std::string_view class_name;
  std::string_view function_name;
};

std::optional<PatternParts> split_pattern(std::string_view text) {
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('.', first + 1);
  PatternParts parts;
  if (second == std::string_view::npos) {
    parts.class_name = text.substr(0, first);
    parts.function_name = text.substr(first + 1);
  } else {
    if (text.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    parts.device = text.substr(0, first);
    parts.class_name = text.substr(first + 1, second - first - 1);
    parts.function_name = text.substr(second + 1);
  }
  return parts;
}

/// True for a name, a name that ends in `*`, or `*` alone.
bool is_pattern_part(std::string_view part) {
  if (part.empty()) return false;
  if (part.back() == '*') part.remove_suffix(1);
  return std::none_of(part.begin(), part.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == '*' || c == ',' || c == '/' || c == '+' || c == '#' || c == '"';
  });
}

bool part_matches(std::string_view part, std::string_view name) {
  if (!part.ends_with('*')) return part == name;
  part.remove_suffix(1);
  return name.starts_with(part);
}

bool part_covers(std::string_view wide, std::string_view narrow) {
  if (!wide.ends_with('*')) return wide == narrow;
  wide.remove_suffix(1);
  return narrow.starts_with(wide);
}

}  // namespace

std::string_view to_string(Scope scope) {
  const auto index = static_cast<std::size_t>(scope);
  return index < scope_words.size() ? scope_words[index] : std::string_view();
}

std::optional<Scope> parse_scope(std::string_view word) {
  const auto found = std::find(scope_words.begin(), scope_words.end(), word);
  if (found == scope_words.end()) return std::nullopt;
  return static_cast<Scope>(found - scope_words.begin());
}

Scopes scopes_in(std::string_view scope) {
  Scopes scopes = Scopes::of({Scope::any_skill, Scope::confirmed});
  while (!scope.empty()) {
    if (const auto known = parse_scope(take_word(scope, ' '))) scopes = scopes.with(*known);
  }
  return scopes;
}

std::string unknown_scopes_in(std::string_view scope) {
  std::string unknown;
  while (!scope.empty()) {
    const std::string_view word = take_word(scope, ' ');
    if (word.empty() || parse_scope(word)) continue;
    if (!unknown.empty()) unknown += ' ';
    unknown += word;
  }
  return unknown;
}

std::string write_scope(Scopes scopes) {
  std::string text;
  for (unsigned i = 0; i < named_scopes_count; ++i) {
    if (!scopes.has(static_cast<Scope>(i))) continue;
    if (!text.empty()) text += ' ';
    text += scope_words[i];
  }
  return text;
}

bool is_skill_pattern(std::string_view text) {
  if (text.size() > skill_pattern_bytes_max) return false;
  const auto parts = split_pattern(text);
  return parts && (parts->device == "*" || is_valid_id(parts->device)) && is_pattern_part(parts->class_name) &&
         is_pattern_part(parts->function_name);
}

bool skill_matches(std::string_view pattern, std::string_view device_id, std::string_view class_name,
                   std::string_view function_name) {
  const auto parts = split_pattern(pattern);
  return parts && part_matches(parts->device, device_id) && part_matches(parts->class_name, class_name) &&
         part_matches(parts->function_name, function_name);
}

bool covers_pattern(std::string_view wide, std::string_view narrow) {
  const auto outer = split_pattern(wide);
  const auto inner = split_pattern(narrow);
  return outer && inner && part_covers(outer->device, inner->device) &&
         part_covers(outer->class_name, inner->class_name) && part_covers(outer->function_name, inner->function_name);
}

bool Rights::may_use(std::string_view device_id, std::string_view class_name, std::string_view function_name) const {
  if (scopes.has(Scope::any_skill)) return true;
  return std::any_of(skills.begin(), skills.end(), [&](const std::string& pattern) {
    return skill_matches(pattern, device_id, class_name, function_name);
  });
}

bool Rights::is_within(const Rights& other) const {
  if (!scopes.is_within(other.scopes)) return false;
  if (other.scopes.has(Scope::any_skill)) return true;
  return std::all_of(skills.begin(), skills.end(), [&](const std::string& narrow) {
    return std::any_of(other.skills.begin(), other.skills.end(),
                       [&](const std::string& wide) { return covers_pattern(wide, narrow); });
  });
}

bool are_skill_patterns(std::span<const std::string> patterns) {
  if (patterns.size() > skill_patterns_max) return false;
  std::size_t bytes = 0;
  for (const std::string& pattern : patterns) {
    if (!is_skill_pattern(pattern)) return false;
    bytes += pattern.size();
  }
  return bytes <= skill_patterns_bytes_max;
}

std::string encode_rights(const Rights& rights) {
  std::array<char, 8> digits{};
  const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), rights.scopes.bits(), 16);
  std::string text(digits.data(), end);
  text += '/';
  for (std::size_t i = 0; i < rights.skills.size(); ++i) {
    if (i > 0) text += ',';
    text += rights.skills[i];
  }
  return text;
}

std::optional<Rights> decode_rights(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  std::uint32_t bits = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + slash, bits, 16);
  if (failure != std::errc() || end != text.data() + slash) return std::nullopt;
  Rights rights;
  rights.scopes = Scopes::from_bits(bits);
  std::string_view rest = text.substr(slash + 1);
  while (!rest.empty()) rights.skills.emplace_back(take_word(rest, ','));
  if (!are_skill_patterns(rights.skills)) return std::nullopt;
  return rights;
}

}  // namespace strawberry

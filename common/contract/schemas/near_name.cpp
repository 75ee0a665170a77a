#include "common/contract/schemas/near_name.h"

#include <algorithm>

namespace strawberry {
namespace {

constexpr std::size_t beginning_bytes_min = 3;
constexpr std::size_t part_bytes_min = 2;

/// Returns the name in lower case without separators between words. `parts` receives the words.
std::string plain(std::string_view name, std::vector<std::string>* parts = nullptr) {
  std::string text;
  if (parts) parts->assign(1, {});
  for (const char c : name) {
    if (c == '_' || c == '-' || c == ' ') {
      if (parts) parts->emplace_back();
      continue;
    }
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (parts) parts->back() += text.back();
  }
  return text;
}

/// Returns the distance of the two names: 0 when they are equal, nothing when it is too large.
std::optional<std::size_t> how_far(const std::string& written, const std::string& name) {
  std::vector<std::string> parts;
  const std::string known = plain(name, &parts);
  if (written == known) return 0;
  const auto& [shorter, longer] =
      std::minmax(written, known, [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (shorter.size() >= beginning_bytes_min && longer.starts_with(shorter)) return 1;
  if (written.size() >= part_bytes_min && std::find(parts.begin(), parts.end(), written) != parts.end()) return 1;
  const auto distance = edit_distance(written, known);
  const auto allowed = std::max<std::size_t>(1, shorter.size() / 3);
  if (shorter.size() < beginning_bytes_min || distance > allowed) return std::nullopt;
  return 1 + distance;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last, row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = std::move(last);
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<std::string> nearest_name(std::string_view written, const std::vector<std::string>& names) {
  if (written.size() > near_name_bytes_max) return std::nullopt;
  const std::string text = plain(written);
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& name : names) {
    if (name.size() > near_name_bytes_max) continue;
    const auto distance = how_far(text, name);
    if (!distance || (best && *distance >= best_distance)) continue;
    best = name;
    best_distance = *distance;
  }
  return best;
}

}  // namespace strawberry

#include "cli/nearest.h"

#include <algorithm>

#include "common/contract/schemas/near_name.h"

namespace strawberry::cli {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

}  // namespace

std::string nearest_to(std::string_view word, const std::set<std::string>& known) {
  if (word.empty() || word.size() > nearest_word_bytes_max) return {};
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string found;
  for (const std::string& candidate : known) {
    if (candidate.empty() || candidate.size() > nearest_word_bytes_max) continue;
    const std::size_t changes = edit_distance(lower(word), lower(candidate));
    if (changes >= best) continue;
    best = changes;
    found = candidate;
  }
  return found;
}

}  // namespace strawberry::cli

#include "bridge/rules/typos.h"

#include <array>
#include <string_view>

#include "bridge/rules/german.h"
#include "bridge/rules/language.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"

namespace strawberry::bridge::rules {
namespace {

constexpr std::size_t exchange_letters_min = 4;  // shorter words are too near to others
constexpr std::size_t slip_letters_min = 5;

constexpr std::array<std::string_view, 22> common_words = {
    "turn",    "switch", "play",       "pause",  "stop",    "lower",  "raise",       "light",
    "lights",  "volume", "brightness", "please", "kitchen", "close",  "temperature", "music",
    "curtain", "blinds", "brighter",   "darker", "louder",  "quieter"};

bool is_neighbour(char a, char b) {
  constexpr std::array<std::string_view, 3> rows = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto at = rows[row].find(a);
    if (at == std::string_view::npos) continue;
    for (std::size_t other = 0; other < rows.size(); ++other) {
      const auto place = rows[other].find(b);
      if (place == std::string_view::npos) continue;
      const auto gap = at > place ? at - place : place - at;
      return row == other ? gap == 1 : (row > other ? row - other : other - row) == 1 && gap <= 1;
    }
  }
  return false;
}

bool is_known(const Word& word, const Vocabulary& vocabulary, Language language) {
  return word.number || vocabulary.contains(word.fold) || vocabulary.contains(word.stem) || is_empty_word(word.fold) ||
         is_question(word.fold) || is_condition(word.fold) || is_copula(word.fold) || is_particle(word.fold) ||
         is_particle_verb(word.fold) || !actions_of(word.fold).empty() || is_known_thing(word.stem) ||
         (language == Language::german && is_german_word(word.fold));
}

/// Opening, unlocking or deleting by guess is worse than asking.
bool is_never_guessed(std::string_view word) {
  return is_one_of(
      word, {"unlock", "open", "disarm", "delete", "remove", "restart", "reboot", "reset", "erase", "clear", "send"});
}

}  // namespace

bool is_slip_of(std::string_view written, std::string_view meant) {
  if (written.empty() || meant.empty() || written == meant) return false;
  if (written.size() == meant.size()) {
    std::size_t at = 0;
    while (written[at] == meant[at]) ++at;
    const bool is_exchange = at + 1 < written.size() && written[at] == meant[at + 1] && written[at + 1] == meant[at] &&
                             written.substr(at + 2) == meant.substr(at + 2);
    if (is_exchange) return written.size() >= exchange_letters_min;
    return written.size() >= slip_letters_min && at > 0 && is_neighbour(written[at], meant[at]) &&
           written.substr(at + 1) == meant.substr(at + 1);
  }
  const bool is_left_out = written.size() + 1 == meant.size();
  const bool is_doubled = written.size() == meant.size() + 1;
  if (!is_left_out && !is_doubled) return false;
  const auto shorter = is_left_out ? written : meant;
  const auto longer = is_left_out ? meant : written;
  if (shorter.size() < slip_letters_min || shorter.front() != longer.front()) return false;
  std::size_t at = 0;
  while (at < shorter.size() && shorter[at] == longer[at]) ++at;
  if (longer.substr(at + 1) != shorter.substr(at)) return false;
  // A letter more only where it is one's double: `closed` is no `close`.
  return is_left_out || (at > 0 && longer[at] == longer[at - 1]);
}

bool mend_typos(Sentence& sentence, const Vocabulary& vocabulary) {
  bool has_mended = false;
  for (auto& word : sentence.words) {
    if (word.is_quoted || is_known(word, vocabulary, sentence.language)) continue;
    std::string_view only;
    bool is_several = false;
    const auto consider = [&](std::string_view meant) {
      if (!is_slip_of(word.fold, meant) || is_never_guessed(meant) || meant == only) return;
      is_several = is_several || !only.empty();
      only = meant;
    };
    for (const auto meant : common_words) consider(meant);
    for (const auto& meant : vocabulary) consider(meant);
    if (only.empty() || is_several) continue;
    word.fold = only;
    word.name = only;
    word.stem = canonical(stem(word.fold));
    has_mended = true;
  }
  return has_mended;
}

}  // namespace strawberry::bridge::rules

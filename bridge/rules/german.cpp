#include "bridge/rules/german.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "bridge/rules/german_words.h"
#include "bridge/rules/later.h"
#include "bridge/rules/lexicon.h"

namespace strawberry::bridge::rules {
namespace {

std::optional<std::string_view> look_up(std::string_view folded) {
  for (const auto& [german, english] : translations) {
    for (auto at = german.find(folded); at != std::string_view::npos; at = german.find(folded, at + 1)) {
      const bool begins = at == 0 || german[at - 1] == ' ';
      const auto end = at + folded.size();
      if (begins && (end == german.size() || german[end] == ' ')) return english;
    }
  }
  return std::nullopt;
}

/// `kueche` for `küche`.
std::string without_digraphs(std::string_view folded) {
  std::string text;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    text += folded[i];
    const bool is_digraph =
        i + 1 < folded.size() && folded[i + 1] == 'e' && (folded[i] == 'a' || folded[i] == 'o' || folded[i] == 'u');
    if (is_digraph) ++i;
  }
  return text;
}

/// `küchenlampe` → kitchen light.
std::optional<std::string> translate_compound(std::string_view folded) {
  constexpr std::array<std::string_view, 16> rooms = {
      "kuchen", "wohnzimmer", "schlafzimmer", "badezimmer", "esszimmer", "buro",    "flur",   "keller",
      "garten", "bad",        "decken",       "steh",       "haus",      "garagen", "zimmer", "raum"};
  constexpr std::array<std::string_view, 24> things = {
      "licht",   "lichter",   "lampe",    "lampen",     "leuchte",    "lautsprecher", "thermostat", "heizung",
      "rollo",   "rollos",    "jalousie", "jalousien",  "vorhang",    "vorhange",     "gardinen",   "tur",
      "fenster", "fernseher", "tablet",   "temperatur", "ventilator", "steckdose",    "kamera",     "radio"};
  for (const auto room : rooms) {
    if (!folded.starts_with(room)) continue;
    const auto thing = folded.substr(room.size());
    if (std::find(things.begin(), things.end(), thing) == things.end()) continue;
    const auto thing_name = look_up(thing).value_or(thing);
    if (room == "kuchen") return "kitchen " + std::string(thing_name);
    if (room == "decken") return "ceiling " + std::string(thing_name);
    if (room == "steh") return "floor " + std::string(thing_name);
    if (room == "haus") return "house " + std::string(thing_name);
    if (room == "garagen") return "garage " + std::string(thing_name);
    if (room == "zimmer" || room == "raum") return std::string(thing_name);
    return std::string(*look_up(room)) + " " + std::string(thing_name);
  }
  return std::nullopt;
}

std::optional<std::string> translate(std::string_view folded) {
  if (const auto found = look_up(folded)) return std::string(*found);
  if (auto found = translate_compound(folded)) return found;
  const auto plain = without_digraphs(folded);
  if (plain == folded) return std::nullopt;
  if (const auto found = look_up(plain)) return std::string(*found);
  return translate_compound(plain);
}

class Translator {
 public:
  explicit Translator(Sentence sentence) : sentence_(std::move(sentence)), words_(sentence_.words) {
    for (const auto& word : words_) german_.push_back(word.is_quoted ? std::string() : word.fold);
  }

  Sentence translate_all() {
    std::vector<Word> translated;
    for (std::size_t at = 0; at < words_.size(); ++at) {
      const auto english = words_[at].is_quoted ? std::nullopt : in_place(at);
      if (!english) {
        translated.push_back(words_[at]);
        continue;
      }
      add(translated, words_[at], *english);
    }
    sentence_.words = std::move(translated);
    bring_verb_to_front();
    sentence_.language = Language::german;
    return std::move(sentence_);
  }

 private:
  std::string_view german_at(std::size_t at) const {
    return at < german_.size() ? std::string_view(german_[at]) : std::string_view();
  }

  /// A separated prefix stands at the end of its clause: `mach das Licht an`, `schalte … an und …`.
  bool ends_clause(std::size_t at) const {
    std::size_t next = at + 1;
    while (next < words_.size() && !words_[next - 1].is_break_after &&
           is_one_of(german_at(next), {"bitte", "wieder", "danke"}))
      ++next;
    return next >= words_.size() || words_[next - 1].is_break_after || is_one_of(german_at(next), {"und", "dann"});
  }

  /// `und` in front of a verb; `in der Küche und im Bad` goes on.
  bool begins_clause(std::size_t at) const {
    if (german_at(at) != "und" && german_at(at) != "dann") return false;
    const std::size_t next = german_at(at + 1) == "dann" ? at + 2 : at + 1;
    const auto english = translate(german_at(next));
    return english && (is_particle_verb(*english) || !actions_of(*english).empty());
  }

  /// The verb in front of a prefix, in the same clause.
  std::string_view verb_before(std::size_t at) const {
    constexpr std::string_view verbs =
        " schalte schalt mach mache dreh drehe stell stelle fahr fahre schliess schliesse halt halte hor sperr sperre ";
    for (std::size_t i = at; i-- > 0;) {
      if (words_[i].is_end_after || begins_clause(i)) break;
      const std::string padded = " " + german_[i] + " ";
      if (!german_[i].empty() && verbs.find(padded) != std::string_view::npos) return german_at(i);
    }
    return {};
  }

  /// Where the prefix of the verb at `at` stands; its own place when it has none.
  std::size_t prefix_of(std::size_t at) const {
    for (std::size_t i = at + 1; i < words_.size(); ++i) {
      if (is_one_of(german_at(i), {"an", "aus", "ein", "auf", "zu", "ab", "hoch", "runter", "herunter"}) &&
          (ends_clause(i) || is_prefix_before_place(i)))
        return i;
      if (words_[i].is_end_after || begins_clause(i)) break;
    }
    return at;
  }

  /// `schalte das Licht an im Flur`
  bool is_prefix_before_place(std::size_t at) const {
    return is_one_of(german_at(at), {"an", "aus", "ein"}) && is_one_of(german_at(at + 1), {"in", "im"});
  }

  std::optional<std::string> in_place(std::size_t at) const {
    const auto german = german_at(at);
    if (german == "morgen" && at > 0 && german_at(at - 1) == "guten") return "morning";
    if (is_one_of(german, {"mach", "mache"}) && prefix_of(at) != at) return verb_with(at, prefix_of(at), "turn");
    if (is_one_of(german, {"mach", "mache"}) && says_any({"foto", "bild"})) return "take";
    if (is_one_of(german, {"schliess", "schliesse", "sperr", "sperre"})) return verb_with(at, prefix_of(at), "close");
    if (is_one_of(german, {"halt", "halte"}) && at < 3) return "stop";
    if (is_one_of(german, {"stell", "stelle"}) && german_at(prefix_of(at)) == "ein") return "set";
    if (is_one_of(german, {"stell", "stelle", "dreh", "drehe", "schalt", "schalte"}) && prefix_of(at) != at)
      return verb_with(at, prefix_of(at), "turn");
    if (is_one_of(german, {"an", "aus", "ein", "auf", "zu", "ab"}) && (ends_clause(at) || is_prefix_before_place(at)))
      return prefix_in_place(at);
    if (is_one_of(german, {"sag", "sage"})) return german_at(at + 1) == "mir" ? "tell" : "say";
    if (german == "fuge") return "add";
    if (german == "hinzu" || german == "namlich") return "please";
    if (german == "warm" || german == "kalt") return std::nullopt;
    return translate(german);
  }

  bool says_any(std::initializer_list<std::string_view> wanted) const {
    return std::any_of(german_.begin(), german_.end(), [&](const auto& word) { return is_one_of(word, wanted); });
  }

  /// The verb, as its prefix makes it.
  std::string verb_with(std::size_t verb, std::size_t prefix, std::string otherwise) const {
    const auto german = german_at(verb);
    const auto particle = prefix == verb ? std::string_view() : german_at(prefix);
    const bool is_close = is_one_of(german, {"schliess", "schliesse", "sperr", "sperre"});
    if (is_close && particle == "ab") return "lock";
    if (is_close && particle == "auf") return "unlock";
    if (is_one_of(german, {"sperr", "sperre"})) return particle.empty() ? "lock" : otherwise;
    if (is_one_of(german, {"mach", "mache"}) && particle == "auf") return "open";
    if (is_one_of(german, {"mach", "mache"}) && particle == "zu") return "close";
    return otherwise;
  }

  std::string prefix_in_place(std::size_t at) const {
    const auto german = german_at(at);
    const auto verb = verb_before(at);
    // What the verb has in it already says nothing more.
    const bool is_in_verb = is_one_of(verb, {"schliess", "schliesse", "sperr", "sperre", "halt", "halte"}) ||
                            (is_one_of(verb, {"mach", "mache"}) && is_one_of(german, {"auf", "zu"})) ||
                            (is_one_of(verb, {"stell", "stelle"}) && german == "ein");
    if (is_in_verb) return "please";
    if (german == "an" || german == "ein") return "on";
    if (german == "aus" || german == "ab") return "off";
    if (german == "auf") return verb.empty() ? "open" : "up";
    return verb.empty() ? "close" : "down";
  }

  static void add(std::vector<Word>& words, const Word& original, std::string_view english) {
    for (std::size_t from = 0; from < english.size();) {
      const auto to = std::min(english.find(' ', from), english.size());
      Word word = original;
      word.fold = english.substr(from, to - from);
      word.stem = canonical(stem(word.fold));
      if (from > 0) word.begin = original.end;
      const bool is_last = to == english.size();
      word.is_break_after = is_last && original.is_break_after;
      word.is_end_after = is_last && original.is_end_after;
      word.is_asked = is_last && original.is_asked;
      words.push_back(std::move(word));
      from = to + 1;
    }
  }

  /// German puts the verb last behind `kannst du` or in a short bid: `Licht einschalten`.
  void bring_verb_to_front() {
    auto& words = sentence_.words;
    // `in zehn Minuten …`, `er sagte, …`: the verb of another time or another speaker stays where it is.
    if (find_later(sentence_, 0, words.size(), false)) return;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
      if (words[i].is_break_after) return;
    std::size_t end = words.size();
    while (end > 0 && is_one_of(words[end - 1].fold, {"please", "thanks"})) --end;
    if (end < 2 || words[end - 1].is_quoted) return;
    const auto written =
        fold(std::string_view(sentence_.text).substr(words[end - 1].begin, words[end - 1].end - words[end - 1].begin));
    const bool is_two = end >= 2 && words[end - 1].begin == words[end - 1].end;
    const auto whole = is_two ? fold(std::string_view(sentence_.text)
                                         .substr(words[end - 2].begin, words[end - 2].end - words[end - 2].begin))
                              : written;
    const bool is_prefix_alone = is_one_of(written, {"zu", "auf"}) && is_one_of(words[end - 1].fold, {"close", "open"});
    const bool is_infinitive = (whole.ends_with("en") || whole.ends_with("rn")) && look_up(whole) &&
                               (!actions_of(words[end - 1].fold).empty() || is_particle_verb(words[end - 1].fold));
    if (!is_infinitive && !is_prefix_alone) return;
    std::size_t begin = 0;
    while (begin < end && is_one_of(words[begin].fold, {"can", "could", "would", "you", "please", "just", "i", "want",
                                                        "like", "will", "now"}))
      ++begin;
    const std::size_t first = is_two ? end - 2 : end - 1;
    if (begin >= first) return;
    // An end of the sentence stays where it was.
    std::swap(words[end - 1].is_asked, words[first - 1].is_asked);
    std::swap(words[end - 1].is_break_after, words[first - 1].is_break_after);
    std::swap(words[end - 1].is_end_after, words[first - 1].is_end_after);
    std::rotate(words.begin() + static_cast<std::ptrdiff_t>(begin), words.begin() + static_cast<std::ptrdiff_t>(first),
                words.begin() + static_cast<std::ptrdiff_t>(end));
  }

  Sentence sentence_;
  const std::vector<Word> words_;
  std::vector<std::string> german_;  // empty for what is quoted
};

}  // namespace

bool is_in_both_languages(std::string_view folded) {
  return in_both_languages.find(" " + std::string(folded) + " ") != std::string_view::npos;
}

bool is_german_word(std::string_view folded) {
  if (is_in_both_languages(folded)) return false;
  return folded == "bitte" || translate(folded).has_value() ||
         is_one_of(folded, {"sag", "sage", "fuge", "hinzu", "halte", "lass", "sperr", "sperre"});
}

Sentence from_german(Sentence sentence) { return Translator(std::move(sentence)).translate_all(); }

std::vector<std::string> name_from_german(const std::vector<std::string>& words) {
  std::vector<std::string> translated;
  for (const auto& word : words) {
    const auto english = translate(word);
    if (!english) {
      translated.emplace_back(canonical(stem(word)));
      continue;
    }
    for (std::size_t from = 0; from < english->size();) {
      const auto to = std::min(english->find(' ', from), english->size());
      translated.emplace_back(canonical(stem(english->substr(from, to - from))));
      from = to + 1;
    }
  }
  return translated;
}

}  // namespace strawberry::bridge::rules

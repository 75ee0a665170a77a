#include "bridge/rules/slot_doc.h"

#include <algorithm>

#include "bridge/rules/lexicon.h"
#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {
namespace {

struct Range {
  std::size_t at = 0;  // the word it begins with
  std::optional<double> least;
  std::optional<double> most;
};

bool is_number_slot(const Slot& slot) { return slot.kind == Slot::Kind::integer || slot.kind == Slot::Kind::number; }

/// What stands between two numbers of a range besides words: a dash or dots.
bool is_dash(std::string_view between) {
  bool has_dash = false;
  for (const char c : between) {
    if (c == ' ') continue;
    // The dashes of Unicode begin with 0xE2 0x80.
    if (c != '-' && c != '.' && static_cast<unsigned char>(c) < 0x80) return false;
    has_dash = true;
  }
  return has_dash && between.size() <= 8;
}

std::vector<Range> ranges_of(const Sentence& line) {
  std::vector<Range> ranges;
  const auto& words = line.words;
  const auto fold = [&](std::size_t at) { return at < words.size() ? std::string_view(words[at].fold) : ""; };
  const auto past_unit = [&](std::size_t at) {
    while (at < words.size() && is_unit(words[at].stem)) ++at;
    return at;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].number) continue;
    const double value = *words[i].number;
    std::size_t next = past_unit(i + 1);
    const bool is_between = i > 0 && fold(i - 1) == "between";
    if (is_one_of(fold(next), {"to", "through", "until", "bis"}) || (is_between && fold(next) == "and")) {
      ++next;
    } else if (next >= words.size() || !words[next].number ||
               !is_dash(
                   std::string_view(line.text).substr(words[next - 1].end, words[next].begin - words[next - 1].end))) {
      const auto before = i > 0 ? fold(i - 1) : std::string_view();
      const auto earlier = i > 1 ? fold(i - 2) : std::string_view();
      if (is_one_of(before, {"max", "maximum", "most"}) || (before == "to" && earlier == "up"))
        ranges.push_back({i, std::nullopt, value});
      if (is_one_of(before, {"min", "minimum", "least"})) ranges.push_back({i, value, std::nullopt});
      continue;
    }
    if (next >= words.size() || !words[next].number) continue;
    // `0-100` is read as 0 and 100, `0 -100` as 0 and -100.
    const double most = *words[next].number;
    if (value < most) ranges.push_back({i, value, most});
    i = next;
  }
  return ranges;
}

/// The slot whose name stands last in front of word `at`.
Slot* slot_before(const Sentence& line, std::size_t at, SkillView& skill) {
  for (std::size_t i = at; i-- > 0;)
    for (auto& slot : skill.slots)
      if (is_number_slot(slot) && contains(slot.words, line.words[i].stem)) return &slot;
  return nullptr;
}

void read_ranges(std::string_view line, SkillView& skill, Slot* only) {
  const Sentence sentence = read_sentence(line);
  for (const auto& range : ranges_of(sentence)) {
    Slot* slot = only != nullptr ? only : slot_before(sentence, range.at, skill);
    if (slot == nullptr) continue;
    if (range.least && !slot->number.least) slot->number.least = range.least;
    if (range.most && !slot->number.most) slot->number.most = range.most;
  }
}

void read_unit(const std::string& docstring, const SkillView& skill, Slot& slot, bool is_only) {
  const auto says = [&](std::string_view word) {
    return contains(slot.words, word) || (is_only && contains(skill.doc_words, word));
  };
  const auto about = [&](std::string_view word) {
    return says(word) || contains(skill.nouns, word) || contains(skill.class_words, word);
  };
  NumberDoc& number = slot.number;
  number.is_percent =
      says("percent") || says("percentage") || says("pct") || (is_only && docstring.find('%') != std::string::npos);
  number.is_temperature = !number.is_percent && (about("temperature") || about("thermostat") || about("degree") ||
                                                 about("celsius") || about("heat") || about("heater"));
  const bool is_celsius = says("celsius") || says("c") || docstring.find("\u00B0C") != std::string::npos;
  if (!is_celsius && (says("fahrenheit") || docstring.find("\u00B0F") != std::string::npos))
    number.scale = "fahrenheit";
  if (!is_celsius && says("kelvin")) number.scale = "kelvin";
  const auto find_time = [&](const std::vector<std::string>& words) {
    for (const auto& word : words)
      if (number.unit_seconds == 0 && word.size() > 1) number.unit_seconds = seconds_in(word);
  };
  find_time(slot.words);
  if (is_only) find_time(skill.doc_words);
  if (number.is_percent && !number.least && !number.most) {
    number.least = 0;
    number.most = 100;
  }
}

}  // namespace

void read_slot_docs(const std::string& docstring, SkillView& skill) {
  const auto numbers = std::count_if(skill.slots.begin(), skill.slots.end(), is_number_slot);
  if (numbers == 0) return;
  const bool is_only = numbers == 1;
  Slot* only = is_only ? &*std::find_if(skill.slots.begin(), skill.slots.end(), is_number_slot) : nullptr;
  const auto text = std::string_view(docstring).substr(0, docstring_bytes_max);
  for (std::size_t from = 0; from < text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    read_ranges(text.substr(from, to - from), skill, only);
    from = to + 1;
  }
  for (auto& slot : skill.slots)
    if (is_number_slot(slot)) read_unit(docstring, skill, slot, is_only);
}

bool accepts_unit(const NumberDoc& number, const std::string& unit) {
  if (unit == "percent") return number.is_percent || (!number.is_temperature && number.unit_seconds == 0);
  if (unit == "degree") return !number.is_percent && number.unit_seconds == 0;
  if (is_one_of(unit, {"celsius", "centigrade", "c"})) return number.is_temperature && number.scale.empty();
  if (is_one_of(unit, {"fahrenheit", "f"})) return number.scale == "fahrenheit";
  if (is_one_of(unit, {"kelvin", "k"})) return number.scale == "kelvin";
  return false;
}

}  // namespace strawberry::bridge::rules

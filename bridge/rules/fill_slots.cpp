#include "bridge/rules/fill_slots.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "bridge/rules/fill_text.h"
#include "bridge/rules/language.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/slot_doc.h"

namespace strawberry::bridge::rules {
namespace {

using nlohmann::json;

bool is_open(const SlotWork& work, const Slot& slot) { return !work.arguments.contains(slot.name); }

bool is_number(Slot::Kind kind) { return kind == Slot::Kind::integer || kind == Slot::Kind::number; }

/// What stands in front of a value and belongs to it: `at`, `to`, `of`.
void take_preposition_before(SlotWork& work, std::size_t at) {
  if (at > work.from && !work.taken[at - 1] && !work.sentence.words[at - 1].is_quoted &&
      (is_preposition(work.sentence.words[at - 1].fold) || work.sentence.words[at - 1].fold == "is"))
    work.taken[at - 1] = true;
}

void fill_choice(SlotWork& work, const Slot& slot) {
  const auto& words = work.sentence.words;
  for (std::size_t at = work.from; at < work.to; ++at) {
    for (const auto& choice : slot.choices) {
      const auto wanted = read_sentence(choice.is_string() ? choice.get<std::string>() : choice.dump()).words;
      if (wanted.empty()) continue;
      const bool is_quoted_whole =
          words[at].is_quoted && choice.is_string() && fold(choice.get<std::string>()) == words[at].fold;
      std::size_t same = 0;
      while (!is_quoted_whole && same < wanted.size() && at + same < work.to && !work.taken[at + same] &&
             !words[at + same].is_quoted &&
             (words[at + same].fold == wanted[same].fold || words[at + same].name == wanted[same].name))
        ++same;
      if (work.taken[at] || !(is_quoted_whole || same == wanted.size())) continue;
      work.arguments[slot.name] = choice;
      for (std::size_t i = 0; i < std::max<std::size_t>(1, same); ++i) work.taken[at + i] = true;
      take_preposition_before(work, at);
      ++work.typed_fills;
      return;
    }
  }
}

std::optional<bool> truth_of(const std::string& word) {
  for (const char* yes : {"on", "true", "yes", "enabled", "enable"})
    if (word == yes) return true;
  for (const char* no : {"off", "false", "no", "disabled", "disable"})
    if (word == no) return false;
  return std::nullopt;
}

void fill_boolean(SlotWork& work, const Slot& slot) {
  const auto& words = work.sentence.words;
  for (std::size_t at = work.from; at < work.to; ++at) {
    if (work.taken[at] || words[at].is_quoted) continue;
    const bool names_slot = contains(slot.words, words[at].stem);
    if (names_slot && at > work.from && (words[at - 1].fold == "with" || words[at - 1].fold == "without")) {
      work.arguments[slot.name] = words[at - 1].fold == "with";
      work.taken[at] = work.taken[at - 1] = true;
    } else if (const auto truth = truth_of(words[at].fold);
               truth && (slot.is_required || (at > work.from && contains(slot.words, words[at - 1].stem)))) {
      // `on the desk` says where, not yes.
      const bool says_where = (words[at].fold == "on") && at + 1 < work.to && is_determiner(words[at + 1].fold);
      if (says_where) continue;
      work.arguments[slot.name] = *truth;
      work.taken[at] = true;
      if (!slot.is_required) work.taken[at - 1] = true;
      take_preposition_before(work, at);
    } else {
      continue;
    }
    ++work.typed_fills;
    return;
  }
}

std::string shown_number(double value) {
  return value == std::floor(value) && std::abs(value) < 9e15 ? std::to_string(static_cast<std::int64_t>(value))
                                                              : json(value).dump();
}

bool is_in_range(const Slot& slot, double value) {
  return (!slot.number.least || value >= *slot.number.least) && (!slot.number.most || value <= *slot.number.most);
}

std::string out_of_range(const Slot& slot, double value, Language language) {
  const auto& number = slot.number;
  std::string text = slot.name + in(language, " goes ", " geht ");
  if (number.least)
    text +=
        in(language, "from ", "von ") + shown_number(*number.least) + (number.most ? " " : in(language, " on", " an"));
  if (number.most)
    text += (number.least ? in(language, "to ", "bis ") : in(language, "up to ", "bis ")) + shown_number(*number.most);
  return text + in(language, ", not ", ", nicht ") + shown_number(value) + ".";
}

/// A number and its unit.
struct Amount {
  double value = 0;
  std::size_t end = 0;  // the word behind
  std::string doubt;    // not empty: its unit does not fit
};

/// `10 minutes` for a parameter called `seconds` is 600; `70 fahrenheit` where degrees are celsius is a doubt.
Amount read_amount(const SlotWork& work, const Slot& slot, std::size_t at) {
  const auto& words = work.sentence.words;
  Amount amount{*words[at].number, at + 1, {}};
  bool has_time_unit = false;
  const auto unit_at = [&](std::size_t i) {
    return i < work.to && !words[i].is_quoted && !words[i - 1].is_break_after ? words[i].stem : std::string();
  };
  for (auto unit = unit_at(amount.end); !unit.empty(); unit = unit_at(amount.end)) {
    const int seconds = seconds_in(unit);
    if (seconds != 0 && slot.number.unit_seconds != 0) {
      has_time_unit = true;
      amount.value = amount.value * seconds / slot.number.unit_seconds;
      ++amount.end;
      // `1 hour and 30 minutes`
      for (int smaller = seconds; smaller > 1;) {
        const std::size_t next = unit_at(amount.end) == "and" ? amount.end + 1 : amount.end;
        const bool is_number = next + 1 < work.to && !words[next].is_quoted && words[next].number;
        const int part = is_number ? seconds_in(unit_at(next + 1)) : 0;
        if (part == 0 || part >= smaller) break;
        amount.value += *words[next].number * part / slot.number.unit_seconds;
        amount.end = next + 2;
        smaller = part;
      }
      break;
    }
    if (contains(slot.words, unit) && !is_unit(unit)) {
      ++amount.end;
      break;
    }
    if (!is_unit(unit) && seconds == 0) break;
    if (!accepts_unit(slot.number, unit)) {
      amount.doubt = "\"" + work.sentence.slice(at, amount.end + 1) +
                     in(work.sentence.language, "\" does not fit", "\" passt nicht");
      if (slot.number.is_temperature)
        amount.doubt += ": " + slot.name + in(work.sentence.language, " is in ", " ist in ") +
                        (slot.number.scale.empty() ? "°C" : slot.number.scale);
      amount.doubt += ".";
      break;
    }
    ++amount.end;
  }
  if (has_time_unit && at > work.from && words[at - 1].fold == "in" && !work.skill.does("remind"))
    amount.doubt = in(work.sentence.language, "I only act at once, not \"", "Ich handle nur sofort, nicht \"") +
                   work.sentence.slice(at - 1, amount.end) + "\".";
  // A timer for 10 is one of minutes to some and of seconds to others.
  if (amount.doubt.empty() && slot.number.unit_seconds != 0 && !has_time_unit && !work.is_answer)
    amount.doubt =
        work.sentence.slice(at, at + 1) + in(work.sentence.language, " of what? Say seconds, minutes or hours.",
                                             " wovon? Sage Sekunden, Minuten oder Stunden.");
  return amount;
}

void doubt(SlotWork& work, std::string why) {
  if (std::find(work.doubts.begin(), work.doubts.end(), why) == work.doubts.end())
    work.doubts.push_back(std::move(why));
}

bool put_number(SlotWork& work, const Slot& slot, std::size_t at) {
  const Amount amount = read_amount(work, slot, at);
  if (!amount.doubt.empty()) {
    doubt(work, amount.doubt);
    return false;
  }
  if (!is_in_range(slot, amount.value)) {
    doubt(work, out_of_range(slot, amount.value, work.sentence.language));
    return false;
  }
  if (slot.kind == Slot::Kind::integer) {
    if (amount.value != std::floor(amount.value) || std::abs(amount.value) > 9e15) return false;
    work.arguments[slot.name] = static_cast<std::int64_t>(amount.value);
  } else {
    work.arguments[slot.name] = amount.value;
  }
  for (std::size_t i = at; i < amount.end; ++i) work.taken[i] = true;
  take_preposition_before(work, at);
  ++work.typed_fills;
  return true;
}

bool is_free_number(const SlotWork& work, std::size_t at) {
  return !work.taken[at] && !work.sentence.words[at].is_quoted && work.sentence.words[at].number.has_value();
}

bool is_only_percentage(const SlotWork& work, const Slot& slot) {
  return slot.number.is_percent && std::count_if(work.skill.slots.begin(), work.skill.slots.end(), [](const Slot& one) {
                                     return is_number(one.kind) && one.number.is_percent;
                                   }) == 1;
}

/// A number beside the parameter's name or unit: `volume 30`, `volume to 30`, `30 seconds`, `30 percent`.
void fill_named_number(SlotWork& work, const Slot& slot) {
  const auto& words = work.sentence.words;
  const bool is_percentage = is_only_percentage(work, slot);
  for (std::size_t at = work.from; at < work.to; ++at) {
    if (!is_free_number(work, at)) continue;
    std::size_t before = at;
    while (before > work.from && !words[before - 1].is_break_after &&
           (is_preposition(words[before - 1].fold) || words[before - 1].fold == "is"))
      --before;
    const bool after_name =
        before > work.from && !words[before - 1].is_quoted && contains(slot.words, words[before - 1].stem);
    const bool has_next = at + 1 < work.to && !words[at].is_break_after && !words[at + 1].is_quoted;
    const bool before_name = has_next && (contains(slot.words, words[at + 1].stem) ||
                                          (seconds_in(words[at + 1].stem) != 0 && slot.number.unit_seconds != 0) ||
                                          (is_percentage && words[at + 1].stem == "percent"));
    if (!after_name && !before_name) continue;
    if (!put_number(work, slot, at)) continue;
    if (after_name) {
      for (std::size_t i = before - 1; i < at; ++i) work.taken[i] = true;
      take_preposition_before(work, before - 1);
    }
    return;
  }
}

/// `half`, `full`, `minimum`: of a range that is known.
std::optional<double> share_of(const Word& word, const Slot& slot) {
  if (word.is_quoted || !slot.number.least || !slot.number.most) return std::nullopt;
  const double least = *slot.number.least, most = *slot.number.most;
  if (!is_share_word(word.fold)) return std::nullopt;
  if (is_one_of(word.fold, {"half", "halfway", "medium"})) return least + (most - least) / 2;
  return is_one_of(word.fold, {"minimum", "lowest"}) ? least : most;
}

/// `at half`, `to full`, `half brightness`.
bool is_led_in(const SlotWork& work, const Slot& slot, std::size_t at) {
  const auto& words = work.sentence.words;
  if (at + 1 < work.to && !words[at].is_break_after && contains(slot.words, words[at + 1].stem)) return true;
  return at > work.from && !work.taken[at - 1] && !words[at - 1].is_quoted &&
         (is_one_of(words[at - 1].fold, {"at", "to", "auf"}) || contains(slot.words, words[at - 1].stem));
}

void fill_share(SlotWork& work, const Slot& slot, bool needs_lead_in) {
  for (std::size_t at = work.from; at < work.to; ++at) {
    const auto& word = work.sentence.words[at];
    const auto share = work.taken[at] ? std::nullopt : share_of(word, slot);
    if (!share || (needs_lead_in && !is_led_in(work, slot, at))) continue;
    if (slot.kind == Slot::Kind::integer) {
      work.arguments[slot.name] = static_cast<std::int64_t>(std::floor(*share));
    } else {
      work.arguments[slot.name] = *share;
    }
    work.taken[at] = true;
    take_preposition_before(work, at);
    ++work.typed_fills;
    return;
  }
}

/// The number with a default of which a share can be meant: the only percentage, or else the only one with a range.
/// Nothing beside a text that must be given: `play Yesterday at half volume` may go on with the title.
const Slot* optional_share_slot(const SlotWork& work) {
  std::vector<const Slot*> ranged;
  std::vector<const Slot*> percentages;
  for (const auto& slot : work.skill.slots) {
    if (slot.kind == Slot::Kind::text && slot.is_required) return nullptr;
    if (!is_number(slot.kind) || slot.is_required || !slot.number.least || !slot.number.most) continue;
    ranged.push_back(&slot);
    if (slot.number.is_percent) percentages.push_back(&slot);
  }
  const auto& candidates = percentages.empty() ? ranged : percentages;
  return candidates.size() == 1 && is_open(work, *candidates.front()) ? candidates.front() : nullptr;
}

void fill_any_number(SlotWork& work, const Slot& slot) {
  for (std::size_t at = work.from; at < work.to; ++at)
    if (is_free_number(work, at) && put_number(work, slot, at)) return;
}

void fill_number_list(SlotWork& work, const Slot& slot) {
  json values = json::array();
  for (std::size_t at = work.from; at < work.to; ++at) {
    if (!is_free_number(work, at)) continue;
    const double value = *work.sentence.words[at].number;
    if (slot.item == Slot::Kind::integer) {
      if (value != std::floor(value) || std::abs(value) > 9e15) return;
      values.push_back(static_cast<std::int64_t>(value));
    } else {
      values.push_back(value);
    }
    work.taken[at] = true;
    if (at > work.from && work.sentence.words[at - 1].fold == "and") work.taken[at - 1] = true;
  }
  if (!values.empty()) work.arguments[slot.name] = std::move(values);
}

}  // namespace

bool SlotWork::is_text(std::size_t word) const { return std::find(texts.begin(), texts.end(), word) != texts.end(); }

std::size_t SlotWork::text_words() const {
  return static_cast<std::size_t>(
      std::count_if(texts.begin(), texts.end(), [this](std::size_t at) { return !sentence.words[at].is_quoted; }));
}

void fill_slots(SlotWork& work) {
  const auto& slots = work.skill.slots;
  for (const auto& slot : slots)
    if (is_open(work, slot) && slot.kind == Slot::Kind::choice) fill_choice(work, slot);
  for (const auto& slot : slots)
    if (is_open(work, slot) && slot.kind == Slot::Kind::boolean) fill_boolean(work, slot);
  for (const auto& slot : slots)
    if (is_open(work, slot) && is_number(slot.kind)) fill_named_number(work, slot);
  for (const auto& slot : slots)
    if (is_open(work, slot) && is_number(slot.kind) && slot.is_required) fill_any_number(work, slot);
  if (!work.skill.has_text_slot())
    for (const auto& slot : slots)
      if (is_open(work, slot) && is_number(slot.kind) && slot.is_required) fill_share(work, slot, false);
  if (const Slot* slot = optional_share_slot(work)) fill_share(work, *slot, work.skill.has_text_slot());
  for (const auto& slot : slots)
    if (is_open(work, slot) && slot.kind == Slot::Kind::list && is_number(slot.item)) fill_number_list(work, slot);
  // A number that nothing asks for may be part of a title (`99 Luftballons`).
  if (!work.skill.has_text_slot())
    for (const auto& slot : slots)
      if (is_open(work, slot) && is_number(slot.kind)) fill_any_number(work, slot);
  fill_text(work);
}

}  // namespace strawberry::bridge::rules

#include "bridge/llm/rules/fill_slots.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "bridge/llm/rules/fill_text.h"
#include "bridge/llm/rules/lexicon.h"
#include "bridge/llm/rules/slot_doc.h"

namespace strawberry::rules {
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
             !words[at + same].is_quoted && words[at + same].fold == wanted[same].fold)
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

std::string shown(double value) { return json(value).dump(); }

std::string shown_number(double value) {
  return value == std::floor(value) && std::abs(value) < 9e15 ? std::to_string(static_cast<std::int64_t>(value))
                                                              : shown(value);
}

bool is_in_range(const Slot& slot, double value) {
  return (!slot.number.least || value >= *slot.number.least) && (!slot.number.most || value <= *slot.number.most);
}

std::string out_of_range(const Slot& slot, double value) {
  const auto& number = slot.number;
  std::string text = slot.name + " goes ";
  if (number.least) text += "from " + shown_number(*number.least) + (number.most ? " " : " on");
  if (number.most) text += (number.least ? "to " : "up to ") + shown_number(*number.most);
  return text + ", not " + shown_number(value) + ".";
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
  const auto unit_at = [&](std::size_t i) {
    return i < work.to && !words[i].is_quoted && !words[i - 1].is_break_after ? words[i].stem : std::string();
  };
  for (auto unit = unit_at(amount.end); !unit.empty(); unit = unit_at(amount.end)) {
    const int seconds = seconds_in(unit);
    if (seconds != 0 && slot.number.unit_seconds != 0) {
      amount.value = amount.value * seconds / slot.number.unit_seconds;
      ++amount.end;
      break;
    }
    if (contains(slot.words, unit) && !is_unit(unit)) {
      ++amount.end;
      break;
    }
    if (!is_unit(unit) && seconds == 0) break;
    if (!accepts_unit(slot.number, unit)) {
      amount.doubt = "\"" + work.sentence.slice(at, amount.end + 1) + "\" does not fit";
      if (slot.number.is_temperature)
        amount.doubt += ": " + slot.name + " is in " + (slot.number.scale.empty() ? "°C" : slot.number.scale);
      amount.doubt += ".";
      break;
    }
    ++amount.end;
  }
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
    doubt(work, out_of_range(slot, amount.value));
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

/// A number beside the parameter's name or unit: `volume 30`, `volume to 30`, `30 seconds`.
void fill_named_number(SlotWork& work, const Slot& slot) {
  const auto& words = work.sentence.words;
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
                                          (seconds_in(words[at + 1].stem) != 0 && slot.number.unit_seconds != 0));
    if (!after_name && !before_name) continue;
    if (!put_number(work, slot, at)) continue;
    if (after_name) {
      for (std::size_t i = before - 1; i < at; ++i) work.taken[i] = true;
      take_preposition_before(work, before - 1);
    }
    return;
  }
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
  for (const auto& slot : slots)
    if (is_open(work, slot) && slot.kind == Slot::Kind::list && is_number(slot.item)) fill_number_list(work, slot);
  // A number that nothing asks for may be part of a title (`99 Luftballons`).
  if (!work.skill.has_text_slot())
    for (const auto& slot : slots)
      if (is_open(work, slot) && is_number(slot.kind)) fill_any_number(work, slot);
  fill_text(work);
}

}  // namespace strawberry::rules

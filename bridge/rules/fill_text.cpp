#include "bridge/rules/fill_text.h"

#include <algorithm>

#include "bridge/rules/language.h"
#include "bridge/rules/later.h"
#include "bridge/rules/lexicon.h"

namespace strawberry::bridge::rules {
namespace {

using nlohmann::json;

/// Words that lead in a parameter of this name: `to` a recipient, `by` an artist.
bool leads_in(const Slot& slot, const Word& word) {
  const auto named = [&slot](std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return contains(slot.words, name); });
  };
  const std::string& said = word.fold;
  if (said == "by") return named({"artist", "author", "band", "singer"});
  if (said == "to") return named({"recipient", "to", "contact", "person", "destination", "target", "list", "language"});
  if (said == "from") return named({"source", "sender", "from", "origin"});
  if (said == "about") return named({"topic", "subject", "about"});
  if (is_one_of(said, {"saying", "that", "with", "says"})) return named({"text", "message", "body", "content"});
  if (is_one_of(said, {"called", "named", "titled"})) return named({"name", "title", "label"});
  if (said == "in") return named({"city", "location", "place", "language", "room", "list"});
  if (said == "at") return named({"time", "location", "place"});
  if (said == "on") return named({"date", "day", "topic"});
  return contains(slot.words, word.stem);
}

class TextFiller {
 public:
  explicit TextFiller(SlotWork& work) : work_(work), words_(work.sentence.words) {
    for (const auto& slot : work.skill.slots) {
      const bool is_text =
          slot.kind == Slot::Kind::text || (slot.kind == Slot::Kind::list && slot.item == Slot::Kind::text);
      if (is_text && !work.arguments.contains(slot.name)) (slot.is_required ? required_ : optional_).push_back(&slot);
    }
  }

  void fill() {
    take_quoted();
    if (required_.size() > 1 || (!required_.empty() && took_quoted_)) {
      fill_by_lead_in();
    } else if (!required_.empty()) {
      const Slot& slot = *required_.front();
      if (put(slot, after_place_word(slot, find_begin()), work_.to)) required_.clear();
    } else if (!optional_.empty()) {
      const std::size_t begin = find_begin();
      if (has_unknown_word(begin)) put(*optional_.front(), begin, work_.to);
    }
  }

 private:
  void take_quoted() {
    for (std::size_t at = work_.from; at < work_.to; ++at) {
      if (!words_[at].is_quoted || work_.taken[at]) continue;
      auto& open = !required_.empty() ? required_ : optional_;
      if (open.empty()) return;
      // With several to fill, a word in front may say which (`to "Bob"`); else not one that is led in elsewhere.
      auto chosen = std::find_if(open.begin(), open.end(), [&](const Slot* slot) { return !is_led_in(*slot); });
      if (chosen == open.end()) chosen = open.begin();
      if (at > work_.from)
        for (auto slot = open.begin(); slot != open.end(); ++slot)
          if (leads_in(**slot, words_[at - 1])) chosen = slot;
      took_quoted_ = true;
      if (at > work_.from && leads_in(**chosen, words_[at - 1])) work_.taken[at - 1] = true;
      assign(**chosen, at, at + 1);
      open.erase(chosen);
    }
  }

  bool is_led_in(const Slot& slot) const {
    for (std::size_t at = work_.text_from; at + 1 < work_.to; ++at)
      if (is_plain(at) && leads_in(slot, words_[at])) return true;
    return false;
  }

  void assign(const Slot& slot, std::size_t begin, std::size_t end) {
    if (slot.kind == Slot::Kind::list) {
      work_.arguments[slot.name] = split_list(begin, end);
    } else {
      work_.arguments[slot.name] = work_.sentence.slice(begin, end);
    }
    for (std::size_t i = begin; i < end; ++i) {
      work_.taken[i] = true;
      work_.texts.push_back(i);
    }
  }

  json split_list(std::size_t begin, std::size_t end) const {
    json items = json::array();
    std::size_t from = begin;
    for (std::size_t i = begin; i < end; ++i) {
      const bool is_and = words_[i].fold == "and" && !words_[i].is_quoted;
      if (is_and) {
        if (i > from) items.push_back(work_.sentence.slice(from, i));
        from = i + 1;
      } else if (words_[i].is_break_after) {
        items.push_back(work_.sentence.slice(from, i + 1));
        from = i + 1;
      }
    }
    if (from < end) items.push_back(work_.sentence.slice(from, end));
    return items;
  }

  bool is_plain(std::size_t at) const { return at < work_.to && !work_.taken[at] && !words_[at].is_quoted; }
  bool is_lower_case(std::size_t at) const {
    const char c = work_.sentence.text[words_[at].begin];
    return !(c >= 'A' && c <= 'Z');
  }
  bool does(std::string_view action) const {
    const auto& actions = work_.skill.actions;
    return std::find(actions.begin(), actions.end(), action) != actions.end();
  }
  bool is_own_noun(std::size_t at) const {
    const auto& stem = words_[at].stem;
    return contains(work_.skill.nouns, stem) ||
           std::any_of(work_.skill.slots.begin(), work_.skill.slots.end(),
                       [&stem](const Slot& slot) { return contains(slot.words, stem); });
  }
  /// A title may hold any word, so only the function's own nouns are skipped in front of one.
  bool takes_titles() const { return does("play") || does("say"); }
  bool is_skippable_noun(std::size_t at) const {
    return is_plain(at) && !words_[at].number && (is_own_noun(at) || (!takes_titles() && work_.explains(at)));
  }

  /// Over `the song`, `a reminder to`, `the colour of the light to`: where the text itself begins.
  std::size_t find_begin() {
    std::size_t at = work_.text_from;
    while (at < work_.to && work_.taken[at]) ++at;
    if (is_plain(at) && is_one_of(words_[at].fold, {"me", "us"}) && is_lower_case(at) && at + 1 < work_.to) ++at;
    // `make it blue`
    if (does("set") && is_plain(at) && is_one_of(words_[at].fold, {"it", "them", "that"}) && at + 1 < work_.to) ++at;
    for (bool moved = true; moved && at + 1 < work_.to;) {
      moved = false;
      while (at < work_.to && work_.taken[at]) {
        ++at;
        moved = true;
      }
      std::size_t noun = at;
      while (is_plain(noun) && is_determiner(words_[noun].fold)) ++noun;
      if (noun + 1 < work_.to && is_skippable_noun(noun)) {
        at = noun + 1;
        work_.nouns_skipped = moved = true;
      } else if (at + 1 < work_.to && is_plain(at) && is_connector(at)) {
        work_.taken[at++] = true;
        moved = true;
      }
    }
    if (is_plain(at) && words_[at].fold == "some" && is_lower_case(at) && at + 1 < work_.to) ++at;
    return at;
  }

  bool is_connector(std::size_t at) const {
    const std::string& said = words_[at].fold;
    if (work_.nouns_skipped && is_one_of(said, {"called", "named", "titled"})) return true;
    if (said == "to" && at > 0 && words_[at - 1].fold == "listen") return true;
    if (does("say")) return said == "that";
    if (takes_titles()) return false;
    if (does("search")) return is_one_of(said, {"for", "up", "about", "on"});
    if (does("remind")) return is_one_of(said, {"to", "about", "that"});
    if (does("get") || does("list") || work_.skill.actions.empty()) return is_empty_word(said) || said == "like";
    // `the colour of the light to blue`: of leads to another noun.
    if (said == "of" || said == "in" || said == "on") {
      std::size_t noun = at + 1;
      while (is_plain(noun) && is_determiner(words_[noun].fold)) ++noun;
      if (is_skippable_noun(noun) && noun + 1 < work_.to) return true;
    }
    if (!work_.nouns_skipped && !does("set")) return false;
    return is_one_of(said, {"to", "as", "for", "with", "that", "about", "saying", "of"});
  }

  /// The stretch of words from `begin` that nobody has taken.
  std::size_t find_end(std::size_t begin, std::size_t limit) const {
    std::size_t end = begin;
    while (end < limit && !work_.taken[end]) ++end;
    return end;
  }

  /// `milk to the shopping list`: what only says again where it goes is not part of the text.
  std::size_t without_trailing_nouns(std::size_t begin, std::size_t end) const {
    if (takes_titles()) return end;
    std::size_t noun = end;
    while (noun > begin && is_plain(noun - 1) && !words_[noun - 1].number && work_.explains(noun - 1)) --noun;
    std::size_t start = noun;
    while (start > begin && is_determiner(words_[start - 1].fold)) --start;
    const bool has_lead = start > begin + 1 && is_one_of(words_[start - 1].fold, {"to", "from", "on", "in", "onto"});
    return noun < end && has_lead ? start - 1 : end;
  }

  /// `play Hey Jude now`
  std::size_t without_urgency(std::size_t begin, std::size_t end) {
    while (takes_titles() && end > begin + 1 && is_lower_case(end - 1) &&
           is_one_of(words_[end - 1].fold, {"now", "immediately", "again", "please"}))
      work_.taken[--end] = true;
    return end;
  }

  bool put(const Slot& slot, std::size_t begin, std::size_t limit) {
    const std::size_t end = without_urgency(begin, without_trailing_nouns(begin, find_end(begin, limit)));
    if (begin >= end || !says_something(begin, end)) return false;
    if (const auto name = find_other_slot(slot, begin + 1, end); name && !is_free_text())
      work_.doubts.push_back(in(work_.sentence.language, "I do not understand \"", "Ich verstehe nicht: \"") +
                             work_.sentence.slice(*name, end) + "\".");
    // `play Yesterday in ten minutes`: a time or condition that nobody asked for is no part of a title. What is sent,
    // said, searched or written down may hold anything.
    // Only a title may begin so: `play If I Were a Boy`; a timer's label `if it rains` is none.
    const std::size_t first = takes_titles() && slot.is_required ? begin + 1 : begin;
    if (const auto later = find_later(work_.sentence, first, end, true); later && !is_free_text())
      work_.doubts.push_back(
          in(work_.sentence.language, "I only act at once, not \"", "Ich handle nur sofort, nicht \"") +
          work_.sentence.slice(*later, end) +
          in(work_.sentence.language, "\". If that belongs to the name, put it in quotation marks.",
             "\". Gehört das zum Namen, setze ihn in Anführungszeichen."));
    assign(slot, begin, end);
    return true;
  }

  bool is_free_text() const { return does("send") || does("say") || does("search") || does("remind") || does("add"); }

  /// `Yesterday at half volume`: where another parameter is spoken of in a way that was not understood.
  std::optional<std::size_t> find_other_slot(const Slot& own, std::size_t begin, std::size_t end) const {
    for (std::size_t at = begin; at + 1 < end; ++at) {
      if (!is_one_of(words_[at].fold, {"at", "with"}) || !is_lower_case(at)) continue;
      for (const auto& slot : work_.skill.slots)
        if (&slot != &own && contains(slot.words, words_[end - 1].stem)) return at;
    }
    return std::nullopt;
  }

  /// Not only `music`, `a song`, `something`.
  bool says_something(std::size_t begin, std::size_t end) const {
    if (end == begin + 1 && is_one_of(words_[begin].fold, {"nothing", "none", "nichts"}) && !words_[begin].is_quoted)
      return false;
    const auto any = [&](auto is_such) {
      for (std::size_t i = begin; i < end; ++i)
        if (is_such(i)) return true;
      return false;
    };
    // `make it a bit brighter`, `as bright as possible` is no colour either.
    const auto is_degree = [&](std::size_t i) {
      return !words_[i].is_quoted && is_one_of(words_[i].fold, {"bit", "little", "as", "than", "possible", "more",
                                                                "less", "out", "away", "over"});
    };
    if (does("set") && any(is_degree)) return false;
    // `what is the weather` names no city.
    if (!takes_titles() &&
        !any([&](std::size_t i) { return words_[i].is_quoted || !(is_own_noun(i) || is_empty_word(words_[i].fold)); }))
      return false;
    // `set the light to 400` is no colour.
    if (does("set") && std::all_of(words_.begin() + static_cast<std::ptrdiff_t>(begin),
                                   words_.begin() + static_cast<std::ptrdiff_t>(end), [](const Word& word) {
                                     return word.number.has_value() || is_unit(word.stem) ||
                                            !noun_implied_by(word.fold).empty();
                                   }))
      return false;
    for (std::size_t i = begin; i < end; ++i) {
      const bool says_nothing = is_empty_word(words_[i].fold) || is_general_noun(words_[i].stem) ||
                                is_one_of(words_[i].fold, {"next", "previous", "last", "another"});
      const bool is_capital = !is_lower_case(i) && i > begin;
      if (words_[i].is_quoted || words_[i].number || !says_nothing || is_capital) return true;
    }
    // Titles of small words are still titles: `play let it be`.
    return end - begin >= 3 || (begin < end && !is_lower_case(begin));
  }

  /// `tomorrow in Paris` is not a city: what leads one in begins it.
  std::size_t after_place_word(const Slot& slot, std::size_t begin) const {
    if (takes_titles()) return begin;
    for (std::size_t at = begin; at + 1 < work_.to; ++at)
      if (is_plain(at) && (words_[at].fold == "in" || words_[at].fold == "at") && leads_in(slot, words_[at]))
        return at + 1;
    return begin;
  }

  bool has_unknown_word(std::size_t begin) const {
    for (std::size_t i = begin; i < work_.to; ++i)
      if (!work_.taken[i] && !is_empty_word(words_[i].fold) && !work_.explains(i)) return true;
    return false;
  }

  /// `send a message to Bob saying hello there`: each lead-in starts its parameter.
  void fill_by_lead_in() {
    struct Part {
      const Slot* slot;
      std::size_t begin;
      std::size_t end;
      std::size_t lead;
    };
    std::vector<Part> parts;
    std::vector<const Slot*> open = required_;
    const std::size_t begin = find_lead_begin();
    for (std::size_t at = begin; at < work_.to; ++at) {
      if (!is_plain(at)) continue;
      const auto slot = std::find_if(open.begin(), open.end(), [&](const Slot* s) { return leads_in(*s, words_[at]); });
      if (slot == open.end() || at + 1 >= work_.to) continue;
      parts.push_back({*slot, at + 1, work_.to, at});
      open.erase(slot);
    }
    if (open.size() == 1 && begin < (parts.empty() ? work_.to : parts.front().lead))
      parts.insert(parts.begin(), Part{open.front(), begin, work_.to, begin});
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) parts[i].end = parts[i + 1].lead;
    for (const auto& part : parts) {
      if (part.lead < part.begin) work_.taken[part.lead] = true;
      const std::size_t end = without_object(part.begin, find_end(part.begin, part.end));
      if (part.begin < end) assign(*part.slot, part.begin, end);
    }
  }

  /// `send Bob a message that …`: what is sent is not part of the name.
  std::size_t without_object(std::size_t begin, std::size_t end) const {
    if (end > begin + 2 && end < work_.to && is_own_noun(end - 1) && is_determiner(words_[end - 2].fold))
      return end - 2;
    return end;
  }

  /// After `a message`, but not over the lead-in itself.
  std::size_t find_lead_begin() {
    std::size_t at = work_.text_from;
    while (at < work_.to && work_.taken[at]) ++at;
    std::size_t noun = at;
    while (is_plain(noun) && is_determiner(words_[noun].fold)) ++noun;
    const bool is_noun = noun + 1 < work_.to && is_plain(noun) && work_.explains(noun);
    if (is_noun && noun > at) return noun + 1;
    return at;
  }

  SlotWork& work_;
  const std::vector<Word>& words_;
  std::vector<const Slot*> required_;
  std::vector<const Slot*> optional_;
  bool took_quoted_ = false;
};

}  // namespace

void fill_text(SlotWork& work) { TextFiller(work).fill(); }

}  // namespace strawberry::bridge::rules

#include "bridge/rules/verb.h"

#include <algorithm>
#include <utility>

#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"
#include "bridge/rules/slot_doc.h"
#include "bridge/rules/weights.h"

namespace strawberry::bridge::rules {
namespace {

bool has_action(const std::vector<std::string_view>& actions, std::string_view action) {
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}

class VerbReader {
 public:
  VerbReader(SlotWork& work, const std::vector<NamedDevice>& names)
      : skill_(work.skill), words_(work.sentence.words), named_(names), work_(work) {}

  /// Walks over courtesy and a device named in front until the verb stands there.
  std::optional<Verb> find() {
    std::size_t at = work_.from;
    while (at < work_.to) {
      if (read_verb(at)) return std::move(verb_);
      if (const auto end = verb_.mentions.empty() ? take_leading_mention(at) : at; end > at) {
        at = end;
        continue;
      }
      if (const auto verb = leads_to_other_verb(at); verb > at) {
        while (at < verb) work_.taken[at++] = true;
        continue;
      }
      const bool is_degree = (skill_.does("up") || skill_.does("down")) && is_degree_word(words_[at].fold);
      if (words_[at].is_quoted || !(is_degree || is_courtesy(words_[at].fold))) break;
      work_.taken[at++] = true;
    }
    if (at < work_.to && read_verbless(at)) return std::move(verb_);
    return std::nullopt;
  }

 private:
  /// A device named in front: `kitchen light, …`, `in the living room …`. Gives where the rest begins.
  std::size_t take_leading_mention(std::size_t at) {
    constexpr std::size_t mention_words_max = 10;
    for (std::size_t end = std::min(at + mention_words_max, work_.to - 1); end > at; --end) {
      auto mention = find_mention(work_.sentence, at, end, work_.taken, named_);
      if (!mention || mention->begin != at || mention->end != end) continue;
      verb_.mentions.push_back(std::move(*mention));
      for (std::size_t i = at; i < end; ++i) work_.taken[i] = true;
      return end;
    }
    return at;
  }

  /// `make it louder`, `play the next song`, `go to the next song`: where the verb is; `at` when it is not led to.
  std::size_t leads_to_other_verb(std::size_t at) const {
    if (at + 2 >= work_.to) return at;
    std::size_t verb = at + 2;
    const auto& first = words_[at].fold;
    const auto& second = words_[at + 1].fold;
    const auto means = [&](std::string_view action) { return has_action(actions_of(words_[verb].fold), action); };
    if (first == "make" && second == "it") return means("up") || means("down") ? verb : at;
    if (is_one_of(first, {"go", "skip", "jump"}) && is_one_of(second, {"to", "on"})) {
      while (verb + 1 < work_.to && is_determiner(words_[verb].fold)) ++verb;
    } else if (first != "play" || second != "the") {
      return at;
    }
    return means("next") || means("previous") ? verb : at;
  }

  bool accept_verb(double quality, std::size_t begin, std::initializer_list<std::size_t> taken) {
    verb_.quality = quality;
    verb_.words = taken;
    for (const auto at : taken) work_.taken[at] = true;
    work_.text_from = begin;
    return true;
  }

  /// `would you mind turning`
  bool is_gerund(std::size_t at) const {
    return at > 0 && words_[at - 1].fold == "mind" && words_[at].fold.ends_with("ing");
  }
  bool is_gerund_of(std::size_t at, const std::string& head) const {
    const auto& stem = words_[at].stem;
    const bool drops_e = head.size() == stem.size() + 1 && head.back() == 'e' && head.starts_with(stem);
    return is_gerund(at) && (stem == head || drops_e);
  }

  bool read_verb(std::size_t at) {
    const Word& word = words_[at];
    if (word.is_quoted || word.number) return false;
    // `bedroom blinds open` tells how they are.
    if (word.fold == "open" && at > work_.from && at + 1 == work_.to && !words_[at - 1].is_break_after &&
        work_.sentence.language == Language::english)
      return false;
    const bool is_part_of_statement = at > work_.from && at + 1 < work_.to && is_copula(words_[at + 1].fold);
    if (is_part_of_statement && !skill_.is_reading) return false;
    if (is_particle_verb(word.fold) || (is_gerund(at) && is_particle_verb(word.stem)))
      if (const auto particle = find_particle(at); particle && read_phrase(at, *particle)) return true;
    if (read_comparative(at)) return true;
    if (!skill_.particle.empty()) {
      if (!has_action(actions_of(word.fold), skill_.particle)) return false;
      verb_.implied_noun = noun_implied_by(word.fold);
      return accept_verb(verb_quality.synonym, at + 1, {at});
    }
    // `the speaker plays` tells what happens.
    const bool is_own_form = word.fold == skill_.head || (word.stem == skill_.head && skill_.is_reading);
    if (is_own_form || is_gerund_of(at, skill_.head)) {
      verb_.is_literal = true;
      return accept_verb(verb_quality.own, at + 1, {at});
    }
    if (read_related_verb(at)) return true;
    if (asks_for(word.fold, skill_.head)) return accept_verb(verb_quality.synonym, at + 1, {at});
    const bool gives = skill_.does("get") || skill_.does("list") || skill_.actions.empty();
    if (is_question(word.fold) && gives)
      return accept_verb(skill_.actions.empty() ? verb_quality.noun : verb_quality.question, at + 1, {at});
    // `turn the volume to 30`, `put the light to red`
    if (is_particle_verb(word.fold) && skill_.does("set") && !find_particle(at))
      return accept_verb(verb_quality.question, at + 1, {at});
    return false;
  }

  /// Verbs that mean another skill's when the noun is right: `dim the light to 30`, `mute the speaker`, `raise the
  /// blinds`.
  bool read_related_verb(std::size_t at) {
    const auto& word = words_[at].fold;
    const Slot* number = skill_.only_number();
    if (word == "dim" && number != nullptr && skill_.does("set") && skill_.is_about("brightness")) {
      verb_.implied_noun = "brightness";
      return accept_verb(verb_quality.synonym, at + 1, {at});
    }
    const auto actions = actions_of(word);
    if (number != nullptr && skill_.does("set") && (has_action(actions, "up") || has_action(actions, "down")) &&
        says_goal())
      return accept_verb(verb_quality.related, at + 1, {at});
    const bool is_least_nothing = number != nullptr && number->number.least == 0.0;
    if (word == "mute" && is_least_nothing && skill_.does("set") && skill_.is_about("volume")) {
      work_.arguments[number->name] = 0;
      verb_.implied_noun = "volume";
      return accept_verb(verb_quality.related, at + 1, {at});
    }
    if (!skill_.is_about("curtain")) return false;
    const bool opens = skill_.does("open") && is_one_of(word, {"raise", "lift"});
    const bool closes = skill_.does("close") && word == "lower";
    return (opens || closes) && accept_verb(verb_quality.synonym, at + 1, {at});
  }

  /// `lower the volume to 20`: not by how much, but to what.
  bool says_goal() const {
    for (std::size_t i = work_.from + 1; i < work_.to; ++i)
      if (words_[i].number && !words_[i].is_quoted && words_[i - 1].fold == "to") return true;
    return false;
  }

  /// What may follow a particle at the end of its phrase.
  static bool is_adverb(std::string_view word) { return is_one_of(word, {"again", "too", "everywhere", "bit"}); }

  /// `make the music louder`: the verb is the last word.
  bool read_comparative(std::size_t at) {
    if (!is_one_of(words_[at].fold, {"make", "get", "set"})) return false;
    for (std::size_t i = at + 1; i < work_.to; ++i) {
      const auto noun = words_[i].is_quoted ? std::string_view() : noun_implied_by(words_[i].fold);
      const auto actions = actions_of(words_[i].fold);
      const bool fits = has_action(actions, skill_.particle) || (has_action(actions, "up") && skill_.does("up")) ||
                        (has_action(actions, "down") && skill_.does("down"));
      if (noun.empty() || !fits) continue;
      verb_.implied_noun = noun;
      return accept_verb(verb_quality.synonym, at + 1, {at, i});
    }
    return false;
  }

  /// `turn on …`, `turn … off`: where the particle is.
  std::optional<std::size_t> find_particle(std::size_t verb) const {
    for (std::size_t at = verb + 1; at < work_.to; ++at) {
      if (words_[at].is_quoted || !is_particle(words_[at].fold)) continue;
      const bool ends_phrase = at + 1 >= work_.to || words_[at].is_break_after || is_preposition(words_[at + 1].fold) ||
                               is_courtesy(words_[at + 1].fold) || is_adverb(words_[at + 1].fold) ||
                               is_degree_to_end(at + 1);
      if (at == verb + 1 || ends_phrase) return at;
    }
    return std::nullopt;
  }

  /// Nothing but `a bit` from there on.
  bool is_degree_to_end(std::size_t from) const {
    for (std::size_t at = from; at < work_.to; ++at)
      if (words_[at].is_quoted || !is_degree_word(words_[at].fold)) return false;
    return true;
  }

  bool read_phrase(std::size_t verb, std::size_t particle) {
    const auto& said = words_[particle].fold;
    // `shut down` and `power down` switch off.
    const bool is_shutdown = said == "down" && (words_[verb].fold == "shut" || words_[verb].fold == "power");
    const std::string_view action = is_shutdown ? "off" : std::string_view(said);
    const auto accept = [&] {
      return accept_verb(verb_quality.phrase, particle == verb + 1 ? particle + 1 : verb + 1, {verb, particle});
    };
    if (skill_.particle == action || skill_.does(action)) {
      verb_.is_literal = skill_.particle == action;
      if (is_degree_to_end(particle + 1) && particle == verb + 2 && words_[verb + 1].fold == "it")
        verb_.implied_noun = "volume";
      return accept();
    }
    if ((action == "up" || action == "down") && skill_.only_number() != nullptr && skill_.does("set") && says_goal())
      return accept();
    if (skill_.is_about("curtain") &&
        ((action == "up" && skill_.does("open")) || (action == "down" && skill_.does("close"))))
      return accept();
    if (words_[verb].fold == "put" && said == "on" && skill_.does("play")) return accept();
    // `set_power(on: bool)`
    const auto is_switch = [](const Slot& slot) { return slot.kind == Slot::Kind::boolean && slot.is_required; };
    const auto slot = std::find_if(skill_.slots.begin(), skill_.slots.end(), is_switch);
    if (slot == skill_.slots.end() || !skill_.does("set")) return false;
    if (action != "on" && action != "off") return false;
    work_.arguments[slot->name] = action == "on";
    return accept();
  }

  /// `lights off`, `volume 30`, `temperature in the kitchen?`
  bool read_verbless(std::size_t at) {
    const Word& first = words_[at];
    if (first.is_quoted || (!skill_.is_reading && tells_of_things(at))) return false;
    if (first.number) return says_amount_alone(at) && accept_verb(verb_quality.noun, at, {});
    if (!skill_.particle.empty()) {
      for (std::size_t i = at + 1; i < work_.to; ++i) {
        const bool ends_phrase = i + 1 >= work_.to || words_[i].is_break_after || is_preposition(words_[i + 1].fold) ||
                                 is_adverb(words_[i + 1].fold) || is_courtesy(words_[i + 1].fold);
        if (!words_[i].is_quoted && words_[i].fold == skill_.particle && ends_phrase) {
          verb_.is_literal = true;
          return accept_verb(verb_quality.question, at, {i});
        }
      }
      return false;
    }
    if (says_amount_alone(at)) return accept_verb(verb_quality.noun, at, {});
    // `bedroom blinds down`
    const auto& last = words_[work_.to - 1].fold;
    if (skill_.is_about("curtain") &&
        ((last == "up" && skill_.does("open")) || (last == "down" && skill_.does("close"))))
      return accept_verb(verb_quality.question, at, {work_.to - 1});
    // `half volume`, `fan speed 2`
    std::size_t noun = at;
    while (noun + 1 < work_.to && !words_[noun].is_quoted && !contains(skill_.nouns, words_[noun].stem) &&
           (is_share_word(words_[noun].fold) || is_determiner(words_[noun].fold) ||
            contains(skill_.class_words, words_[noun].stem)))
      ++noun;
    if (words_[noun].is_quoted || !contains(skill_.nouns, words_[noun].stem)) return false;
    const bool has_number = std::any_of(
        words_.begin() + static_cast<std::ptrdiff_t>(at), words_.begin() + static_cast<std::ptrdiff_t>(work_.to),
        [](const Word& word) { return word.number.has_value() || is_share_word(word.fold); });
    const Slot* number = skill_.only_number();
    if (has_number && skill_.does("start") && number != nullptr && number->number.unit_seconds != 0)
      return accept_verb(verb_quality.noun, at, {});
    if (skill_.does("set") ? has_number : skill_.does("get") || skill_.actions.empty())
      return accept_verb(verb_quality.noun, at, {});
    return false;
  }

  /// `all lights to 30 percent`, `kitchen light 70%`: things, then a number with its unit.
  bool says_amount_alone(std::size_t at) const {
    const Slot* slot = skill_.only_number();
    if (slot == nullptr || !skill_.does("set")) return false;
    bool names_thing = at > work_.from;  // a device was named in front
    for (std::size_t i = at; i + 1 < work_.to; ++i) {
      if (words_[i].is_quoted) return false;
      if (words_[i].number)
        return names_thing && is_unit(words_[i + 1].stem) && accepts_unit(slot->number, words_[i + 1].stem);
      const bool is_thing = contains(skill_.class_words, words_[i].stem);
      names_thing = names_thing || is_thing;
      if (!is_thing && !is_determiner(words_[i].fold) && !is_one_of(words_[i].fold, {"every", "both", "to", "at"}))
        return false;
    }
    return false;
  }

  /// Words without a verb in front are a command only when they name things alone: no `light turned on`, no `light is
  /// on`, no `any lights on`.
  bool tells_of_things(std::size_t from) const {
    for (std::size_t i = from; i < work_.to; ++i) {
      const Word& word = words_[i];
      if (word.is_quoted || is_particle(word.fold)) continue;
      const bool is_past = word.fold.size() > 3 && word.fold.ends_with("ed") && !skill_.is_about(word.stem);
      const bool is_verb_form = is_past || is_particle_verb(word.stem);
      if (is_copula(word.fold) || is_verb_form || is_one_of(word.fold, {"any", "some"})) return true;
    }
    return false;
  }

  const SkillView& skill_;
  const std::vector<Word>& words_;
  const std::vector<NamedDevice>& named_;
  SlotWork& work_;
  Verb verb_;
};

}  // namespace

std::optional<Verb> find_verb(SlotWork& work, const std::vector<NamedDevice>& names) {
  return VerbReader(work, names).find();
}

}  // namespace strawberry::bridge::rules

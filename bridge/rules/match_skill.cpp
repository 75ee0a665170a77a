#include "bridge/rules/match_skill.h"

#include <algorithm>

#include "bridge/rules/fill_slots.h"
#include "bridge/rules/language.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"
#include "bridge/rules/weights.h"

namespace strawberry::rules {
namespace {

template <class Range>
bool has_action(const Range& actions, std::string_view action) {
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}

class Matcher {
 public:
  Matcher(const SkillView& skill, const Sentence& sentence, std::size_t from, std::size_t to,
          const Household& household, const Antecedent* before)
      : skill_(skill),
        words_(sentence.words),
        all_devices_(household.devices),
        named_(household.names),
        before_(before),
        work_{sentence, skill, from, to, std::vector<bool>(sentence.words.size(), false)} {}

  std::optional<Fit> match() {
    drop_closing_courtesy();
    if (!find_verb()) return std::nullopt;
    take_quantifier();
    if (mentions_.empty()) mentions_ = find_mentions(work_.sentence, work_.from, work_.to, work_.taken, named_);
    take_mentions();
    take_pronoun();
    work_.explains = [this](std::size_t at) { return explains(at); };
    fill_slots(work_);
    doubt_words_beside_numbers();
    if (!is_everything_explained() || !has_subject()) return std::nullopt;
    return make_fit();
  }

 private:
  void drop_closing_courtesy() {
    auto& to = work_.to;
    for (bool dropped = true; dropped && to > work_.from;) {
      const auto& last = words_[to - 1];
      const bool is_thank_you =
          last.fold == "you" && to >= work_.from + 3 && words_[to - 2].fold == "thank" && words_[to - 3].is_break_after;
      const bool is_please = !last.is_quoted && (last.fold == "please" || last.fold == "pls" || last.fold == "thanks" ||
                                                 last.fold == "bitte");
      dropped = (is_please && to > work_.from + 1) || is_thank_you;
      if (dropped) to -= is_thank_you ? 2 : 1;
    }
  }

  /// Walks over courtesy and a device named in front until the verb stands there.
  bool find_verb() {
    std::size_t at = work_.from;
    while (at < work_.to) {
      if (read_verb(at)) return true;
      if (const auto end = mentions_.empty() ? take_leading_mention(at) : at; end > at) {
        at = end;
        continue;
      }
      if (leads_to_other_verb(at)) {
        work_.taken[at] = work_.taken[at + 1] = true;
        at += 2;
        continue;
      }
      const bool is_degree = (skill_.does("up") || skill_.does("down")) && is_degree_word(words_[at].fold);
      if (words_[at].is_quoted || !(is_degree || is_courtesy(words_[at].fold))) break;
      work_.taken[at++] = true;
    }
    return at < work_.to && read_verbless(at);
  }

  /// A device named in front: `kitchen light, …`, `in the living room …`. Gives where the rest begins.
  std::size_t take_leading_mention(std::size_t at) {
    constexpr std::size_t mention_words_max = 10;
    for (std::size_t end = std::min(at + mention_words_max, work_.to - 1); end > at; --end) {
      auto mention = find_mention(work_.sentence, at, end, work_.taken, named_);
      if (!mention || mention->begin != at || mention->end != end) continue;
      mentions_.push_back(std::move(*mention));
      for (std::size_t i = at; i < end; ++i) work_.taken[i] = true;
      return end;
    }
    return at;
  }

  /// `make it louder`, `play the next song`: the verb is the third word.
  bool leads_to_other_verb(std::size_t at) const {
    if (at + 2 >= work_.to) return false;
    const auto means = [this, at](std::string_view action) {
      return has_action(actions_of(words_[at + 2].fold), action);
    };
    const auto& first = words_[at].fold;
    const auto& second = words_[at + 1].fold;
    if (first == "make" && second == "it") return means("up") || means("down");
    return first == "play" && second == "the" && (means("next") || means("previous"));
  }

  bool accept_verb(double quality, std::size_t begin, std::initializer_list<std::size_t> taken) {
    quality_ = quality;
    verb_words_ = taken;
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
    const bool is_part_of_statement = at > work_.from && at + 1 < work_.to && is_copula(words_[at + 1].fold);
    if (is_part_of_statement && !skill_.is_reading) return false;
    if (is_particle_verb(word.fold) || (is_gerund(at) && is_particle_verb(word.stem)))
      if (const auto particle = find_particle(at); particle && read_phrase(at, *particle)) return true;
    if (read_comparative(at)) return true;
    if (!skill_.particle.empty()) {
      if (!has_action(actions_of(word.fold), skill_.particle)) return false;
      implied_noun_ = noun_implied_by(word.fold);
      return accept_verb(verb_quality.synonym, at + 1, {at});
    }
    // `the speaker plays` tells what happens.
    const bool is_own_form = word.fold == skill_.head || (word.stem == skill_.head && skill_.is_reading);
    if (is_own_form || is_gerund_of(at, skill_.head)) {
      is_literal_ = true;
      return accept_verb(verb_quality.own, at + 1, {at});
    }
    if (read_related_verb(at)) return true;
    if (asks_for(word.fold, skill_.head)) return accept_verb(verb_quality.synonym, at + 1, {at});
    const bool gives =
        has_action(skill_.actions, "get") || has_action(skill_.actions, "list") || skill_.actions.empty();
    if (is_question(word.fold) && gives)
      return accept_verb(skill_.actions.empty() ? verb_quality.noun : verb_quality.question, at + 1, {at});
    // `turn the volume to 30`, `put the light to red`
    if (is_particle_verb(word.fold) && has_action(skill_.actions, "set") && !find_particle(at))
      return accept_verb(verb_quality.question, at + 1, {at});
    return false;
  }

  /// Verbs that mean another skill's when the noun is right: `dim the light to 30`, `mute the speaker`, `raise the
  /// blinds`.
  bool read_related_verb(std::size_t at) {
    const auto& word = words_[at].fold;
    const Slot* number = skill_.only_number();
    if (word == "dim" && number != nullptr && skill_.does("set") && skill_.is_about("brightness")) {
      implied_noun_ = "brightness";
      return accept_verb(verb_quality.synonym, at + 1, {at});
    }
    const bool is_least_nothing = number != nullptr && number->number.least == 0.0;
    if (word == "mute" && is_least_nothing && skill_.does("set") && skill_.is_about("volume")) {
      work_.arguments[number->name] = 0;
      implied_noun_ = "volume";
      return accept_verb(verb_quality.related, at + 1, {at});
    }
    if (!skill_.is_about("curtain")) return false;
    const bool opens = skill_.does("open") && is_one_of(word, {"raise", "lift"});
    const bool closes = skill_.does("close") && word == "lower";
    return (opens || closes) && accept_verb(verb_quality.synonym, at + 1, {at});
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
      implied_noun_ = noun;
      return accept_verb(verb_quality.synonym, at + 1, {at, i});
    }
    return false;
  }

  /// `turn on …`, `turn … off`: where the particle is.
  std::optional<std::size_t> find_particle(std::size_t verb) const {
    for (std::size_t at = verb + 1; at < work_.to; ++at) {
      if (words_[at].is_quoted || !is_particle(words_[at].fold)) continue;
      const bool ends_phrase = at + 1 >= work_.to || words_[at].is_break_after || is_preposition(words_[at + 1].fold) ||
                               is_courtesy(words_[at + 1].fold) || is_adverb(words_[at + 1].fold);
      if (at == verb + 1 || ends_phrase) return at;
    }
    return std::nullopt;
  }

  bool read_phrase(std::size_t verb, std::size_t particle) {
    const auto& said = words_[particle].fold;
    // `shut down` and `power down` switch off.
    const bool is_shutdown = said == "down" && (words_[verb].fold == "shut" || words_[verb].fold == "power");
    const std::string_view action = is_shutdown ? "off" : std::string_view(said);
    const auto accept = [&] {
      return accept_verb(verb_quality.phrase, particle == verb + 1 ? particle + 1 : verb + 1, {verb, particle});
    };
    if (skill_.particle == action || has_action(skill_.actions, action)) {
      is_literal_ = skill_.particle == action;
      if (work_.to - particle == 1 && particle == verb + 2 && words_[verb + 1].fold == "it") implied_noun_ = "volume";
      return accept();
    }
    if (skill_.is_about("curtain") &&
        ((action == "up" && skill_.does("open")) || (action == "down" && skill_.does("close"))))
      return accept();
    if (words_[verb].fold == "put" && said == "on" && has_action(skill_.actions, "play")) return accept();
    // `set_power(on: bool)`
    const auto is_switch = [](const Slot& slot) { return slot.kind == Slot::Kind::boolean && slot.is_required; };
    const auto slot = std::find_if(skill_.slots.begin(), skill_.slots.end(), is_switch);
    if (slot == skill_.slots.end() || !has_action(skill_.actions, "set")) return false;
    if (action != "on" && action != "off") return false;
    work_.arguments[slot->name] = action == "on";
    return accept();
  }

  /// `lights off`, `volume 30`, `temperature in the kitchen?`
  bool read_verbless(std::size_t at) {
    const Word& first = words_[at];
    if (first.is_quoted || first.number) return false;
    if (!skill_.is_reading && tells_of_things(at)) return false;
    if (!skill_.particle.empty()) {
      for (std::size_t i = at + 1; i < work_.to; ++i) {
        const bool ends_phrase = i + 1 >= work_.to || words_[i].is_break_after || is_preposition(words_[i + 1].fold) ||
                                 is_adverb(words_[i + 1].fold);
        if (!words_[i].is_quoted && words_[i].fold == skill_.particle && ends_phrase) {
          is_literal_ = true;
          return accept_verb(verb_quality.question, at, {i});
        }
      }
      return false;
    }
    // `half volume`, `fan speed 2`
    std::size_t noun = at;
    while (noun + 1 < work_.to && !words_[noun].is_quoted && !contains(skill_.nouns, words_[noun].stem) &&
           (is_share_word(words_[noun].fold) || contains(skill_.class_words, words_[noun].stem)))
      ++noun;
    if (words_[noun].is_quoted || !contains(skill_.nouns, words_[noun].stem)) return false;
    const bool has_number = std::any_of(
        words_.begin() + static_cast<std::ptrdiff_t>(at), words_.begin() + static_cast<std::ptrdiff_t>(work_.to),
        [](const Word& word) { return word.number.has_value() || is_share_word(word.fold); });
    if (has_action(skill_.actions, "set") ? has_number : has_action(skill_.actions, "get") || skill_.actions.empty())
      return accept_verb(verb_quality.noun, at, {});
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

  /// `30 bananas`: a word behind a number says what the number means, so it is never passed over.
  void doubt_words_beside_numbers() {
    for (std::size_t i = work_.from + 1; i < work_.to; ++i) {
      const Word& word = words_[i];
      const bool is_beside = work_.taken[i - 1] && !words_[i - 1].is_break_after &&
                             (words_[i - 1].number || is_unit(words_[i - 1].stem)) && !work_.is_text(i - 1);
      if (!is_beside || work_.taken[i] || word.is_quoted || is_empty_word(word.fold)) continue;
      const bool is_own = contains(skill_.nouns, word.stem) || resembles(skill_.class_words, word.stem);
      if (!is_own || is_unit(word.stem) || seconds_in(word.stem) != 0)
        work_.doubts.push_back(
            in(work_.sentence.language, "I do not know \"", "Ich kenne \"") + work_.sentence.slice(i, i + 1) +
            in(work_.sentence.language, "\" beside ", "\" nicht, neben ") + work_.sentence.slice(i - 1, i) + ".");
    }
  }

  void take_mentions() {
    for (const auto& mention : mentions_)
      for (std::size_t i = mention.begin; i < mention.end; ++i) work_.taken[i] = true;
  }

  /// `all the lights`, `both lamps`, `every light`, `the lights everywhere`.
  void take_quantifier() {
    for (std::size_t at = work_.from; at < work_.to; ++at) {
      if (work_.taken[at] || words_[at].is_quoted) continue;
      const auto& word = words_[at].fold;
      if (word == "everywhere") {
        is_all_ = work_.taken[at] = true;
        return;
      }
      if (!is_one_of(word, {"all", "both", "every", "each"})) continue;
      std::size_t noun = at + 1;
      while (noun < work_.to && (is_determiner(words_[noun].fold) || words_[noun].fold == "of")) ++noun;
      // `all kitchen lights`: the noun may stand behind a room.
      for (std::size_t i = noun; i < work_.to && i < noun + 3 && !words_[i].is_quoted; ++i) {
        if (!skill_.is_about(words_[i].stem) && !contains(skill_.doc_words, words_[i].stem)) continue;
        is_all_ = work_.taken[at] = true;
        return;
      }
    }
  }

  /// `turn it off again`: it is what was spoken of before, when the same class can do that to it.
  void take_pronoun() {
    if (before_ == nullptr || !mentions_.empty() || before_->class_name != skill_.ability->skill->skill.class_name)
      return;
    for (std::size_t i = work_.from; i < work_.to; ++i)
      if (!work_.taken[i] && !words_[i].is_quoted && is_one_of(words_[i].fold, {"it", "them", "that", "those", "they"}))
        is_pronoun_ = true;
    if (is_pronoun_ && !before_->device_ids.empty()) mentions_.push_back({0, 0, true, before_->device_ids});
  }

  /// Words of the class and docstring match by their beginning too: `play` and `playback`.
  static bool resembles(const std::vector<std::string>& known, const std::string& said) {
    return std::any_of(known.begin(), known.end(), [&said](const std::string& word) {
      if (word == said) return true;
      const auto shorter = std::min(word.size(), said.size());
      return shorter >= 4 && word.compare(0, shorter, said, 0, shorter) == 0;
    });
  }

  bool is_slot_word(const std::string& said) const {
    return std::any_of(skill_.slots.begin(), skill_.slots.end(),
                       [&said](const Slot& slot) { return contains(slot.words, said); });
  }

  static bool is_degree_word(std::string_view word) {
    return is_one_of(word, {"bit", "little", "slightly", "somewhat", "even", "much", "a"});
  }

  bool explains(std::size_t at) const {
    const auto& word = words_[at];
    if (word.is_quoted || is_condition(word.fold)) return false;
    // `a bit louder`
    if (is_degree_word(word.fold)) return skill_.does("up") || skill_.does("down");
    return contains(skill_.nouns, word.stem) || resembles(skill_.class_words, word.stem) || is_slot_word(word.stem) ||
           resembles(skill_.doc_words, word.stem) || is_offering_device_noun(word.stem) ||
           ((is_media_noun(word.stem) || word.fold == "playing") && is_about_media());
  }

  /// `mute the speaker`: what the devices that offer the skill are called after.
  bool is_offering_device_noun(const std::string& said) const {
    const auto& offering = skill_.ability->skill->devices;
    return std::any_of(named_.begin(), named_.end(), [&](const NamedDevice& name) {
      return !name.stems.empty() && name.stems.back() == said &&
             std::any_of(offering.begin(), offering.end(),
                         [&](const OfferingDevice& device) { return device.device_id == name.device_id; });
    });
  }

  bool is_about_media() const {
    const auto any = [](const std::vector<std::string>& words) {
      return std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_media_noun(word); });
    };
    return any(skill_.nouns) || any(skill_.class_words);
  }

  bool is_everything_explained() const {
    // A doubt is told when it is the only thing in the way.
    if (!work_.doubts.empty()) return is_explained_but_numbers();
    for (std::size_t i = work_.from; i < work_.to; ++i)
      if (!work_.taken[i] && !explains(i) &&
          (words_[i].is_quoted || words_[i].number || !is_empty_word(words_[i].fold)))
        return false;
    return true;
  }

  bool is_explained_but_numbers() const {
    for (std::size_t i = work_.from; i < work_.to; ++i) {
      const bool is_amount =
          words_[i].number || (i > work_.from && (words_[i - 1].number || is_unit(words_[i - 1].stem)));
      if (!work_.taken[i] && !is_amount && !explains(i) && (words_[i].is_quoted || !is_empty_word(words_[i].fold)))
        return false;
    }
    return true;
  }

  /// Whether the sentence names `noun` outside of a text that fills a parameter.
  bool is_said(const std::string& noun) const {
    if (noun == "temperature" && says_degrees()) return true;
    if (noun == implied_noun_ || (is_literal_ && skill_.actions.empty() && noun == skill_.head)) return true;
    for (std::size_t i = work_.from; i < work_.to; ++i) {
      const bool is_verb = std::find(verb_words_.begin(), verb_words_.end(), i) != verb_words_.end();
      if (!is_verb && !work_.is_text(i) && words_[i].stem == noun) return true;
    }
    return false;
  }

  bool says_degrees() const {
    return std::any_of(words_.begin() + static_cast<std::ptrdiff_t>(work_.from),
                       words_.begin() + static_cast<std::ptrdiff_t>(work_.to), [](const Word& word) {
                         return is_one_of(word.stem, {"degree", "celsius"});
                       });
  }

  /// Enough was said to know what the verb is about.
  bool has_subject() {
    bool needs_noun = false;
    for (const auto& noun : skill_.nouns) {
      if (is_said(noun)) {
        ++nouns_said_;
      } else if (!is_general_noun(noun) && !is_slot_word(noun)) {
        ++nouns_missed_;
        needs_noun = true;
      }
    }
    for (const auto& word : skill_.class_words)
      if (is_said(word)) ++class_words_said_;
    for (const auto& word : skill_.doc_words)
      if (doc_words_said_ < weights.doc_words_max && !is_empty_word(word) && is_said(word)) ++doc_words_said_;
    const bool any_noun = nouns_said_ + class_words_said_ + doc_words_said_ > 0 || is_pronoun_;
    if (needs_noun && !any_noun) return false;
    // `set the volume to loud` must not become the colour `the volume to loud`.
    const auto takes = [this](std::string_view action) { return has_action(skill_.actions, action); };
    const bool takes_any_text = takes("play") || takes("say") || takes("search") || takes("send") ||
                                (is_literal_ && (takes("add") || takes("remove") || takes("remind") || takes("call")));
    if (work_.text_words() > 0 && !any_noun && !takes_any_text) return false;
    // A question is about something; so is a word that only means the same as the function's verb.
    const bool is_vague =
        quality_ < verb_quality.synonym || (!is_literal_ && skill_.slots.empty() && skill_.particle.empty());
    return any_noun || !is_vague || is_whole_sentence();
  }

  /// The verb alone, besides the device and empty words: `skip`, `continue please`.
  bool is_whole_sentence() const {
    if (quality_ < verb_quality.synonym) return false;
    for (std::size_t i = work_.from; i < work_.to; ++i)
      if (!work_.taken[i] && !is_empty_word(words_[i].fold) && !is_general_noun(words_[i].stem) &&
          words_[i].fold != "playing")
        return false;
    return true;
  }

  Fit make_fit() {
    Fit fit;
    fit.skill = &skill_;
    fit.is_literal = is_literal_;
    fit.arguments = std::move(work_.arguments);
    fit.score = weights.verb * quality_ + weights.noun * nouns_said_ + weights.noun_missed * nouns_missed_ +
                weights.class_word * class_words_said_ + weights.doc_word * doc_words_said_ +
                weights.typed_value * static_cast<double>(work_.typed_fills) +
                weights.text_word * std::min(weights.text_words_max, static_cast<double>(work_.text_words()));
    for (const auto& slot : skill_.slots)
      if (slot.is_required && !fit.arguments.contains(slot.name)) fit.missing.push_back(slot.name);
    if (!fit.missing.empty()) fit.kind = Fit::Kind::missing;
    fit.doubts = work_.doubts;
    if (!fit.doubts.empty()) fit.kind = Fit::Kind::unclear;
    choose_device(fit);
    return fit;
  }

  using Candidates = std::vector<const OfferingDevice*>;

  Candidates meant_by(const Mention& mention) const {
    Candidates meant;
    for (const auto& device : skill_.ability->skill->devices)
      if (contains(mention.device_ids, device.device_id)) meant.push_back(&device);
    return meant;
  }

  static void prefer_connected(Candidates& candidates) {
    Candidates connected = candidates;
    std::erase_if(connected, [](const OfferingDevice* device) { return !device->connected; });
    if (!connected.empty()) candidates = std::move(connected);
  }

  void choose_device(Fit& fit) const {
    if (!mentions_.empty()) fit.score += weights.device;
    for (const auto& mention : mentions_) {
      auto meant = meant_by(mention);
      if (meant.empty()) return tell_other_device(fit, mention);
      if (meant.size() > 1) prefer_connected(meant);
      if (meant.size() > 1 && !is_all_ && !is_pronoun_) {
        if (fit.kind != Fit::Kind::complete) return;
        fit.kind = Fit::Kind::which_device;
        fit.devices = std::move(meant);
        return;
      }
      for (const auto* device : meant)
        if (std::find(fit.chosen.begin(), fit.chosen.end(), device) == fit.chosen.end()) fit.chosen.push_back(device);
    }
    if (mentions_.empty()) choose_unnamed(fit);
    if (fit.chosen.size() > devices_at_once_max && fit.kind == Fit::Kind::complete) {
      fit.kind = Fit::Kind::too_many;
      fit.devices = std::move(fit.chosen);
    }
  }

  void choose_unnamed(Fit& fit) const {
    const auto& offering = skill_.ability->skill->devices;
    Candidates candidates;
    for (const auto& device : offering) candidates.push_back(&device);
    if (is_all_ && skill_.ability->skill->more_devices > 0) {
      if (fit.kind == Fit::Kind::complete) fit.kind = Fit::Kind::too_many;
      fit.devices = std::move(candidates);
      return;
    }
    if (is_all_) {
      prefer_connected(candidates);
      fit.chosen = std::move(candidates);
      return;
    }
    if (skill_.ability->device_parameter.empty() || candidates.size() == 1) {
      fit.chosen = {candidates.front()};
      return;
    }
    if (!skill_.ability->needs_device) return;
    prefer_connected(candidates);
    if (candidates.size() == 1) {
      fit.chosen = std::move(candidates);
      return;
    }
    if (fit.kind != Fit::Kind::complete) return;
    fit.kind = Fit::Kind::which_device;
    fit.devices = std::move(candidates);
  }

  void tell_other_device(Fit& fit, const Mention& mention) const {
    fit.kind = Fit::Kind::other_device;
    fit.chosen.clear();
    for (const auto& device : all_devices_)
      if (contains(mention.device_ids, device.device_id)) fit.devices.push_back(&device);
  }

  const SkillView& skill_;
  const std::vector<Word>& words_;
  const std::vector<OfferingDevice>& all_devices_;
  const std::vector<NamedDevice>& named_;
  const Antecedent* before_;
  SlotWork work_;
  std::vector<Mention> mentions_;
  bool is_all_ = false;
  bool is_pronoun_ = false;
  std::vector<std::size_t> verb_words_;
  double quality_ = 0;
  bool is_literal_ = false;
  std::string implied_noun_;
  int nouns_said_ = 0;
  int nouns_missed_ = 0;
  int class_words_said_ = 0;
  int doc_words_said_ = 0;
};

}  // namespace

std::optional<Fit> match_skill(const SkillView& skill, const Sentence& sentence, std::size_t from, std::size_t to,
                               const Household& household, const Antecedent* before) {
  if (from >= to) return std::nullopt;
  return Matcher(skill, sentence, from, to, household, before).match();
}

}  // namespace strawberry::rules

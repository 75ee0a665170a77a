#include "bridge/rules/match_skill.h"

#include <algorithm>

#include "bridge/rules/device_choice.h"
#include "bridge/rules/fill_slots.h"
#include "bridge/rules/language.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"
#include "bridge/rules/verb.h"
#include "bridge/rules/weights.h"

namespace strawberry::bridge::rules {
namespace {

class Matcher {
 public:
  Matcher(const SkillView& skill, const Sentence& sentence, std::size_t from, std::size_t to,
          const Household& household, const Antecedent* before)
      : skill_(skill),
        words_(sentence.words),
        household_(household),
        named_(household.names),
        before_(before),
        work_{sentence, skill, from, to, std::vector<bool>(sentence.words.size(), false)} {}

  std::optional<Fit> match() {
    drop_closing_courtesy();
    auto verb = find_verb(work_, named_);
    if (!verb) return std::nullopt;
    verb_ = std::move(*verb);
    spoken_.mentions = std::move(verb_.mentions);
    take_quantifier();
    if (spoken_.mentions.empty())
      spoken_.mentions = find_mentions(work_.sentence, work_.from, work_.to, work_.taken, named_);
    drop_mentions_in_text();
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

  /// `add unlock the front door to the list`: a device that cannot do it, and is not led in, is part of the text.
  void drop_mentions_in_text() {
    const bool is_free = skill_.does("send") || skill_.does("say") || skill_.does("add") || skill_.does("remind") ||
                         skill_.does("search");
    if (!skill_.has_text_slot() || !is_free) return;
    std::erase_if(spoken_.mentions, [this](const Mention& mention) {
      return mention.begin >= work_.text_from && !is_preposition(words_[mention.begin].fold) &&
             devices_meant(skill_, mention).empty();
    });
  }

  void take_mentions() {
    for (const auto& mention : spoken_.mentions)
      for (std::size_t i = mention.begin; i < mention.end; ++i) work_.taken[i] = true;
  }

  /// `all the lights`, `both lamps`, `every light`, `the lights everywhere`.
  void take_quantifier() {
    for (std::size_t at = work_.from; at < work_.to; ++at) {
      if (work_.taken[at] || words_[at].is_quoted) continue;
      const auto& word = words_[at].fold;
      if (word == "everywhere") {
        spoken_.is_all = work_.taken[at] = true;
        return;
      }
      if (!is_one_of(word, {"all", "both", "every", "each"})) continue;
      std::size_t noun = at + 1;
      while (noun < work_.to && (is_determiner(words_[noun].fold) || words_[noun].fold == "of")) ++noun;
      // `all kitchen lights`: the noun may stand behind a room.
      for (std::size_t i = noun; i < work_.to && i < noun + 3 && !words_[i].is_quoted; ++i) {
        if (is_particle(words_[i].fold) || is_particle_verb(words_[i].fold)) break;
        if (!skill_.is_about(words_[i].stem) && !contains(skill_.doc_words, words_[i].stem)) continue;
        spoken_.is_both = word == "both";
        spoken_.is_all = work_.taken[at] = true;
        return;
      }
    }
  }

  /// `turn it off again`: it is what was spoken of before, when the same class can do that to it.
  void take_pronoun() {
    if (before_ == nullptr || !spoken_.mentions.empty() ||
        before_->class_name != skill_.ability->skill->skill.class_name)
      return;
    for (std::size_t i = work_.from; i < work_.to; ++i)
      if (!work_.taken[i] && !words_[i].is_quoted && is_pronoun(words_[i].fold)) spoken_.is_pronoun = true;
    if (spoken_.is_pronoun && !before_->device_ids.empty())
      spoken_.mentions.push_back({0, 0, true, before_->device_ids});
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

  static bool is_pronoun(std::string_view word) { return is_one_of(word, {"it", "them", "that", "those", "they"}); }

  bool explains(std::size_t at) const {
    const auto& word = words_[at];
    if (word.is_quoted || is_condition(word.fold)) return false;
    // `turn it back on`, `right now`
    const std::string_view next =
        at + 1 < work_.to && !words_[at + 1].is_quoted ? std::string_view(words_[at + 1].fold) : "";
    if (word.fold == "back") return is_particle(next) || (at > work_.from && is_pronoun(words_[at - 1].fold));
    if (word.fold == "right") return next == "now" || next == "away";
    if (word.fold == "away") return at > work_.from && words_[at - 1].fold == "right";
    // `open up the blinds`
    if (at > work_.from && ((word.fold == "up" && words_[at - 1].fold == "open") ||
                            (word.fold == "down" && words_[at - 1].fold == "close")))
      return true;
    if (!skill_.is_reading && is_heating(word.stem) && contains(skill_.nouns, "temperature")) return true;
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
      return name.kind == NamedDevice::Kind::name && !name.stems.empty() && name.stems.back() == said &&
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
          (words_[i].is_quoted || words_[i].number || is_loose_particle(i) || !is_empty_word(words_[i].fold)))
        return false;
    return true;
  }

  /// The second one of `turn the light on off`: it leads in nothing.
  bool is_loose_particle(std::size_t at) const {
    if (words_[at].fold != "on" || words_[at].is_quoted) return false;
    return at + 1 >= work_.to || (work_.taken[at + 1] && is_particle(words_[at + 1].fold));
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
    if (noun == "temperature" && !skill_.is_reading && says_degrees()) return true;
    if (noun == verb_.implied_noun || (verb_.is_literal && skill_.actions.empty() && noun == skill_.head)) return true;
    for (std::size_t i = work_.from; i < work_.to; ++i) {
      const bool is_verb = std::find(verb_.words.begin(), verb_.words.end(), i) != verb_.words.end();
      if (!is_verb && !work_.is_text(i) && words_[i].stem == noun) return true;
    }
    return false;
  }

  bool says_degrees() const {
    return std::any_of(
        words_.begin() + static_cast<std::ptrdiff_t>(work_.from),
        words_.begin() + static_cast<std::ptrdiff_t>(work_.to), [](const Word& word) {
          return !word.is_quoted && (is_one_of(word.stem, {"degree", "celsius"}) || is_heating(word.stem));
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
    const bool any_noun = nouns_said_ + class_words_said_ + doc_words_said_ > 0 || spoken_.is_pronoun;
    if (needs_noun && !any_noun) return false;
    // `set the volume to loud` must not become the colour `the volume to loud`.
    const auto takes = [this](std::string_view action) { return skill_.does(action); };
    const bool takes_any_text =
        takes("play") || takes("say") || takes("search") || takes("send") ||
        (verb_.is_literal && (takes("add") || takes("remove") || takes("remind") || takes("call")));
    if (work_.text_words() > 0 && !any_noun && !takes_any_text) return false;
    // A question is about something; so is a word that only means the same as the function's verb.
    const bool is_vague =
        verb_.quality < verb_quality.synonym || (!verb_.is_literal && skill_.slots.empty() && skill_.particle.empty());
    return any_noun || !is_vague || is_whole_sentence();
  }

  /// The verb alone, besides the device and empty words: `skip`, `continue please`.
  bool is_whole_sentence() const {
    if (verb_.quality < verb_quality.synonym) return false;
    for (std::size_t i = work_.from; i < work_.to; ++i)
      if (!work_.taken[i] && !is_empty_word(words_[i].fold) && !is_general_noun(words_[i].stem) &&
          words_[i].fold != "playing")
        return false;
    return true;
  }

  Fit make_fit() {
    Fit fit;
    fit.skill = &skill_;
    fit.is_literal = verb_.is_literal;
    fit.arguments = std::move(work_.arguments);
    fit.score = weights.verb * verb_.quality + weights.noun * nouns_said_ + weights.noun_missed * nouns_missed_ +
                weights.class_word * class_words_said_ + weights.doc_word * doc_words_said_ +
                weights.typed_value * static_cast<double>(work_.typed_fills) +
                weights.text_word * std::min(weights.text_words_max, static_cast<double>(work_.text_words()));
    for (const auto& slot : skill_.slots)
      if (slot.is_required && !fit.arguments.contains(slot.name)) fit.missing.push_back(slot.name);
    if (!fit.missing.empty()) fit.kind = Fit::Kind::missing;
    fit.doubts = work_.doubts;
    if (!fit.doubts.empty()) fit.kind = Fit::Kind::unclear;
    choose_device(fit, spoken_, household_);
    return fit;
  }

  const SkillView& skill_;
  const std::vector<Word>& words_;
  const Household& household_;
  const std::vector<NamedDevice>& named_;
  const Antecedent* before_;
  SlotWork work_;
  Verb verb_;
  Spoken spoken_;
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

}  // namespace strawberry::bridge::rules

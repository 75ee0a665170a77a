#include "bridge/rules/follow_up.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"
#include "bridge/rules/questions.h"
#include "bridge/rules/slot_doc.h"
#include "bridge/rules/wording.h"

namespace strawberry::bridge::rules {
namespace {

bool is_marker(std::string_view word) {
  return is_one_of(word, {"and", "also", "too", "as", "well", "same", "likewise", "again", "once", "more", "repeat"});
}

bool is_glue(std::string_view word) {
  return is_one_of(word, {"do", "it", "that", "this", "them", "the", "thing", "please", "then", "now", "there", "just",
                          "one", "ones", "for", "time"});
}

class Repetition {
 public:
  Repetition(const Sentence& sentence, const Context& context, const Household& household)
      : sentence_(sentence), words_(sentence.words), context_(context), household_(household) {}

  std::optional<Thought> read() {
    if (context_.last.empty() || words_.empty() || words_.back().is_asked) return std::nullopt;
    std::size_t begin = 0, end = words_.size();
    while (begin < end && is_plain(begin) && (is_marker(fold(begin)) || is_glue(fold(begin)))) note(begin++);
    while (end > begin && is_plain(end - 1) && (is_marker(fold(end - 1)) || is_glue(fold(end - 1)))) note(--end);
    if (begin == end) return says_again_ ? again() : std::nullopt;
    // The article and preposition belong to the device.
    while (begin > 0 && is_determiner(fold(begin - 1))) --begin;
    while (begin > 0 && is_preposition(fold(begin - 1))) --begin;
    return says_too_ ? elsewhere(begin, end) : std::nullopt;
  }

 private:
  std::string_view fold(std::size_t at) const { return words_[at].fold; }
  bool is_plain(std::size_t at) const { return !words_[at].is_quoted && !(words_[at].number && fold(at) != "one"); }

  void note(std::size_t at) {
    const auto word = fold(at);
    says_too_ = says_too_ || is_one_of(word, {"and", "also", "too", "well", "same", "likewise"});
    says_again_ =
        says_again_ || is_one_of(word, {"again", "repeat"}) || (word == "more" && at > 0 && fold(at - 1) == "once");
    says_again_ = says_again_ || (word == "once" && at + 1 < words_.size() && fold(at + 1) == "more");
  }

  std::optional<Thought> again() const {
    Thought thought;
    thought.decision.kind = Decision::Kind::act;
    for (const auto& intent : context_.last) {
      auto done = pursue(intent, sentence_.language);
      if (done.decision.kind != Decision::Kind::act) return std::nullopt;
      thought.decision.calls.insert(thought.decision.calls.end(), done.decision.calls.begin(),
                                    done.decision.calls.end());
      thought.intents.push_back(intent);
    }
    return thought;
  }

  std::optional<Thought> elsewhere(std::size_t begin, std::size_t end) const {
    const Intent& last = context_.last.back();
    if (context_.last.size() > 1 || last.skill->is_reading) return std::nullopt;
    Intent intent = last;
    intent.chosen.clear();
    for (const auto& mention : mentions(begin, end)) {
      std::vector<const OfferingDevice*> meant;
      for (const auto& device : last.skill->ability->skill->devices)
        if (contains(mention.device_ids, device.device_id)) meant.push_back(&device);
      if (meant.size() > 1) return ask_device(std::move(intent), std::move(meant), sentence_.language);
      if (meant.empty()) return std::nullopt;
      intent.chosen.push_back(meant.front());
    }
    if (intent.chosen.empty()) return std::nullopt;
    return pursue(std::move(intent), sentence_.language);
  }

  /// Words [begin, end) parted at `and`; none unless each names devices.
  std::vector<Mention> mentions(std::size_t begin, std::size_t end) const {
    std::vector<Mention> found;
    std::size_t from = begin;
    for (std::size_t i = begin; i <= end; ++i) {
      if (i < end && fold(i) != "and") continue;
      if (i > from) {
        auto mention = read_mention(sentence_, from, i, household_.names);
        if (!mention || found.size() == mentions_max) return {};
        found.push_back(std::move(*mention));
      }
      from = i + 1;
    }
    return found;
  }

  const Sentence& sentence_;
  const std::vector<Word>& words_;
  const Context& context_;
  const Household& household_;
  bool says_too_ = false;
  bool says_again_ = false;
};

class Relative {
 public:
  Relative(const Sentence& sentence, const Context& context, const Household& household)
      : sentence_(sentence),
        words_(sentence.words),
        context_(context),
        household_(household),
        taken_(sentence.words.size(), false) {}

  std::optional<Thought> read(const std::vector<SkillView>& skills) {
    const auto said = how_said(sentence_, 0, words_.size());
    if (said.manner != Manner::command || said.begin >= words_.size()) return std::nullopt;
    from_ = said.begin;
    if (!read_direction()) return std::nullopt;
    mentions_ = find_mentions(sentence_, from_, words_.size(), taken_, household_.names);
    for (const auto& mention : mentions_)
      for (std::size_t i = mention.begin; i < mention.end; ++i) taken_[i] = true;
    std::optional<Thought> only;
    for (const auto& skill : skills) {
      const Slot* slot = skill.only_number();
      if (slot == nullptr || !skill.does("set") || !is_meant(skill) || !is_all_known(skill, *slot)) continue;
      auto thought = change(skill, *slot);
      if (!thought) continue;
      if (only) return std::nullopt;  // two could be meant
      only = std::move(thought);
    }
    return only;
  }

 private:
  /// The one word that says more or less, and perhaps by how much.
  bool read_direction() {
    for (std::size_t i = from_; i < words_.size(); ++i) {
      if (words_[i].is_quoted) return false;
      const auto& word = words_[i].fold;
      const auto actions = actions_of(word);
      const bool is_up = std::find(actions.begin(), actions.end(), "up") != actions.end();
      const bool is_down = std::find(actions.begin(), actions.end(), "down") != actions.end() || word == "dim";
      if (is_up || is_down) {
        if (direction_ != 0 && direction_ != (is_up ? 1 : -1)) return false;
        direction_ = is_up ? 1 : -1;
        taken_[i] = true;
        if (const auto noun = noun_implied_by(word); !noun.empty()) noun_ = noun;
        says_dim_ = says_dim_ || word == "dim";
      } else if (is_one_of(word,
                           {"bit", "little", "slightly", "somewhat", "some", "much", "lot", "more", "even", "a"})) {
        taken_[i] = true;
        says_bit_ = says_bit_ || word != "a";
        says_much_ = says_much_ || is_one_of(word, {"much", "lot"});
      } else if (words_[i].number && i > 0 && is_one_of(words_[i - 1].fold, {"by", "about"})) {
        amount_ = i;
        taken_[i] = taken_[i - 1] = true;
      }
    }
    // `dim the light` wants to know how much.
    return direction_ != 0 && (!says_dim_ || says_bit_ || amount_);
  }

  bool is_meant(const SkillView& skill) const {
    const auto is_named = [&](std::string_view noun) {
      if (!noun_.empty()) return noun_ == noun;
      return std::any_of(words_.begin() + static_cast<std::ptrdiff_t>(from_), words_.end(), [&](const Word& word) {
        return word.stem == noun || (noun == "temperature" && is_one_of(word.stem, {"heat", "heater", "thermostat"}));
      });
    };
    for (const std::string_view noun : {"brightness", "volume", "temperature"})
      if (skill.is_about(noun)) return is_named(noun) || (noun_.empty() && is_last(skill) && says_it());
    return false;
  }

  bool is_last(const SkillView& skill) const { return !context_.last.empty() && context_.last.back().skill == &skill; }
  bool says_it() const {
    return std::any_of(words_.begin() + static_cast<std::ptrdiff_t>(from_), words_.end(), [](const Word& word) {
      return is_one_of(word.fold, {"it", "that", "them"});
    });
  }

  bool is_all_known(const SkillView& skill, const Slot& slot) const {
    for (std::size_t i = from_; i < words_.size(); ++i) {
      if (taken_[i]) continue;
      const Word& word = words_[i];
      if (word.number || is_condition(word.fold)) return false;
      const bool is_amount_unit =
          amount_ && i == *amount_ + 1 && is_unit(word.stem) && accepts_unit(slot.number, word.stem);
      const bool is_verb =
          i <= from_ + 1 && is_one_of(word.fold, {"make", "turn", "set", "get", "switch", "bring", "put"});
      const bool is_thing =
          skill.is_about(word.stem) || is_one_of(word.stem, {"light", "room", "heat", "heater", "thermostat", "music"});
      if (!is_amount_unit && !is_verb && !is_thing && !is_empty_word(word.fold)) return false;
    }
    return true;
  }

  std::vector<const OfferingDevice*> meant_devices(const SkillView& skill) const {
    const auto& offering = skill.ability->skill->devices;
    std::vector<const OfferingDevice*> meant;
    for (const auto& mention : mentions_)
      for (const auto& device : offering)
        if (contains(mention.device_ids, device.device_id)) meant.push_back(&device);
    if (!mentions_.empty()) return meant;
    if (offering.size() == 1) return {&offering.front()};
    // What was spoken of last, when that has been set by this skill.
    if (!context_.last.empty())
      for (const auto* device : context_.last.back().chosen)
        if (skill.ability->skill->is_on(device->device_id)) meant.push_back(find(offering, device->device_id));
    return meant;
  }

  static const OfferingDevice* find(const std::vector<OfferingDevice>& devices, const std::string& id) {
    return &*std::find_if(devices.begin(), devices.end(), [&](const auto& device) { return device.device_id == id; });
  }

  std::optional<Thought> change(const SkillView& skill, const Slot& slot) const {
    const auto devices = meant_devices(skill);
    if (devices.empty() && !mentions_.empty()) return std::nullopt;
    Intent intent{&skill, nlohmann::json::object(), devices};
    const auto language = sentence_.language;
    if (devices.size() != 1) {
      if (devices.size() > 1) return std::nullopt;
      intent.chosen.clear();
      return ask_slot(std::move(intent), slot, language);
    }
    const KnownValue* known = context_.find_value(skill.ability, devices.front());
    const auto by = step(slot);
    if (known == nullptr || !by)
      return ask_slot(std::move(intent), slot, language,
                      known == nullptr ? in(language, "I do not know how it is set now.",
                                            "Ich weiß nicht, wie es jetzt eingestellt ist.")
                                       : std::string());
    double value = known->value + direction_ * *by * (says_much_ && !amount_ ? steps_of_much : 1);
    if (slot.number.least) value = std::max(value, *slot.number.least);
    if (slot.number.most) value = std::min(value, *slot.number.most);
    if (slot.kind == Slot::Kind::integer) {
      intent.arguments[slot.name] = static_cast<std::int64_t>(std::llround(value));
    } else {
      intent.arguments[slot.name] = value;
    }
    return pursue(std::move(intent), language);
  }

  std::optional<double> step(const Slot& slot) const {
    if (amount_) return std::abs(*words_[*amount_].number);
    if (slot.number.is_temperature) return step_of_temperature;
    if (!slot.number.least || !slot.number.most) return std::nullopt;
    const double share = (*slot.number.most - *slot.number.least) * step_share;
    return slot.kind == Slot::Kind::integer ? std::max(1.0, std::round(share)) : share;
  }

  const Sentence& sentence_;
  const std::vector<Word>& words_;
  const Context& context_;
  const Household& household_;
  std::vector<bool> taken_;
  std::vector<Mention> mentions_;
  std::size_t from_ = 0;
  int direction_ = 0;
  std::string_view noun_;
  std::optional<std::size_t> amount_;
  bool says_bit_ = false;
  bool says_dim_ = false;
  bool says_much_ = false;
};

}  // namespace

std::optional<Thought> read_repetition(const Sentence& sentence, const Context& context, const Household& household) {
  return Repetition(sentence, context, household).read();
}

std::optional<Thought> read_relative(const Sentence& sentence, const Context& context, const Household& household,
                                     const std::vector<SkillView>& skills) {
  return Relative(sentence, context, household).read(skills);
}

}  // namespace strawberry::bridge::rules

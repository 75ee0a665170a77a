#include "bridge/rules/questions.h"

#include <algorithm>
#include <utility>

#include "bridge/rules/fill_slots.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"
#include "bridge/rules/wording.h"

namespace strawberry::bridge::rules {
namespace {

using Devices = std::vector<const OfferingDevice*>;

std::string asked_kind(const Slot& slot, Language language) {
  std::string range;
  if (slot.number.least && slot.number.most) {
    const auto shown = [](double value) { return nlohmann::json(value).dump(); };
    const auto whole = [&](double value) {
      const auto text = shown(value);
      return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
    };
    range = in(language, " from ", " von ") + whole(*slot.number.least) + in(language, " to ", " bis ") +
            whole(*slot.number.most);
  }
  switch (slot.kind) {
    case Slot::Kind::integer: return in(language, "a whole number", "eine ganze Zahl") + range;
    case Slot::Kind::number: return in(language, "a number", "eine Zahl") + range;
    case Slot::Kind::boolean: return in(language, "on or off", "an oder aus");
    case Slot::Kind::list: return in(language, "one or more", "eins oder mehrere");
    case Slot::Kind::text: return {};
    case Slot::Kind::other:
      return in(language, "something I cannot read from words", "etwas, das ich nicht aus Worten lesen kann");
    case Slot::Kind::choice: break;
  }
  std::vector<std::string> choices;
  for (const auto& choice : slot.choices)
    choices.push_back(choice.is_string() ? choice.get<std::string>() : choice.dump());
  return join(choices, in(language, " or ", " oder "));
}

bool is_bare(std::string_view word) {
  return is_empty_word(word) || is_one_of(word, {"one", "ones", "only", "mean", "meant", "make", "set", "want", "take",
                                                 "use", "yes", "ok", "okay", "sure"});
}

class AnswerReader {
 public:
  AnswerReader(const Question& question, const Sentence& sentence, const Household& household)
      : question_(question), sentence_(sentence), words_(sentence.words), household_(household), to_(words_.size()) {}

  std::optional<Thought> read() {
    if (words_.empty() || words_.size() > answer_words_max) return std::nullopt;
    const auto said = how_said(sentence_, 0, to_);
    const auto& slots = question_.intent.skill->slots;
    const bool is_text = std::any_of(slots.begin(), slots.end(), [this](const Slot& slot) {
      return slot.name == question_.slot && slot.kind == Slot::Kind::text;
    });
    // `Hey Jude` is a title here.
    from_ = said.begin < to_ && !is_text ? said.begin : 0;
    const bool is_request = from_ == to_ ? false : words_[to_ - 1].is_asked;
    if (said.manner == Manner::question || is_request) return std::nullopt;
    for (const auto& word : words_)
      if (!word.is_quoted && is_one_of(word.fold, {"not", "dont", "never", "no", "if", "when", "later", "tomorrow",
                                                   "or", "except", "but"}))
        return std::nullopt;
    if (!is_text)
      for (const auto& word : words_)
        if (!word.is_quoted && is_copula(word.fold)) return std::nullopt;
    while (to_ > from_ + 1 && !words_[to_ - 1].is_quoted && is_one_of(words_[to_ - 1].fold, {"please", "thanks"}))
      --to_;
    return question_.slot.empty() ? read_devices() : read_slot();
  }

 private:
  std::optional<Thought> read_devices() const {
    Devices chosen = read_all();
    if (chosen.empty()) chosen = read_ordinal();
    if (chosen.empty()) chosen = read_names();
    if (chosen.empty() || chosen.size() > devices_at_once_max) return std::nullopt;
    Intent intent = question_.intent;
    intent.chosen = std::move(chosen);
    return pursue(std::move(intent), sentence_.language);
  }

  bool is_rest_bare(std::size_t skipped) const {
    for (std::size_t i = from_; i < to_; ++i)
      if (i != skipped &&
          (words_[i].is_quoted || (!is_bare(words_[i].fold) && !question_.intent.skill->is_about(words_[i].stem))))
        return false;
    return true;
  }

  /// `all of them`, `both`, `everywhere`
  Devices read_all() const {
    for (std::size_t i = from_; i < to_; ++i)
      if (!words_[i].is_quoted && is_one_of(words_[i].fold, {"all", "both", "every", "everywhere", "each"}) &&
          (words_[i].fold != "both" || question_.devices.size() == 2) && is_rest_bare(i))
        return question_.devices;
    return {};
  }

  /// `the first one`, `the last`
  Devices read_ordinal() const {
    for (std::size_t i = from_; i < to_; ++i) {
      const auto& word = words_[i].fold;
      std::size_t at = question_.devices.size();
      if (is_one_of(word, {"first", "erste", "ersten"})) at = 0;
      if (is_one_of(word, {"second", "zweite", "zweiten"})) at = 1;
      if (is_one_of(word, {"third", "dritte", "dritten"})) at = 2;
      if (is_one_of(word, {"last", "letzte", "letzten"})) at = question_.devices.size() - 1;
      if (at < question_.devices.size() && is_rest_bare(i)) return {question_.devices[at]};
    }
    return {};
  }

  Devices read_names() const {
    Devices chosen;
    std::size_t begin = from_;
    for (std::size_t i = from_; i <= to_; ++i) {
      const bool is_and = i < to_ && !words_[i].is_quoted && words_[i].fold == "and";
      const bool is_comma = i > begin && i < to_ && words_[i - 1].is_break_after;
      if (i < to_ && !is_and && !is_comma) continue;
      if (i > begin) {
        const auto device = read_name(begin, i);
        if (device.size() != 1) return {};
        chosen.push_back(device.front());
      }
      begin = is_and ? i + 1 : i;
    }
    return chosen;
  }

  Devices read_name(std::size_t begin, std::size_t end) const {
    for (; begin < end; ++begin) {
      auto meant = read_name_from(begin, end);
      if (!meant.empty()) return meant;
      // `the light in the kitchen`
      const Word& word = words_[begin];
      if (word.is_quoted || (!is_bare(word.fold) && !question_.intent.skill->is_about(word.stem))) return {};
    }
    return {};
  }

  Devices read_name_from(std::size_t begin, std::size_t end) const {
    for (std::size_t stop = end; stop > begin; --stop) {
      if (stop < end) {
        // `the kitchen one`, `the kitchen light` for a device that is called only after the kitchen
        const Word& left = words_[stop];
        if (left.is_quoted || (!is_bare(left.fold) && !question_.intent.skill->is_about(left.stem))) return {};
      }
      const auto mention = read_mention(sentence_, begin, stop, household_.names);
      if (!mention) continue;
      Devices meant;
      for (const auto* device : question_.devices)
        if (contains(mention->device_ids, device->device_id)) meant.push_back(device);
      return meant;
    }
    return {};
  }

  std::optional<Thought> read_slot() const {
    const SkillView& skill = *question_.intent.skill;
    const auto slot =
        std::find_if(skill.slots.begin(), skill.slots.end(), [&](const Slot& s) { return s.name == question_.slot; });
    if (slot == skill.slots.end()) return std::nullopt;
    std::size_t begin = from_;
    if (slot->kind == Slot::Kind::text && to_ > begin + 1 && is_one_of(words_[begin].fold, {"to", "in", "called"}))
      ++begin;
    // Only the one that was asked for.
    SkillView asked = skill;
    asked.slots = {*slot};
    asked.slots.front().is_required = true;
    SlotWork work{sentence_, asked, begin, to_, std::vector<bool>(words_.size(), false)};
    work.text_from = begin;
    work.is_answer = true;
    work.explains = [](std::size_t) { return false; };
    fill_slots(work);
    if (!work.arguments.contains(slot->name)) {
      if (work.doubts.empty()) return std::nullopt;
      return ask_slot(question_.intent, *slot, sentence_.language, work.doubts.front());
    }
    if (!work.doubts.empty()) return std::nullopt;
    for (std::size_t i = begin; i < to_; ++i)
      if (!work.taken[i] &&
          (words_[i].is_quoted || (!is_bare(words_[i].fold) && !contains(slot->words, words_[i].stem) &&
                                   !contains(skill.nouns, words_[i].stem))))
        return std::nullopt;
    Intent intent = question_.intent;
    intent.arguments[slot->name] = work.arguments.at(slot->name);
    return pursue(std::move(intent), sentence_.language);
  }

  const Question& question_;
  const Sentence& sentence_;
  const std::vector<Word>& words_;
  const Household& household_;
  std::size_t from_ = 0;
  std::size_t to_;
};

}  // namespace

Thought ask_device(Intent intent, Devices devices, Language language) {
  std::vector<std::string> names;
  for (const auto* device : devices) names.push_back(device->name_with_room());
  Thought thought;
  thought.decision.kind = Decision::Kind::ask;
  thought.decision.language = language;
  thought.decision.words =
      in(language, "Which one: ", "Welches Gerät: ") + join(names, in(language, " or ", " oder ")) + "?";
  thought.question = Question{std::move(intent), {}, std::move(devices)};
  return thought;
}

Thought ask_slot(Intent intent, const Slot& slot, Language language, const std::string& why) {
  const auto kind = asked_kind(slot, language);
  Thought thought;
  thought.decision.kind = Decision::Kind::ask;
  thought.decision.language = language;
  thought.decision.words = why + (why.empty() ? "" : " ") + in(language, "To ", "Für ") +
                           spoken_name(intent.skill->ability->skill->skill.function_name) +
                           in(language, " I need the ", " brauche ich noch: ") + spoken_name(slot.name) +
                           (kind.empty() ? "" : " (" + kind + ")") + in(language, ". What is it?", ".");
  thought.question = Question{std::move(intent), slot.name, {}};
  return thought;
}

Thought pursue(Intent intent, Language language) {
  for (const auto& slot : intent.skill->slots)
    if (slot.is_required && !intent.arguments.contains(slot.name)) return ask_slot(std::move(intent), slot, language);
  const Ability& ability = *intent.skill->ability;
  if (intent.chosen.empty() && ability.needs_device && ability.skill->devices.size() > 1) {
    Devices devices;
    for (const auto& device : ability.skill->devices) devices.push_back(&device);
    return ask_device(std::move(intent), std::move(devices), language);
  }
  Thought thought;
  thought.decision.kind = Decision::Kind::act;
  thought.decision.language = language;
  for (const auto* device : intent.chosen) thought.decision.calls.push_back({&ability, device, intent.arguments});
  if (intent.chosen.empty()) thought.decision.calls.push_back({&ability, nullptr, intent.arguments});
  thought.intents.push_back(std::move(intent));
  return thought;
}

std::optional<Thought> answer_question(const Question& question, const Sentence& sentence, const Household& household) {
  return AnswerReader(question, sentence, household).read();
}

}  // namespace strawberry::bridge::rules

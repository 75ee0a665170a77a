#include "bridge/rules/understand.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bridge/rules/context.h"
#include "bridge/rules/follow_up.h"
#include "bridge/rules/later.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"
#include "bridge/rules/normal_form.h"
#include "bridge/rules/questions.h"
#include "bridge/rules/small_talk.h"
#include "bridge/rules/suggest.h"
#include "bridge/rules/typos.h"
#include "bridge/rules/weights.h"
#include "bridge/rules/wording.h"

namespace strawberry::bridge::rules {
namespace {

constexpr std::size_t boundaries_max = 6;  // of sentences in one message
constexpr std::size_t examples_max = 4;    // in the answer to `help`

Thought say(Decision::Kind kind, std::string words, Language language) {
  Thought thought;
  thought.decision.kind = kind;
  thought.decision.words = std::move(words);
  thought.decision.language = language;
  return thought;
}

Thought act(Intent intent, Language language) { return pursue(std::move(intent), language); }

std::string path_of(const Fit& fit) { return fit.skill->ability->skill->path(); }

class Interpreter {
 public:
  explicit Interpreter(const std::vector<Ability>& abilities) {
    std::map<std::string, OfferingDevice> devices;
    for (const auto& ability : abilities) {
      for (const auto& device : ability.skill->devices) devices.emplace(device.device_id, device);
      if (auto view = view_skill(ability)) skills_.push_back(std::move(*view));
    }
    for (auto& [id, device] : devices) household_.devices.push_back(std::move(device));
    household_.names = name_devices(household_.devices);
    learn_words();
  }

  Thought interpret(const std::string& text, const Context& context) const {
    auto sentence = normal_form(read_sentence(text), context.language);
    auto thought = understand_sentence(sentence, context);
    if (thought.decision.kind == Decision::Kind::nothing && mend_typos(sentence, vocabulary_))
      thought = understand_sentence(sentence, context);
    return thought;
  }

 private:
  void learn_words() {
    const auto learn = [this](const std::vector<std::string>& words) {
      for (const auto& word : words)
        if (vocabulary_.size() < vocabulary_max) vocabulary_.insert(word);
    };
    for (const auto& skill : skills_) {
      learn({skill.head});
      learn(skill.nouns);
      learn(skill.class_words);
      for (const auto& slot : skill.slots) {
        learn(slot.words);
        for (const auto& choice : slot.choices)
          if (choice.is_string()) learn(split_name(choice.get<std::string>()));
      }
    }
    for (const auto& name : household_.names) learn(name.words);
  }

  Thought understand_sentence(const Sentence& sentence, const Context& context) const {
    const auto language = sentence.language;
    // `cool` may be a mode.
    if (context.question && asks_for_choice(*context.question))
      if (auto answer = answer_question(*context.question, sentence, household_)) return std::move(*answer);
    if (const auto talk = read_small_talk(sentence)) {
      const auto examples =
          *talk == SmallTalk::help ? quoted_list(suggest(skills_, sentence, examples_max, false)) : std::string();
      return say(Decision::Kind::answer, answer_small_talk(*talk, examples, language), language);
    }
    const auto before = context.antecedent();
    const Antecedent* antecedent = before ? &*before : nullptr;
    if (auto several = understand_several(sentence, context)) return std::move(*several);
    auto thought = understand_one(sentence, 0, sentence.words.size(), antecedent);
    if (thought && thought->decision.kind == Decision::Kind::act) return std::move(*thought);
    if (context.question)
      if (auto answer = answer_question(*context.question, sentence, household_)) return std::move(*answer);
    if (auto relative = read_relative(sentence, context, household_, skills_)) return std::move(*relative);
    if (auto again = read_repetition(sentence, context, household_)) {
      again->decision.language = language;
      return std::move(*again);
    }
    return thought ? std::move(*thought) : nothing(sentence);
  }

  static bool asks_for_choice(const Question& question) {
    const auto& slots = question.intent.skill->slots;
    return std::any_of(slots.begin(), slots.end(),
                       [&](const Slot& slot) { return slot.name == question.slot && slot.kind == Slot::Kind::choice; });
  }

  std::vector<Fit> fits_of(const Sentence& sentence, std::size_t from, std::size_t to, const Antecedent* before) const {
    std::vector<Fit> fits;
    const auto said = how_said(sentence, from, to);
    if (said.manner == Manner::statement) return fits;
    from = said.begin;
    for (const auto& skill : skills_)
      if (said.manner == Manner::command || skill.is_reading)
        if (auto fit = match_skill(skill, sentence, from, to, household_, before)) fits.push_back(std::move(*fit));
    std::stable_sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) { return a.score > b.score; });
    return fits;
  }

  static std::vector<Fit> complete_of(const std::vector<Fit>& fits) {
    std::vector<Fit> complete;
    for (const auto& fit : fits)
      if (fit.kind == Fit::Kind::complete) complete.push_back(fit);
    return complete;
  }

  static bool is_tied(const std::vector<Fit>& fits) {
    return fits.size() > 1 && fits[0].score - fits[1].score < weights.equal_within;
  }

  static Intent intent_of(const Fit& fit) { return {fit.skill, fit.arguments, fit.chosen}; }

  /// Where a sentence in a row may end: behind its last word; where the next begins.
  struct Boundary {
    std::size_t end;
    std::size_t next;
  };

  static std::vector<Boundary> boundaries_of(const std::vector<Word>& words) {
    std::vector<Boundary> boundaries;
    for (std::size_t i = 0; i + 1 < words.size() && boundaries.size() <= boundaries_max; ++i) {
      const bool is_joint = !words[i].is_quoted && (words[i].fold == "and" || words[i].fold == "then");
      if (is_joint && i > 0 && boundaries.empty()) {
        boundaries.push_back({i, i + 1});
      } else if (is_joint && i > 0) {
        // `, and then` is one boundary.
        if (boundaries.back().next == i) {
          boundaries.back().next = i + 1;
        } else {
          boundaries.push_back({i, i + 1});
        }
      } else if (words[i].is_break_after) {
        boundaries.push_back({i + 1, i + 1});
      }
    }
    return boundaries;
  }

  /// `turn on the light and play Yesterday`: only when each part is a sure command by itself.
  std::optional<Thought> understand_several(const Sentence& sentence, const Context& context) const {
    const auto boundaries = boundaries_of(sentence.words);
    if (boundaries.empty() || boundaries.size() > boundaries_max) return std::nullopt;
    Thought thought;
    thought.decision.kind = Decision::Kind::act;
    thought.decision.language = sentence.language;
    if (!part_from(sentence, 0, 0, boundaries, context, thought) || thought.intents.size() < 2) return std::nullopt;
    for (const auto& intent : thought.intents) {
      auto done = act(intent, sentence.language);
      auto& calls = thought.decision.calls;
      calls.insert(calls.end(), done.decision.calls.begin(), done.decision.calls.end());
    }
    if (thought.decision.calls.size() > calls_max) return std::nullopt;
    return thought;
  }

  bool part_from(const Sentence& sentence, std::size_t from, std::size_t boundary,
                 const std::vector<Boundary>& boundaries, const Context& context, Thought& thought) const {
    if (thought.intents.size() == commands_max) return false;
    if (is_courtesy_only(sentence, from, sentence.words.size()) && !thought.intents.empty()) return true;
    for (std::size_t at = boundary; at <= boundaries.size(); ++at) {
      const bool is_last = at == boundaries.size();
      const std::size_t end = is_last ? sentence.words.size() : boundaries[at].end;
      if (end <= from) continue;
      if (!is_last && is_courtesy_only(sentence, from, end)) {
        if (part_from(sentence, boundaries[at].next, at + 1, boundaries, context, thought)) return true;
        continue;
      }
      auto intent = sure_intent(sentence, from, end, thought.intents.empty() ? context.last : thought.intents, is_last);
      if (!intent) continue;
      thought.intents.push_back(std::move(*intent));
      if (is_last || part_from(sentence, boundaries[at].next, at + 1, boundaries, context, thought)) return true;
      thought.intents.pop_back();
    }
    return false;
  }

  static bool is_courtesy_only(const Sentence& sentence, std::size_t from, std::size_t to) {
    constexpr std::size_t words_max = 4;
    if (to - from > words_max || from >= to) return false;
    for (std::size_t i = from; i < to; ++i)
      if (sentence.words[i].is_quoted ||
          !is_one_of(sentence.words[i].fold, {"please", "pls", "thanks", "thank", "you", "hello", "hi", "hey", "ok",
                                              "okay", "strawberry", "hub", "good", "morning", "evening"}))
        return false;
    return true;
  }

  std::optional<Intent> sure_intent(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<Intent>& before, bool is_last) const {
    Context context;
    context.last = before;
    const auto antecedent = context.antecedent();
    const auto complete = complete_of(fits_of(sentence, from, to, antecedent ? &*antecedent : nullptr));
    if (complete.empty() || is_tied(complete) || complete.front().score < weights.sure_in_a_row) return std::nullopt;
    const auto& skill = *complete.front().skill;
    // What is sent or written down may go on behind `and`.
    const bool takes_the_rest = skill.has_text_slot() && !skill.does("play") && !skill.does("set") &&
                                !(to > from && sentence.words[to - 1].is_quoted);
    if (!is_last && takes_the_rest) return std::nullopt;
    return intent_of(complete.front());
  }

  std::optional<Thought> understand_one(const Sentence& sentence, std::size_t from, std::size_t to,
                                        const Antecedent* before) const {
    const auto language = sentence.language;
    const auto fits = fits_of(sentence, from, to, before);
    if (fits.empty()) return std::nullopt;
    const auto complete = complete_of(fits);
    // What can be called goes first, unless something that cannot fits far better.
    if (!complete.empty() && complete.front().score + weights.clearly_better > fits.front().score) {
      if (is_tied(complete)) return tie(complete, language);
      return act(intent_of(complete.front()), language);
    }
    const Fit& best = fits.front();
    const auto names = [&] {
      std::vector<std::string> list;
      for (const auto* device : best.devices) list.push_back(device->name_with_room());
      return list;
    };
    const auto function = spoken_name(best.skill->ability->skill->skill.function_name);
    switch (best.kind) {
      case Fit::Kind::which_device: return ask_device(intent_of(best), best.devices, language);
      case Fit::Kind::too_many:
        return say(Decision::Kind::ask,
                   in(language, "I do that on at most ", "Das tue ich auf höchstens ") +
                       std::to_string(devices_at_once_max) +
                       in(language,
                          " devices at once; name some of these: ", " Geräten auf einmal; nenne einige von diesen: ") +
                       join(names(), in(language, " and ", " und ")) + ".",
                   language);
      case Fit::Kind::other_device:
        return say(Decision::Kind::ask,
                   join(names(), in(language, " and ", " und ")) +
                       (best.devices.size() > 1 ? in(language, " cannot ", " können das nicht: ")
                                                : in(language, " cannot ", " kann das nicht: ")) +
                       function + ".",
                   language);
      case Fit::Kind::unclear: return say(Decision::Kind::ask, best.doubts.front(), language);
      case Fit::Kind::missing:
      case Fit::Kind::complete: break;
    }
    return pursue(intent_of(best), language);
  }

  static Thought tie(const std::vector<Fit>& complete, Language language) {
    std::vector<std::string> skills;
    for (const auto& fit : complete) {
      if (complete.front().score - fit.score >= weights.equal_within) break;
      skills.push_back(path_of(fit) + in(language, " on ", " auf ") +
                       fit.skill->ability->skill->devices.front().name_with_room());
    }
    return say(Decision::Kind::ask,
               in(language, "More than one skill fits equally well: ", "Mehr als ein Skill passt gleich gut: ") +
                   join(skills, in(language, " and ", " und ")) +
                   in(language, ". I did nothing; name the device, or what it is about, more exactly.",
                      ". Ich habe nichts getan; nenne das Gerät oder die Sache genauer."),
               language);
  }

  Thought nothing(const Sentence& sentence) const {
    const auto language = sentence.language;
    const auto said = how_said(sentence, 0, sentence.words.size());
    std::string words;
    if (skills_.empty()) {
      words = in(language, "None of your devices offers a skill for that right now.",
                 "Keines deiner Geräte bietet gerade einen Skill dafür an.");
    } else if (find_later(sentence, 0, sentence.words.size(), false) && said.manner != Manner::question) {
      words = in(language, "I only act at once, not later or under a condition, so I did nothing.",
                 "Ich handle nur sofort, nicht später oder unter einer Bedingung; ich habe nichts getan.");
      return say(Decision::Kind::nothing, std::move(words), language);
    } else if (said.manner == Manner::question) {
      words = in(language, "I know no skill that answers this.", "Ich kenne keinen Skill, der das beantwortet.");
    } else if (said.manner == Manner::statement && !sentence.words.empty()) {
      words = in(language, "I only act on requests, so I did nothing.",
                 "Ich handle nur auf Bitten; ich habe nichts getan.");
    } else {
      words = in(language, "I know no skill that does this.", "Ich kenne keinen Skill, der das tut.");
    }
    auto examples = suggest(skills_, sentence, suggestions_max, true);
    if (examples.empty()) examples = suggest(skills_, sentence, suggestions_max, false);
    if (!examples.empty()) words += in(language, " Try: ", " Versuche: ") + quoted_list(examples) + ".";
    return say(Decision::Kind::nothing, std::move(words), language);
  }

  std::vector<SkillView> skills_;
  Household household_;
  Vocabulary vocabulary_;
};

/// The context that a turn leaves behind, as far as its answer shows that it went so.
Context after(Context context, Thought thought, const std::string& answered) {
  context.question.reset();
  if (answered.empty()) return context;
  context.language = thought.decision.language;
  if (thought.question && answered == thought.decision.words) context.question = std::move(thought.question);
  if (thought.decision.kind != Decision::Kind::act || tells_failure(answered)) return context;
  for (const auto& intent : thought.intents) context.remember(intent);
  context.last = std::move(thought.intents);
  return context;
}

Context context_of(const Talk& talk, const Interpreter& interpreter) {
  Context context;
  const std::size_t skipped = talk.before.size() - std::min(talk.before.size(), exchanges_max);
  for (std::size_t i = skipped; i < talk.before.size(); ++i)
    context = after(context, interpreter.interpret(talk.before[i].said, context), talk.before[i].answered);
  return context;
}

}  // namespace

Decision understand(const Talk& talk, const std::vector<Ability>& abilities) {
  const Interpreter interpreter(abilities);
  return interpreter.interpret(talk.said, context_of(talk, interpreter)).decision;
}

Language language_of(const Talk& talk) {
  Language language = Language::english;
  const std::size_t skipped = talk.before.size() - std::min(talk.before.size(), exchanges_max);
  for (std::size_t i = skipped; i < talk.before.size(); ++i)
    language = language_of(read_sentence(talk.before[i].said), language);
  return language_of(read_sentence(talk.said), language);
}

bool only_tells(const Ability& ability) {
  const auto view = view_skill(ability);
  return view && view->is_reading;
}

}  // namespace strawberry::bridge::rules

#include "bridge/rules/suggest.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "bridge/rules/lexicon.h"
#include "bridge/rules/wording.h"
#include "common/text/printable.h"

namespace strawberry::bridge::rules {
namespace {

std::string example_value(const Slot& slot) {
  switch (slot.kind) {
    case Slot::Kind::integer:
    case Slot::Kind::number: {
      const double least = slot.number.least.value_or(0);
      const double most = slot.number.most.value_or(std::max(least, slot.number.is_temperature ? 42.0 : 20.0));
      return std::to_string(static_cast<std::int64_t>(std::floor((least + most) / 2)));
    }
    case Slot::Kind::boolean: return "on";
    case Slot::Kind::choice:
      return slot.choices.empty()               ? "…"
             : slot.choices.front().is_string() ? slot.choices.front().get<std::string>()
                                                : slot.choices.front().dump();
    default: return "…";
  }
}

std::string example_of(const SkillView& skill) {
  const OfferedSkill& offered = *skill.ability->skill;
  std::string text = spoken_name(offered.skill.function_name);
  for (const auto& slot : skill.slots)
    if (slot.is_required)
      text += (skill.does("set") && slot.kind != Slot::Kind::boolean ? " to " : " ") + example_value(slot);
  const bool has_argument =
      std::any_of(skill.slots.begin(), skill.slots.end(), [](const Slot& s) { return s.is_required; });
  const bool says_enough = skill.particle.empty() || !skill.nouns.empty();
  if (offered.devices.size() == 1 && says_enough) return printable(text, 120);
  return printable(text + (has_argument || skill.particle.empty() ? " on " : " ") + offered.devices.front().name, 160);
}

/// How much of the sentence a skill is about.
int nearness(const SkillView& skill, const Sentence& sentence) {
  int near = 0;
  for (const auto& word : sentence.words) {
    if (word.is_quoted || is_empty_word(word.fold)) continue;
    if (asks_for(word.fold, skill.head) || word.stem == skill.head || word.fold == skill.particle) near += 2;
    if (contains(skill.nouns, word.stem) && !is_general_noun(word.stem)) near += 3;
    if (contains(skill.class_words, word.stem)) near += 2;
    if (contains(skill.doc_words, word.stem)) near += 1;
    for (const auto& device : skill.ability->skill->devices)
      if (contains(split_name(device.name), word.stem)) {
        near += 1;
        break;
      }
  }
  return near;
}

}  // namespace

std::vector<std::string> suggest(const std::vector<SkillView>& skills, const Sentence& sentence, std::size_t count,
                                 bool is_near) {
  struct Candidate {
    int near;
    const SkillView* skill;
  };
  std::vector<Candidate> candidates;
  for (const auto& skill : skills) candidates.push_back({is_near ? nearness(skill, sentence) : 0, &skill});
  if (is_near) std::erase_if(candidates, [](const Candidate& candidate) { return candidate.near < 2; });
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.near > b.near; });
  std::vector<std::string> examples;
  std::set<std::string> classes;
  // Without a hint what is wanted: one of each class first.
  for (const bool is_first : {true, false}) {
    for (const auto& candidate : candidates) {
      if (examples.size() == count) return examples;
      const auto& class_name = candidate.skill->ability->skill->skill.class_name;
      if (!is_near && is_first && classes.contains(class_name)) continue;
      auto example = example_of(*candidate.skill);
      if (std::find(examples.begin(), examples.end(), example) != examples.end()) continue;
      classes.insert(class_name);
      examples.push_back(std::move(example));
    }
  }
  return examples;
}

std::string quoted_list(const std::vector<std::string>& examples) {
  std::string text;
  for (const auto& example : examples) text += (text.empty() ? "“" : ", “") + example + "”";
  return text;
}

}  // namespace strawberry::bridge::rules

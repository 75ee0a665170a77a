#include "bridge/rules/skill_view.h"

#include <algorithm>

#include "bridge/rules/lexicon.h"
#include "bridge/rules/slot_doc.h"
#include "bridge/rules/words.h"
#include "common/contract/signature.h"

namespace strawberry::bridge::rules {
namespace {

using nlohmann::json;

Slot::Kind kind_of(const json& schema, Slot& slot) {
  if (schema.contains("enum")) {
    for (const auto& value : schema.at("enum")) slot.choices.push_back(value);
    return Slot::Kind::choice;
  }
  if (schema.contains("anyOf")) {
    for (const auto& any : schema.at("anyOf"))
      if (any.value("type", std::string()) != "null") return kind_of(any, slot);
    return Slot::Kind::other;
  }
  const auto type = schema.value("type", std::string());
  if (type == "integer") return Slot::Kind::integer;
  if (type == "number") return Slot::Kind::number;
  if (type == "boolean") return Slot::Kind::boolean;
  if (type == "object") return Slot::Kind::other;
  if (type == "array") {
    if (schema.contains("items")) {
      Slot item;
      slot.item = kind_of(schema.at("items"), item);
    }
    return Slot::Kind::list;
  }
  if (type.empty() && schema.contains("default")) {
    const auto& value = schema.at("default");
    if (value.is_boolean()) return Slot::Kind::boolean;
    if (value.is_number_integer()) return Slot::Kind::integer;
    if (value.is_number()) return Slot::Kind::number;
  }
  return Slot::Kind::text;
}

std::vector<std::string> name_words(const std::string& name) {
  auto words = split_name(name);
  for (auto& word : words) word = canonical(word);
  return words;
}

std::vector<std::string> class_words_of(const std::string& class_name) {
  auto words = name_words(class_name);
  std::erase_if(words, [](const std::string& word) {
    return word == "skill" || word == "control" || word == "controller" || word == "service" || word == "manager";
  });
  return words;
}

std::vector<std::string> doc_words_of(const std::string& docstring) {
  std::vector<std::string> words;
  for (auto& word : read_sentence(std::string_view(docstring).substr(0, 1000)).words)
    if (!word.is_quoted && !is_empty_word(word.fold)) words.emplace_back(canonical(word.stem));
  return words;
}

bool returns_something(const std::string& annotation) { return !annotation.empty() && annotation != "None"; }

bool returns_facts(const std::string& annotation) {
  return annotation == "int" || annotation == "float" || annotation.starts_with("dict") ||
         annotation.starts_with("list");
}

/// Whether the function only tells something. A function with a verb that the rules do not know may do anything; one
/// without a verb tells what it is called after, if its docstring or what it returns says so.
bool only_tells(const std::string& function_name, const SkillView& view, const Signature& signature,
                const std::string& docstring) {
  if (!view.particle.empty()) return false;
  const auto words = name_words(function_name);
  const std::string& head = words.front();
  if (is_one_of(head, {"get",  "read",   "check", "fetch",    "query",   "measure", "report",
                       "list", "search", "find",  "lookup",   "look",    "is",      "are",
                       "has",  "status", "count", "describe", "explain", "current", "state"}))
    return true;
  if (is_one_of(head, {"tell", "show"})) return returns_something(signature.return_annotation);
  if (!view.actions.empty()) return false;
  if (returns_facts(signature.return_annotation)) return true;
  const auto said = read_sentence(std::string_view(docstring).substr(0, docstring.find('\n'))).words;
  const bool names_fact = std::any_of(words.begin(), words.end(), [](const auto& word) { return is_fact(word); });
  if (said.empty()) return names_fact && returns_something(signature.return_annotation);
  if (is_determiner(said.front().fold) || said.front().fold == "how" || said.front().fold == "what" ||
      said.front().fold == "current" || is_fact(said.front().stem))
    return true;
  const auto meant = actions_of(said.front().stem);
  const auto tells = actions_of("get");
  return said.front().stem == "return" ||
         (said.front().stem != head && std::find(meant.begin(), meant.end(), tells.front()) != meant.end());
}

}  // namespace

bool SkillView::does(std::string_view action) const {
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}

bool SkillView::is_about(std::string_view noun) const {
  return contains(nouns, noun) || contains(class_words, noun) ||
         std::any_of(slots.begin(), slots.end(), [noun](const Slot& slot) { return contains(slot.words, noun); });
}

const Slot* SkillView::only_number() const {
  const Slot* found = nullptr;
  for (const auto& slot : slots) {
    if (!slot.is_required) continue;
    if (found != nullptr || (slot.kind != Slot::Kind::integer && slot.kind != Slot::Kind::number)) return nullptr;
    found = &slot;
  }
  return found;
}

bool SkillView::has_text_slot() const {
  return std::any_of(slots.begin(), slots.end(), [](const Slot& slot) {
    return slot.kind == Slot::Kind::text || (slot.kind == Slot::Kind::list && slot.item == Slot::Kind::text);
  });
}

std::optional<SkillView> view_skill(const Ability& ability) {
  const auto signature = parse_signature(ability.skill->skill.signature);
  if (!signature) return std::nullopt;
  SkillView view;
  view.ability = &ability;
  view.class_words = class_words_of(ability.skill->skill.class_name);
  view.doc_words = doc_words_of(ability.skill->skill.docstring);

  auto words = name_words(ability.skill->skill.function_name);
  if (words.empty()) return std::nullopt;
  const auto particle = std::find_if(words.begin(), words.end(), [](const auto& word) { return is_particle(word); });
  const bool is_phrase = particle != words.end() && (is_particle_verb(words.front()) || particle == words.begin() ||
                                                     actions_of(words.front()).empty());
  if (is_phrase) {
    view.particle = *particle;
    words.erase(particle);
    if (!words.empty() && is_particle_verb(words.front())) words.erase(words.begin());
    view.head = view.particle;
  } else {
    view.head = words.front();
    words.erase(words.begin());
  }
  view.actions = actions_of(view.head);
  // A function named by a noun alone (`temperature`, `weather`) gives what it is called.
  if (view.actions.empty()) words.push_back(view.head);
  view.nouns = std::move(words);

  const json schema = parameters_schema(*signature);
  for (const auto& parameter : signature->parameters) {
    if (parameter.kind == Parameter::Kind::var_positional || parameter.kind == Parameter::Kind::var_keyword) continue;
    Slot slot;
    slot.name = parameter.name;
    slot.words = name_words(parameter.name);
    slot.is_required = parameter.is_required();
    slot.kind = kind_of(schema.at("properties").at(parameter.name), slot);
    view.slots.push_back(std::move(slot));
  }
  view.is_reading = only_tells(ability.skill->skill.function_name, view, *signature, ability.skill->skill.docstring);
  read_slot_docs(ability.skill->skill.docstring, view);
  return view;
}

}  // namespace strawberry::bridge::rules

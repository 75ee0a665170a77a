#include "bridge/rules/context.h"

namespace strawberry::bridge::rules {

std::optional<Antecedent> Context::antecedent() const {
  if (last.empty()) return std::nullopt;
  Antecedent before;
  before.class_name = last.back().skill->ability->skill->skill.class_name;
  for (const auto& intent : last) {
    if (intent.skill->ability->skill->skill.class_name != before.class_name) continue;
    for (const auto* device : intent.chosen) before.device_ids.push_back(device->device_id);
  }
  return before;
}

const KnownValue* Context::find_value(const Ability* ability, const OfferingDevice* device) const {
  for (auto known = values.rbegin(); known != values.rend(); ++known)
    if (known->ability == ability && known->device == device) return &*known;
  return nullptr;
}

void Context::remember(const Intent& intent) {
  const Slot* slot = intent.skill->only_number();
  if (slot == nullptr || !intent.skill->does("set") || !intent.arguments.contains(slot->name)) return;
  for (const auto* device : intent.chosen) {
    if (values.size() >= values_known_max) values.erase(values.begin());
    values.push_back({intent.skill->ability, device, intent.arguments.at(slot->name).get<double>()});
  }
}

}  // namespace strawberry::bridge::rules

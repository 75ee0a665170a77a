#include "cli/spoke/discovery/skill_names.h"

#include <algorithm>
#include <map>

#include "cli/spoke/discovery/component.h"
#include "common/contract/device_name.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::size_t stem_bytes_max = 60;

/// `power-on behavior` → `PowerOnBehavior`.
std::string camel_case(std::string_view text) {
  std::string out;
  bool begins = true;
  for (const char c : normalize_device_name(text)) {
    if (c == '_') {
      begins = true;
      continue;
    }
    out += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    begins = false;
  }
  return out.substr(0, stem_bytes_max);
}

bool ends_with_folded(const std::string& text, const std::string& end) {
  if (text.size() < end.size()) return false;
  return std::equal(end.begin(), end.end(), text.end() - static_cast<std::ptrdiff_t>(end.size()),
                    [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

}  // namespace

std::string class_name_of(const Entity& entity) {
  const std::string kind = camel_case(entity.component->name());
  if (entity.name.empty()) return kind;
  std::string stem = camel_case(entity.name);
  if (stem.empty()) stem = camel_case(entity.object_id);
  if (stem.empty()) return kind;
  if (stem[0] >= '0' && stem[0] <= '9') return kind + stem;
  return ends_with_folded(stem, kind) ? stem : stem + kind;
}

void name_classes(const std::vector<Entity*>& entities) {
  std::map<std::string, std::vector<Entity*>> same;
  for (Entity* entity : entities) same[class_name_of(*entity)].push_back(entity);
  std::map<std::string, std::vector<Entity*>> chosen;
  for (const auto& [name, all] : same) {
    for (Entity* entity : all) chosen[all.size() == 1 ? name : name + camel_case(entity->object_id)].push_back(entity);
  }
  std::map<std::string, Entity*> taken;
  for (auto& [name, all] : chosen) {
    std::sort(all.begin(), all.end(), [](const Entity* a, const Entity* b) { return a->id < b->id; });
    for (Entity* entity : all) {
      std::string free = name;
      for (int number = 2; !taken.emplace(free, entity).second; ++number) free = name + "_" + std::to_string(number);
      entity->class_name = std::move(free);
    }
  }
}

}  // namespace strawberry::cli::discovery

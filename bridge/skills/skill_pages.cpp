// A user's skills in pages: those of each device for `list`, each once for `tools`.
#include <algorithm>
#include <iterator>
#include <utility>

#include "bridge/skills/skill_order.h"
#include "bridge/skills/skill_registry_user.h"

namespace strawberry::bridge {

std::optional<SkillRegistry::Page> SkillRegistry::page(const SkillQuery& query,
                                                       const std::optional<Place>& after) const {
  const User* user = find_user(query.user_id);
  if (user == nullptr) return Page();
  if (user->groups.size() > paged_skills_max) return std::nullopt;
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  std::vector<Slot> live;
  for (const Slot slot : user->groups.all()) {
    const auto& group = user->groups.at(slot);
    const bool is_offered = std::any_of(group.devices.begin(), group.devices.end(), [&](Slot each) {
      const Device* device = device_at(each);
      return device != nullptr && is_live(*device, heard_after) && may_use(query.rights, group, *device);
    });
    if (is_offered) live.push_back(slot);
  }
  const auto order = [&](Slot slot) { return order_of(user->groups.at(slot).text); };
  std::sort(live.begin(), live.end(), [&](Slot a, Slot b) { return order(a) < order(b); });
  auto first = live.begin();
  if (after)
    first =
        behind(first, live.end(), *after, [&](Slot slot) -> const SkillText& { return user->groups.at(slot).text; });
  const auto left = static_cast<std::size_t>(live.end() - first);
  const auto shown = std::min(left, query.skills_max);
  Page page;
  page.total = live.size();
  page.has_more = left > shown;
  const auto path = [&](Slot slot) {
    const auto& text = user->groups.at(slot).text;
    return std::pair(text.class_name(), text.function_name());
  };
  page.continues = first != live.begin() && first != live.end() && path(*first) == path(*std::prev(first));
  page.skills = offered(*user, {first, first + static_cast<std::ptrdiff_t>(shown)}, query.devices_max,
                        slot_of(query.sender_id), query.rights);
  return page;
}

SkillRegistry::ListPage SkillRegistry::list_page(const std::string& user_id, const std::optional<ListPlace>& from,
                                                 std::size_t skills_max, const Rights& rights) const {
  ListPage page;
  const bool is_limited = !rights.has(Scope::any_skill) || !rights.has(Scope::confirmed);
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  for (const auto* device : devices_.list(user_id)) {
    if (!is_live(*device, heard_after)) continue;
    const auto place = by_device_.find(device->row.device_id);
    if (place == by_device_.end()) continue;
    const Owned& owned = place->second;
    const auto& name = device->row.normalized_name;
    const bool is_before = page.next.has_value() || (from && name < from->device_name);
    std::size_t index = from && name == from->device_name ? from->skill : 0;
    if (!is_limited) page.total += owned.texts.size();
    if (is_limited)
      page.total +=
          static_cast<std::size_t>(std::count_if(owned.texts.begin(), owned.texts.end(), [&](const SkillText& text) {
            return may_use(owned, text, *device, rights);
          }));
    for (; !is_before && index < owned.texts.size(); ++index) {
      const SkillText& text = owned.texts[index];
      if (is_limited && !may_use(owned, text, *device, rights)) continue;
      if (page.skills.size() == skills_max) {
        page.next = ListPlace{name, index};
        break;
      }
      page.skills.push_back({text, device, index});
    }
  }
  return page;
}

}  // namespace strawberry::bridge

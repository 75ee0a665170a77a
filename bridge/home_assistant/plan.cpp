#include "bridge/home_assistant/plan.h"

#include <algorithm>
#include <utility>

namespace strawberry::bridge {
namespace {

/// FNV-1a: the same in every build, since it is stored.
std::int64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return static_cast<std::int64_t>(hash);
}

std::vector<std::string> buttons_removed(const Announcement& wanted, const AnnouncedRow& known) {
  std::vector<std::string> removed;
  for (const auto& button : known.buttons) {
    const bool stays = std::find(wanted.buttons.begin(), wanted.buttons.end(), button) != wanted.buttons.end();
    if (!stays && removed.size() < buttons_removed_max) removed.push_back(button);
  }
  return removed;
}

}  // namespace

Plan plan_announcement(const std::string& id, const std::optional<Announcement>& wanted,
                       const std::optional<AnnouncedRow>& known, Need needs) {
  Plan plan;
  if (!wanted) {
    if (known) plan.config = "";
    return plan;
  }
  auto config = wanted->config;
  AnnouncedRow row{id, wanted->user_id, 0, wanted->buttons};
  if (known && !drops_removed(needs)) {
    for (auto& button : buttons_removed(*wanted, *known)) {
      take_away_button(config, button);
      row.buttons.push_back(std::move(button));
      plan.names_removed = true;
    }
  }
  auto payload = config.dump();
  row.config_hash = hash_of(payload);
  const bool changed = !known || *known != row;
  if (changed || has(needs, Need::republish)) plan.config = std::move(payload);
  if (changed) plan.remember = std::move(row);
  plan.state = has(needs, Need::state | Need::republish) || !known;
  return plan;
}

}  // namespace strawberry::bridge

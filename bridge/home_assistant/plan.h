/// Compares the wanted announcement with the published one: returns what to publish and what to store. Pure.
///
/// A button that was removed is first announced as removed, so that a running Home Assistant removes it, and left out
/// when drops_removed().   Bounds: buttons_removed_max are announced as removed; further ones are just left out.
#pragma once

#include <optional>
#include <string>

#include "bridge/home_assistant/announcement.h"
#include "bridge/ports/announcements.h"

namespace strawberry::bridge {

inline constexpr std::size_t buttons_removed_max = 50;

/// The reasons to publish an announcement; a set.
enum class Need : unsigned {
  config = 1,        // may have changed
  state = 2,         // may have changed
  republish = 4,     // also when nothing has changed
  drop_removed = 8,  // removed buttons were announced long enough
  resync = 16,       // for a user: everything is published again
};
constexpr Need operator|(Need a, Need b) {
  return static_cast<Need>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(Need needs, Need one) { return (static_cast<unsigned>(needs) & static_cast<unsigned>(one)) != 0; }
/// False while the configuration may have changed, since it may have lost buttons that were not yet announced as
/// removed.
constexpr bool drops_removed(Need needs) { return has(needs, Need::drop_removed) && !has(needs, Need::config); }

struct Plan {
  std::optional<AnnouncedRow> remember;  // to store before anything is published
  std::optional<std::string> config;     // to publish, retained; empty: clear it, and the state with it
  bool state = false;                    // whether to publish its state, too
  bool names_removed = false;            // Need::drop_removed must follow later
};

Plan plan_announcement(const std::string& id, const std::optional<Announcement>& wanted,
                       const std::optional<AnnouncedRow>& known, Need needs);

}  // namespace strawberry::bridge

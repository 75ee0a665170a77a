/// From what is wanted of one announcement and what was published of it: what to publish and what to remember. Pure.
///
/// A button that was removed is first named as removed, so that a running Home Assistant removes it, and left out when
/// drops_removed().   Bounds: buttons_removed_max named; those beyond are just left out.
#pragma once

#include <optional>
#include <string>

#include "bridge/home_assistant/announcement.h"
#include "bridge/ports/announcements.h"

namespace strawberry::bridge {

inline constexpr std::size_t buttons_removed_max = 50;

/// What an announcement needs; a set.
enum class Need : unsigned {
  config = 1,        // may have changed
  state = 2,         // likewise
  republish = 4,     // also when nothing has changed
  drop_removed = 8,  // removed buttons have been named long enough
  resync = 16,       // of a user: everything of theirs
};
constexpr Need operator|(Need a, Need b) {
  return static_cast<Need>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(Need needs, Need one) { return (static_cast<unsigned>(needs) & static_cast<unsigned>(one)) != 0; }
/// A configuration that may have changed may have lost buttons that were never named as removed.
constexpr bool drops_removed(Need needs) { return has(needs, Need::drop_removed) && !has(needs, Need::config); }

struct Plan {
  std::optional<AnnouncedRow> remember;  // before anything is published
  std::optional<std::string> config;     // to publish, retained; empty: clear it, and the state with it
  bool state = false;                    // publish its state, too
  bool names_removed = false;            // needs Need::drop_removed later
};

Plan plan_announcement(const std::string& id, const std::optional<Announcement>& wanted,
                       const std::optional<AnnouncedRow>& known, Need needs);

}  // namespace strawberry::bridge

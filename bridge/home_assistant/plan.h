/// From what is wanted of one announcement and what was published of it: what to publish and what to remember. Pure.
///
/// A button that is gone is first named as taken away, so that a Home Assistant which is there removes it, and left out
/// when Look::tidy says that it has been shown long enough.   Bounds: buttons_gone_max; those beyond are just left out.
#pragma once

#include <optional>
#include <string>

#include "bridge/home_assistant/announcement.h"
#include "bridge/ports/announcements.h"

namespace strawberry {

inline constexpr std::size_t buttons_gone_max = 50;

/// What may have changed about something, or is to be done about it.
struct Look {
  bool config = false;
  bool state = false;
  bool again = false;  // publish it though it be the same
  bool tidy = false;   // no longer mention what is gone

  /// Of two looks at the configuration, one that is not tidy wins: what it finds gone was never named.
  Look& operator|=(const Look& more);
  bool operator==(const Look&) const = default;
};
inline constexpr Look only_state{false, true, false, false};

struct Plan {
  std::optional<AnnouncedRow> remember;  // before anything is published
  std::optional<std::string> config;     // to publish, retained; empty: clear it, and the state with it
  bool state = false;                    // publish its state, too
  bool mentions_gone = false;            // look again, tidily
};

Plan plan_announcement(const std::string& id, const std::optional<Announcement>& wanted,
                       const std::optional<AnnouncedRow>& known, const Look& look);

}  // namespace strawberry

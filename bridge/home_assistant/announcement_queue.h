/// Orders announcements, so that thousands of devices do not delay others: first those that changed, then those of
/// users whose announcements are all published again (a resync), users taking turns; a limited number per turn. No I/O.
///
/// Threading: loop only.   Bounds: one entry for each id that changed, one for each id and need that is due later, one
/// resync for each user; Options. A user whose Home Assistant restarts repeatedly gets one resync every resyncs_apart.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bridge/home_assistant/plan.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class AnnouncementQueue {
 public:
  struct Options {
    std::size_t per_turn_max = 10;
    std::chrono::milliseconds turns_apart{50};
    /// How long changes of a hub's numbers are collected before they are published.
    std::chrono::milliseconds numbers_gathered_for{2'000};
    std::chrono::milliseconds resyncs_apart{30'000};
    /// How long a removed button is announced as removed.
    std::chrono::milliseconds removed_named_for{600'000};
  };
  struct Pending {
    std::string id;
    Need needs;
  };
  /// Returns the announced ids of a user, in order: the hub, then the devices.
  using IdsOf = std::function<std::vector<std::string>(const std::string& user_id)>;

  AnnouncementQueue(const Clock& clock, IdsOf ids_of, Options options)
      : clock_(clock), ids_of_(std::move(ids_of)), options_(options) {}

  void add(const std::string& id, Need needs);
  /// Called when a hub's numbers changed: they are published soon.
  void numbers_changed(const std::string& user_id) { add_later(user_id, Need::state, options_.numbers_gathered_for); }
  /// Called when removed buttons were announced: they are left out later.
  void drop_removed_later(const std::string& id) { add_later(id, Need::drop_removed, options_.removed_named_for); }
  /// Announces everything of a user again.
  void resync(const std::string& user_id);
  void home_assistant_started(const std::string& user_id);
  /// Cancels resyncs that are not finished, since the connection to the broker is new.
  void cancel_resyncs();

  /// Returns the announcements of one turn; no id twice.
  std::vector<Pending> take();
  /// Returns when take() will return something; nothing when the queue is empty.
  std::optional<SteadyTime> next() const;

 private:
  struct Resync {
    std::string user_id;
    std::optional<std::vector<std::string>> ids;  // read when the first of them is taken
    std::size_t next = 0;
  };
  void add_later(const std::string& id, Need need, std::chrono::nanoseconds after);
  void take_due();
  void take_from_resyncs(std::vector<Pending>& taken);

  const Clock& clock_;
  const IdsOf ids_of_;
  const Options options_;
  std::deque<std::string> order_;
  std::unordered_map<std::string, Need> changed_;  // needs of the ids in order_
  std::deque<Resync> resyncs_;
  std::unordered_set<std::string> users_in_resyncs_;
  std::multimap<SteadyTime, Pending> later_;
  std::set<std::pair<std::string, Need>> in_later_;
  std::unordered_map<std::string, SteadyTime> next_resync_;  // key: user; not before this time
  SteadyTime next_turn_{};
};

}  // namespace strawberry::bridge

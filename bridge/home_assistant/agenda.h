/// What is to be looked at next, so that announcing thousands of devices delays nobody: news first, then the rounds in
/// which everything of a user is announced again, users taking turns; so many looks a turn. Plain code.
///
/// Threading: loop only.   Bounds: one entry an id in the news and of each kind that waits, one round a user; Options.
/// A user whose Home Assistant says hello again and again gets one round every births_apart.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bridge/home_assistant/plan.h"
#include "common/text/clock.h"

namespace strawberry {

class Agenda {
 public:
  struct Options {
    std::size_t looks_per_turn_max = 10;
    std::chrono::milliseconds turns_apart{50};
    /// How long a hub's numbers may change before they are published.
    std::chrono::milliseconds numbers_gathered_for{2'000};
    std::chrono::milliseconds births_apart{30'000};
    /// How long a button that is gone is named as taken away.
    std::chrono::milliseconds gone_shown_for{600'000};
  };
  struct Item {
    std::string id;
    Look look;
  };
  /// Everything of a user that is announced, in order: the hub, then the devices.
  using IdsOf = std::function<std::vector<std::string>(const std::string& user_id)>;

  Agenda(const Clock& clock, IdsOf ids_of, Options options)
      : clock_(clock), ids_of_(std::move(ids_of)), options_(options) {}

  void add(const std::string& id, const Look& look);
  /// A hub's numbers changed; soon.
  void numbers_changed(const std::string& user_id);
  /// Something was published that mentions what is gone.
  void tidy_later(const std::string& id);
  /// All of a user's again.
  void add_round(const std::string& user_id);
  /// The user's Home Assistant says that it is there.
  void born(const std::string& user_id);
  /// Rounds not begun or not done; of a connection that is lost.
  void drop_rounds();

  /// What one turn looks at; never one id twice.
  std::vector<Item> take();
  /// When there will be something to take; nothing when there is nothing to wait for.
  std::optional<SteadyTime> next() const;

 private:
  struct Round {
    std::string user_id;
    std::optional<std::vector<std::string>> ids;  // asked for when its turn has come
    std::size_t next = 0;
  };
  using Ids = std::unordered_set<std::string>;
  struct Later {
    std::string id;
    Look look;
    Ids* waiting;  // has the id until it is due
  };
  void add_later(const std::string& id, std::chrono::milliseconds after, const Look& look, Ids& waiting);
  void take_due();
  void take_from_rounds(std::vector<Item>& items);

  const Clock& clock_;
  const IdsOf ids_of_;
  const Options options_;
  std::deque<std::string> order_;
  std::unordered_map<std::string, Look> news_;  // of those in order_
  std::deque<Round> rounds_;
  Ids users_with_round_;
  std::multimap<SteadyTime, Later> later_;
  Ids numbers_waiting_;                                  // hubs in later_, for their numbers
  Ids tidy_waiting_;                                     // in later_, to be tidied
  std::unordered_map<std::string, SteadyTime> births_;   // by user: not again before
  std::multimap<SteadyTime, std::string> births_later_;  // users
  SteadyTime next_turn_{};
};

}  // namespace strawberry

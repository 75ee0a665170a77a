/// A queue that is fair to users: users take turns, and so do the senders of one user, so that no backlog delays
/// another.
///
/// Threading: none of its own.   Bounds: Options; ask has_room_for() first.
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace strawberry {

template <class Item>
class FairQueue {
 public:
  struct Options {
    std::size_t items_max = 20'000;
    std::size_t items_per_sender_max = 1'000;
    std::size_t bytes_max = 64 * 1024 * 1024;
    std::size_t bytes_per_user_max = std::numeric_limits<std::size_t>::max();
  };

  explicit FairQueue(Options options) : options_(options) {}

  /// True when push() may be called. `bytes`: the size that the item counts with.
  bool has_room_for(const std::string& user, const std::string& sender, std::size_t bytes) const {
    if (items_ >= options_.items_max || bytes_ + bytes > options_.bytes_max) return false;
    if (bytes_of(user) + bytes > options_.bytes_per_user_max) return false;
    const auto turn = by_user_.find(user);
    if (turn == by_user_.end()) return options_.items_per_sender_max > 0;
    const auto pile = turn->second->by_sender.find(sender);
    const std::size_t items = pile == turn->second->by_sender.end() ? 0 : pile->second->items.size();
    return items < options_.items_per_sender_max;
  }
  /// Precondition: has_room_for() returned true.
  void push(const std::string& user, const std::string& sender, Item item, std::size_t bytes) {
    auto& turn = turn_of(turns_, by_user_, user);
    turn_of(turn.senders, turn.by_sender, sender).items.emplace_back(std::move(item), bytes);
    turn.bytes += bytes;
    ++items_;
    bytes_ += bytes;
  }

  /// Returns the next item, of the next sender of the next user; nothing when the queue is empty.
  std::optional<Item> pop() {
    if (turns_.empty()) return std::nullopt;
    auto& turn = turns_.front();
    auto& pile = turn.senders.front();
    auto [item, bytes] = std::move(pile.items.front());
    pile.items.pop_front();
    turn.bytes -= bytes;
    --items_;
    bytes_ -= bytes;
    end_turn(turn.senders, turn.by_sender, pile.items.empty());
    end_turn(turns_, by_user_, turn.senders.empty());
    return std::move(item);
  }

  std::size_t size() const { return items_; }
  std::size_t bytes() const { return bytes_; }
  /// Returns the size of one user's items.
  std::size_t bytes_of(const std::string& user) const {
    const auto turn = by_user_.find(user);
    return turn == by_user_.end() ? 0 : turn->second->bytes;
  }
  bool empty() const { return items_ == 0; }

 private:
  template <class Entry>
  using Index = std::unordered_map<std::string, typename std::list<Entry>::iterator>;

  struct Pile {
    std::string name;
    std::deque<std::pair<Item, std::size_t>> items;
  };
  struct Turn {
    std::string name;
    std::list<Pile> senders;  // the next to be served comes first
    Index<Pile> by_sender;
    std::size_t bytes = 0;
  };

  template <class Entry>
  static Entry& turn_of(std::list<Entry>& turns, Index<Entry>& by_name, const std::string& name) {
    if (const auto known = by_name.find(name); known != by_name.end()) return *known->second;
    turns.emplace_back().name = name;
    by_name.emplace(name, std::prev(turns.end()));
    return turns.back();
  }
  /// Moves the entry that was served to the back, or removes it when it is empty.
  template <class Entry>
  static void end_turn(std::list<Entry>& turns, Index<Entry>& by_name, bool has_nothing_left) {
    if (has_nothing_left) {
      by_name.erase(turns.front().name);
      turns.pop_front();
    } else {
      turns.splice(turns.end(), turns, turns.begin());
    }
  }

  Options options_;
  std::list<Turn> turns_;  // the next to be served comes first
  Index<Turn> by_user_;
  std::size_t items_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace strawberry

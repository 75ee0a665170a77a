/// Storage that users share. When it is full, the user who holds most loses its oldest item, so that a user who fills
/// the storage loses only its own items. Each user's share depends on the number of users.
///
/// Threading: none of its own.   Cost: logarithmic in the number of users who hold something.
/// Bounds: `max` over the costs of all items, provided the owner calls make_room() until it returns nothing.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/text/by_text.h"

namespace strawberry {

template <class Item>
class SharedRoom {
 public:
  explicit SharedRoom(std::size_t max) : max_(max) {}
  SharedRoom(const SharedRoom&) = delete;  // the keys of holdings_, which by_cost_ views, must not move
  SharedRoom& operator=(const SharedRoom&) = delete;

  void put(std::string_view user, Item item, std::size_t cost) {
    auto found = holdings_.find(user);
    if (found == holdings_.end()) found = holdings_.emplace(std::string(user), Holding()).first;
    found->second.items.emplace_back(std::move(item), cost);
    change_cost(found, found->second.cost + cost);
  }
  /// Removes and returns the oldest item of the user who holds most; nothing when everything fits.
  std::optional<Item> make_room() {
    if (used_ <= max_) return std::nullopt;
    return take(holdings_.find(by_cost_.rbegin()->second));
  }
  /// Removes and returns the user's oldest item; nothing when there is none.
  std::optional<Item> take_oldest(std::string_view user) {
    const auto found = holdings_.find(user);
    if (found == holdings_.end()) return std::nullopt;
    return take(found);
  }
  /// Returns the cost of all items.
  std::size_t used() const { return used_; }

 private:
  struct Holding {
    std::deque<std::pair<Item, std::size_t>> items;  // with their costs, oldest first
    std::size_t cost = 0;
  };
  using Holdings = ByText<Holding>;

  std::optional<Item> take(typename Holdings::iterator of) {
    auto [item, cost] = std::move(of->second.items.front());
    of->second.items.pop_front();
    change_cost(of, of->second.cost - cost);
    if (of->second.items.empty()) {
      by_cost_.erase({of->second.cost, of->first});
      holdings_.erase(of);
    }
    return std::move(item);
  }
  void change_cost(typename Holdings::iterator of, std::size_t cost) {
    by_cost_.erase({of->second.cost, of->first});
    used_ += cost - of->second.cost;
    of->second.cost = cost;
    by_cost_.emplace(cost, of->first);
  }

  const std::size_t max_;
  std::size_t used_ = 0;
  Holdings holdings_;
  std::set<std::pair<std::size_t, std::string_view>> by_cost_;  // the user who holds most comes last
};

}  // namespace strawberry

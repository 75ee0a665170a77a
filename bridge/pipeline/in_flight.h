/// How many requests are being worked on: in all, of each sender and of each user.
///
/// Threading: loop only.   Bounds: Limits; has_room_for() is to be asked before add().
#pragma once

#include <string>
#include <unordered_map>

#include "common/contract/principal.h"

namespace strawberry::bridge {

class InFlight {
 public:
  struct Limits {
    std::size_t all_max;
    std::size_t per_user_max;
    std::size_t per_sender_max;
  };
  explicit InFlight(Limits limits) : limits_(limits) {}

  bool has_room_for(const Principal& sender) const {
    return all_ < limits_.all_max && count(by_sender_, sender.id) < limits_.per_sender_max &&
           (sender.user_id.empty() || count(by_user_, sender.user_id) < limits_.per_user_max);
  }
  void add(const Principal& sender) {
    ++all_;
    ++by_sender_[sender.id];
    ++by_user_[sender.user_id];
  }
  void remove(const Principal& sender) {
    --all_;
    take_one(by_sender_, sender.id);
    take_one(by_user_, sender.user_id);
  }
  std::size_t size() const { return all_; }

 private:
  using Counts = std::unordered_map<std::string, std::size_t>;
  static std::size_t count(const Counts& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  }
  static void take_one(Counts& counts, const std::string& name) {
    const auto found = counts.find(name);
    if (--found->second == 0) counts.erase(found);
  }

  const Limits limits_;
  std::size_t all_ = 0;
  Counts by_sender_;
  Counts by_user_;
};

}  // namespace strawberry::bridge

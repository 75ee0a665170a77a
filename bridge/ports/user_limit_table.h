/// How much each user may have: what an admin has set for that user, else what the configuration says. Known in memory,
/// so that a limit that is changed holds at once.
///
/// Threading: loop only.   Bounds: users with limits of their own: as many as the database has.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "bridge/ports/limit_store.h"

namespace strawberry::bridge {

class UserLimitTable {
 public:
  /// By LimitKind. 0: any number.
  using Defaults = std::array<std::int64_t, limits_count>;

  explicit UserLimitTable(Defaults defaults) : defaults_(defaults) {}

  /// 0: any number.
  std::int64_t of(const std::string& user_id, LimitKind kind) const {
    const auto own = own_.find(user_id);
    if (own != own_.end())
      if (const auto value = own->second.find(kind); value != own->second.end()) return value->second;
    return defaults_[static_cast<std::size_t>(kind)];
  }
  bool is_own(const std::string& user_id, LimitKind kind) const {
    const auto own = own_.find(user_id);
    return own != own_.end() && own->second.contains(kind);
  }
  /// Without a value it is the configuration's again.
  void set(const std::string& user_id, LimitKind kind, std::optional<std::int64_t> value) {
    if (value) {
      own_[user_id][kind] = *value;
      return;
    }
    const auto own = own_.find(user_id);
    if (own == own_.end()) return;
    own->second.erase(kind);
    if (own->second.empty()) own_.erase(own);
  }
  void forget(const std::string& user_id) { own_.erase(user_id); }
  std::size_t users() const { return own_.size(); }

 private:
  const Defaults defaults_;
  std::unordered_map<std::string, UserLimitRows> own_;
};

}  // namespace strawberry::bridge

/// Every account, in memory: who is an admin or a guest, who is disabled.
///
/// The database is the truth; the directory is changed after it. Threading: loop only.
/// Bounds: users_max.   Pointers and references stay good until the account is changed or removed.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/ports/user_store.h"

namespace strawberry::bridge {

class UserDirectory {
 public:
  static constexpr std::size_t users_max = 100'000;

  const UserRow* find(std::string_view user_id) const {
    const auto found = users_.find(user_id);
    return found == users_.end() ? nullptr : &found->second;
  }
  /// Of a user without an account: a member.
  const UserStanding& standing_of(std::string_view user_id) const {
    static const UserStanding member;
    const UserRow* user = find(user_id);
    return user == nullptr ? member : user->standing;
  }
  /// By id.
  const std::map<std::string, UserRow, std::less<>>& all() const { return users_; }
  bool is_full() const { return users_.size() >= users_max; }

  void put(UserRow user) {
    std::string id = user.user_id;
    users_.insert_or_assign(std::move(id), std::move(user));
  }
  /// Guests of the user are nobody's guests then.
  void remove(const std::string& user_id) {
    users_.erase(user_id);
    for (auto& [id, user] : users_) {
      if (user.standing.guest_of == user_id) user.standing.guest_of.clear();
    }
  }

 private:
  std::map<std::string, UserRow, std::less<>> users_;
};

}  // namespace strawberry::bridge

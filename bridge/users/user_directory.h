/// All accounts in memory: roles, guests, disabled users.
///
/// The database is authoritative; the directory is changed after it. Threading: loop only.
/// Bounds: users_max.   Pointers and references stay valid until the account is changed or removed.
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
  /// Returns the defaults (a member) for a user without an account.
  const UserStanding& standing_of(std::string_view user_id) const {
    static const UserStanding member;
    const UserRow* user = find(user_id);
    return user == nullptr ? member : user->standing;
  }
  /// Key: user id.
  const std::map<std::string, UserRow, std::less<>>& all() const { return users_; }
  bool is_full() const { return users_.size() >= users_max; }

  void put(UserRow user) {
    std::string id = user.user_id;
    users_.insert_or_assign(std::move(id), std::move(user));
  }
  /// Does to a user that is there what the store did: two changes that are stored one after the other may be told of
  /// in any order, and neither takes back the other.
  void change(const std::string& user_id, const UserChange& change) {
    const auto found = users_.find(user_id);
    if (found == users_.end()) return;
    UserRow& user = found->second;
    user.name = change.name.value_or(user.name);
    user.standing = change.applied_to(user.standing);
    user.password_hash = change.password_hash.value_or(user.password_hash);
  }
  /// Guests of the user no longer have a host then.
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

/// The role of a user: `admin` runs the hub, a `member` has devices, a `guest` sees and calls those of a member. A user
/// without an account is a member.
///
/// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/contract/rights.h"

namespace strawberry {

enum class Role { member, admin, guest };

inline std::string_view to_string(Role role) {
  switch (role) {
    case Role::member: return "member";
    case Role::admin: return "admin";
    case Role::guest: return "guest";
  }
  return "member";
}

inline std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::member, Role::admin, Role::guest}) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

/// The most that a token of a user with this role may do.
inline constexpr Scopes scopes_of(Role role) { return role == Role::guest ? guest_scopes : Scopes::all(); }

/// The role and state of a user. The defaults are those of a user without an account.
struct UserStanding {
  Role role = Role::member;
  std::string guest_of = {};  // for a guest: the user whose devices it sees; empty: none
  bool is_disabled = false;

  bool operator==(const UserStanding&) const = default;
};

/// Returns the user whose devices the user sees and calls: itself, or its host.
inline std::string_view house_of(std::string_view user_id, const UserStanding& standing) {
  return standing.role == Role::guest && !standing.guest_of.empty() ? std::string_view(standing.guest_of) : user_id;
}

}  // namespace strawberry

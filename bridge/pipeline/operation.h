/// An operation of a service as data: its name, which principals may ask for it, for whom it acts, its handler, the
/// scope that a token needs, and the quota it counts for. What all requests need is decided here from the row, before a
/// handler runs; docs/permissions.md is made from the rows.
///
/// A row is valid with its request schema, `schemas/<service>/<op>.json`. `who_may` has no default: a row without it
/// does not compile.
///
/// Threading: tables are constants.   Errors: permit().
#pragma once

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/contract/rights.h"
#include "common/contract/role.h"
#include "common/contract/topics.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct Request;
class RequestHandler;

/// The types of principals that may ask; at least one.
class WhoMay {
 public:
  consteval WhoMay(std::initializer_list<PrincipalType> types) {
    for (const auto type : types) types_ |= bit(type);
    if (types_ == 0) throw "an operation that nobody may ask for";
  }
  constexpr bool includes(PrincipalType type) const { return (types_ & bit(type)) != 0; }

 private:
  static constexpr unsigned bit(PrincipalType type) { return 1U << static_cast<unsigned>(type); }
  unsigned types_ = 0;
};

/// Whose data an operation reads and writes: that of the acting user.
enum class ActsFor {
  own_user,     // the principal's own user; an admin has none
  user,         // the same, and an admin names a user
  user_or_all,  // the same, and an admin that names no user acts for all of them
};

/// What the token must be good for.
class Needs {
 public:
  /// A token that is not limited. What is said of no operation.
  static consteval Needs full() { return Needs(Kind::full, Scope::users); }
  /// Any token.
  static consteval Needs nothing() { return Needs(Kind::nothing, Scope::users); }
  consteval Needs(Scope scope) : Needs(Kind::scope, scope) {}

  constexpr bool are_met_by(const Rights& rights) const {
    return kind_ == Kind::nothing || (kind_ == Kind::full ? rights.is_full() : rights.has(scope_));
  }
  /// For people: `skills:read`, `a token that is not limited`, or nothing.
  std::string_view text() const {
    if (kind_ == Kind::nothing) return "";
    return kind_ == Kind::full ? std::string_view("all") : to_string(scope_);
  }

 private:
  enum class Kind { full, nothing, scope };
  consteval Needs(Kind kind, Scope scope) : kind_(kind), scope_(scope) {}
  Kind kind_;
  Scope scope_;
};

/// Which quota of the acting user (pipeline/user_quota.h) an operation takes one of.
enum class CountsAs { nothing, chat };
inline constexpr std::size_t quotas_count = 2;

struct Operation {
  using Handler = Task<Reply<nlohmann::json>> (*)(RequestHandler& service, Request request);

  consteval Operation(std::string_view name, WhoMay principals, ActsFor whom, Handler function,
                      Needs scope = Needs::full(), CountsAs counts = CountsAs::nothing)
      : op(name), who_may(principals), acts_for(whom), handler(function), needs(scope), counts_as(counts) {}
  consteval Operation(std::string_view name, WhoMay principals, ActsFor whom, Handler function, Scope scope,
                      CountsAs counts = CountsAs::nothing)
      : Operation(name, principals, whom, function, Needs(scope), counts) {}

  std::string_view op;
  WhoMay who_may;
  ActsFor acts_for;
  Handler handler;
  Needs needs;
  CountsAs counts_as;
};

struct OperationTable {
  const Operation* find(std::string_view op) const {
    const auto found =
        std::find_if(operations.begin(), operations.end(), [&](const auto& row) { return row.op == op; });
    return found == operations.end() ? nullptr : &*found;
  }

  Service service;
  std::span<const Operation> operations;
  /// What a principal of this type is told that is not among an operation's `who_may`.
  std::string_view (*refusal)(PrincipalType type);
};

/// What a principal may, beside what its type allows.
struct Allowance {
  Rights rights = {};          // of its token, within what the role allows
  UserStanding standing = {};  // of its user
};

/// An admin, or a user who is one and comes with a token that may do all.
bool is_admin(const Principal& principal, const Allowance& allowance);

/// The acting user of a request with this valid `body`: the principal's own, or the one that an admin names; empty for
/// an admin without one, where `acts_for` allows it. A user who is an admin acts for itself unless it names another; a
/// guest acts for itself, but on its host's devices and skills. Errors: `forbidden` when the principal or its token may
/// not ask, or it names another user without being an admin; `bad_request` when an admin names none and has to.
Reply<std::string> permit(const OperationTable& table, const Operation& operation, const Principal& principal,
                          const nlohmann::json& body, const Allowance& allowance = {});

}  // namespace strawberry::bridge

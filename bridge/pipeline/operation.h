/// An operation of a service as data: its name, which principals may ask for it, for whom it acts, its handler, and the
/// quota it counts for.
/// What all requests need is decided here from the row, before a handler runs; docs/permissions.md is made from the
/// rows.
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
#include "common/contract/topics.h"
#include "common/runtime/task.h"

namespace strawberry {

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

/// Which quota of the acting user (pipeline/user_quota.h) an operation takes one of.
enum class CountsAs { nothing, chat };
inline constexpr std::size_t quotas_count = 2;

struct Operation {
  using Handler = Task<Reply<nlohmann::json>> (*)(RequestHandler& service, Request request);

  consteval Operation(std::string_view name, WhoMay principals, ActsFor whom, Handler function,
                      CountsAs counts = CountsAs::nothing)
      : op(name), who_may(principals), acts_for(whom), handler(function), counts_as(counts) {}

  std::string_view op;
  WhoMay who_may;
  ActsFor acts_for;
  Handler handler;
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

/// The acting user of a request with this valid `body`: the principal's own, or the one that an admin names; empty for
/// an admin without one, where `acts_for` allows it. Errors: `forbidden` when the principal may not ask, or names
/// another user without being an admin; `bad_request` when an admin names none and has to.
Reply<std::string> permit(const OperationTable& table, const Operation& operation, const Principal& principal,
                          const nlohmann::json& body);

}  // namespace strawberry

/// Decides which principal may do what on which topic: docs/contract.md, section 2, as code. Anything not listed is
/// denied.
///
/// Pure: the result depends on the arguments, the owners of devices and the roles of users, never on connections or
/// time. Threading: any.   Bounds: those of a canonical topic (topic.h).
#pragma once

#include <string_view>

#include "broker-plugin/topic.h"
#include "common/contract/principal.h"
#include "common/contract/rights.h"
#include "common/contract/role.h"

namespace strawberry::plugin {

enum class Access {
  read,       // a message is about to be delivered
  write,      // a connected client publishes
  will,       // the broker publishes the will of a client that has left
  subscribe,  // `topic` is a filter
};
std::string_view to_string(Access access);

enum class Verdict {
  allowed,
  not_canonical,        // too long, too many levels, empty levels, control characters, misplaced wildcards
  not_listed,           // no rule of the contract allows it to any principal of this type
  not_yours,            // it is allowed to another principal
  not_in_scope,         // the token does not have the scope, or a guest may not
  retained,             // this topic carries no retained messages
  will_is_no_request,   // wills cannot be stamped with their principal, so they may not look like requests
  shared_subscription,  // for the bridge and admins only
  // Not returned by check_topic(), which knows neither payloads nor connections:
  too_large,         // a status of more than status_bytes_max
  too_many_filters,  // Subscriptions::Options
};
std::string_view to_string(Verdict verdict);

class DeviceOwners {
 public:
  virtual ~DeviceOwners() = default;
  /// Returns the owner of a device; empty when there is no such device.
  virtual std::string_view owner_of(std::string_view device_id) const = 0;
  /// The default, for a user without an account: a member.
  virtual const UserStanding& standing_of(std::string_view /*user_id*/) const {
    static const UserStanding member;
    return member;
  }
};

/// The principal, and the rights of its token.
struct Client {
  Client(const Principal& who, Scopes of_token = Scopes::all()) : principal(who), scopes(of_token) {}
  const Principal& principal;
  Scopes scopes;
};

Verdict check_topic(const Client& client, Access access, const Topic& topic, bool retain, const DeviceOwners& owners);

}  // namespace strawberry::plugin

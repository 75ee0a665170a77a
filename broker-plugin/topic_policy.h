/// Who may do what on which topic: docs/contract.md, section 2, as code. What is not listed is denied.
///
/// Pure: the answer depends on the arguments, on who owns a device and what a user is, never on connections or time.
/// Threading: any.   Bounds: those of a canonical topic (topic.h).
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
  will,       // the broker publishes the will of a client that is gone
  subscribe,  // `topic` is a filter
};
std::string_view to_string(Access access);

enum class Verdict {
  allowed,
  not_canonical,        // too long, too many levels, empty levels, control characters, misplaced wildcards
  not_listed,           // no rule of the contract allows it to anybody of this type
  not_yours,            // it would be allowed to somebody else
  not_in_scope,         // the token does not have the scope for it, or a guest may not
  retained,             // this topic carries no retained messages
  will_is_no_request,   // wills cannot be stamped with their sender, so they may not look like requests
  shared_subscription,  // for the bridge and admins only
  // Not said by check_topic(), which knows neither payloads nor connections:
  too_large,         // a status of more than status_bytes_max
  too_many_filters,  // Subscriptions::Options
};
std::string_view to_string(Verdict verdict);

class DeviceOwners {
 public:
  virtual ~DeviceOwners() = default;
  /// The user a device belongs to; empty when there is no such device.
  virtual std::string_view owner_of(std::string_view device_id) const = 0;
  /// Of a user without an account: a member.
  virtual const UserStanding& standing_of(std::string_view /*user_id*/) const {
    static const UserStanding member;
    return member;
  }
};

/// Who asks, and what its token may do of what it may.
struct Client {
  Client(const Principal& who, Scopes of_token = Scopes::all()) : principal(who), scopes(of_token) {}
  const Principal& principal;
  Scopes scopes;
};

Verdict check_topic(const Client& client, Access access, const Topic& topic, bool retain, const DeviceOwners& owners);

}  // namespace strawberry::plugin

/// `users` `quota`: of each limit of a user what it is, what is used, and when it is to be had again; and changing the
/// limits of one user, which holds at once (docs/contract.md, section 7).
///
/// Threading: loop only.   Lifetime: the parts outlive it.   Errors: the store's.   Bounds: limits_count entries.
#pragma once

#include <string>

#include "bridge/devices/device_registry.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/limit_store.h"
#include "bridge/ports/user_limit_table.h"
#include "bridge/skills/skill_registry.h"
#include "bridge/usage/user_limits.h"
#include "bridge/users/limit_change.h"

namespace strawberry::bridge {

class QuotaService final : public RequestHandler {
 public:
  struct Parts {
    const Clock& clock;
    const DeviceRegistry& devices;
    const SkillRegistry& skills;
    const UserLimits& chats;
    LimitStore& store;
    UserLimitTable& limits;
  };
  explicit QuotaService(Parts parts) : parts_(parts) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

  /// Stored, then in force.
  Task<Reply<void>> change(std::string user_id, LimitChange change);
  /// Those of the user that are not the configuration's, by name.
  nlohmann::json own_limits(const std::string& user_id) const;

 private:
  Task<Reply<nlohmann::json>> quota(Request request);
  nlohmann::json entry(const std::string& user_id, LimitKind kind, const StoredAmounts& stored) const;

  const Parts parts_;
};

}  // namespace strawberry::bridge

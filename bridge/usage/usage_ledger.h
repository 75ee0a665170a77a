/// Who used how many tokens of which model, day by day (UTC).
///
/// Threading: loop only.   Lifetime: outlives the chats.   Errors: report() gives the store's.
/// Bounds: one row a user, device, provider, model and day.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/llm/provider.h"
#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

class UsageLedger {
 public:
  virtual ~UsageLedger() = default;
  /// After each answer of a model, also in the middle of a turn.
  virtual void record(const Principal& sender, const ModelReply& reply) = 0;
  /// The operation `usage`: what the user used in the last `days`.
  virtual Task<Reply<nlohmann::json>> report(std::string user_id, int days) = 0;
};

}  // namespace strawberry::bridge

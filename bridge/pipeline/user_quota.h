/// What a user may do only so often, or use only so much of: the pipeline takes one of it before an operation that
/// counts runs, and gives it back when that turns out not to have run.
///
/// Threading: loop only.   Errors: rate_limited, quota_exceeded (details.retry_after_ms).
#pragma once

#include <optional>
#include <string>

#include "bridge/pipeline/service.h"

namespace strawberry::bridge {

class UserQuota {
 public:
  virtual ~UserQuota() = default;
  /// Takes one of the user's; or why there is none to be had now.
  virtual std::optional<Error> take(const std::string& user_id) = 0;
  virtual void give_back(const std::string& user_id) = 0;
};

/// Runs the operation within the acting user's quota. `bad_request` and `busy` say that nothing ran.
Task<Reply<nlohmann::json>> run_within(UserQuota& quota, const Operation& operation, RequestHandler& service,
                                       Request request);

}  // namespace strawberry::bridge

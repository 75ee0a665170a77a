/// A quota of a user: the pipeline takes one unit before an operation that counts runs, and returns it when the
/// operation did not run.
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
  /// Takes one unit of the user's quota, or returns why it is used up.
  virtual std::optional<Error> take(const std::string& user_id) = 0;
  virtual void give_back(const std::string& user_id) = 0;
};

/// Runs the operation within the acting user's quota. `bad_request` and `busy` mean that nothing ran.
Task<Reply<nlohmann::json>> run_within(UserQuota& quota, const Operation& operation, RequestHandler& service,
                                       Request request);

}  // namespace strawberry::bridge

/// The operation `usage` of the `chat` service: what the acting user used of language models, day by day
/// (docs/contract.md, section 5).
///
/// Threading: loop only.   Lifetime: the ledger outlives it.   Errors: the ledger's.   Bounds: the request schema's.
#pragma once

#include "bridge/pipeline/service.h"
#include "bridge/usage/usage_ledger.h"

namespace strawberry::bridge {

class UsageService final : public RequestHandler {
 public:
  static constexpr int days_default = 30;

  UsageService(UsageLedger& ledger, std::chrono::milliseconds default_timeout)
      : ledger_(ledger), default_timeout_(default_timeout) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return default_timeout_; }

 private:
  Task<Reply<nlohmann::json>> usage(Request request);

  UsageLedger& ledger_;
  const std::chrono::milliseconds default_timeout_;
};

}  // namespace strawberry::bridge

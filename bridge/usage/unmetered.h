/// The ledger of a hub that counts nothing and turns nobody away.
#pragma once

#include "bridge/usage/usage_ledger.h"

namespace strawberry {

class Unmetered final : public UsageLedger {
 public:
  std::optional<Error> admit(const Principal&) override { return std::nullopt; }
  void record(const Principal&, const ModelReply&) override {}
  Task<Reply<nlohmann::json>> report(const Principal&, int) override {
    co_return error(ErrorCode::not_found, "this hub does not count usage");
  }
};

}  // namespace strawberry

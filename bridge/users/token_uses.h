/// Writes down when tokens were used, as the broker's plugin tells it (docs/contract.md, section 9).
///
/// Threading: loop only.   Lifetime: the store and the loop outlive it.
/// Errors: none shown: of a write that fails, or of one too many, the next use is written.
/// Bounds: writes_max under way.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "bridge/ports/user_store.h"
#include "common/contract/control.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class TokenUses {
 public:
  static constexpr std::size_t writes_max = 32;

  TokenUses(asio::io_context& loop, const Clock& clock, UserStore& store) : loop_(loop), clock_(clock), store_(store) {}

  void note(std::vector<TokenUse> uses);

 private:
  static Task<void> write(UserStore* store, std::vector<TokenUse> uses, std::shared_ptr<std::size_t> writes);

  asio::io_context& loop_;
  const Clock& clock_;
  UserStore& store_;
  const std::shared_ptr<std::size_t> writes_ = std::make_shared<std::size_t>(0);  // under way
};

}  // namespace strawberry::bridge

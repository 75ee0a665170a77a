#include "bridge/users/token_uses.h"

#include <algorithm>
#include <utility>

namespace strawberry::bridge {

void TokenUses::note(std::vector<TokenUse> uses) {
  if (uses.empty() || *writes_ >= writes_max) return;
  const WallTime now = clock_.wall_now();
  for (TokenUse& use : uses) use.used_at = std::min(use.used_at, now);  // a clock may have been set back since
  ++*writes_;
  asio::co_spawn(loop_, write(&store_, std::move(uses), writes_), asio::detached);
}

Task<void> TokenUses::write(UserStore* store, std::vector<TokenUse> uses, std::shared_ptr<std::size_t> writes) {
  (void)co_await store->note_used(std::move(uses));
  --*writes;
}

}  // namespace strawberry::bridge

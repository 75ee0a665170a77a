#include "broker-plugin/used_tokens.h"

#include <algorithm>
#include <utility>

namespace strawberry::plugin {

void UsedTokens::note(std::string_view jti) {
  if (!is_listed_jti(jti)) return;
  const WallTime now = clock_.wall_now();
  if (const auto known = tokens_.find(jti); known != tokens_.end()) {
    known->second.used_at = now;
    known->second.is_used = true;
    return;
  }
  if (tokens_.size() >= options_.tokens_max) return;
  tokens_.emplace(std::string(jti), Token{now});
  due_.emplace_back(jti);
}

void UsedTokens::begin_round() {
  left_in_round_ = options_.per_round_max;
  const SteadyTime now = clock_.steady_now();
  while (!told_.empty() && told_.front().at + options_.interval <= now) {
    std::string jti = std::move(told_.front().jti);
    told_.pop_front();
    const auto known = tokens_.find(jti);
    if (known == tokens_.end()) continue;
    if (known->second.is_used) {
      due_.push_back(std::move(jti));
    } else {
      tokens_.erase(known);
    }
  }
}

std::vector<TokenUse> UsedTokens::take() {
  std::vector<TokenUse> uses;
  const std::size_t count = std::min({due_.size(), token_uses_max, left_in_round_});
  left_in_round_ -= count;
  const SteadyTime now = clock_.steady_now();
  for (std::size_t i = 0; i < count; ++i) {
    std::string jti = std::move(due_.front());
    due_.pop_front();
    Token& token = tokens_.find(jti)->second;
    token.is_used = false;
    uses.push_back({jti, token.used_at});
    told_.push_back({std::move(jti), now});
  }
  return uses;
}

}  // namespace strawberry::plugin

/// Which tokens are in use, for the bridge to write down (`last_used` of the list of tokens). Coarse on purpose: of one
/// token the bridge is told at most once in Options::interval, the first time at once, and of the last use after that
/// time.
///
/// While the bridge is away nothing is told, and the last use of each token is kept.
///
/// Threading: one thread.   Errors: none; a token that the hub cannot have listed is passed over.
/// Bounds: Options::tokens_max, beyond which further tokens are passed over; per_round_max told in one round.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/control.h"
#include "common/text/by_text.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class UsedTokens {
 public:
  struct Options {
    std::chrono::seconds interval{60};
    std::size_t tokens_max = 100'000;
    std::size_t per_round_max = 512;
  };
  UsedTokens(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// A connection with this token was opened, was closed, or is open.
  void note(std::string_view jti);
  /// The next to tell of, at most token_uses_max; empty when that is all of this round.
  std::vector<TokenUse> take();
  /// A round of the broker begins, once a second.
  void begin_round();

  std::size_t size() const { return tokens_.size(); }

 private:
  struct Token {
    WallTime used_at;
    bool is_used = false;  // since it was told
  };
  struct Told {
    std::string jti;
    SteadyTime at;
  };

  const Clock& clock_;
  const Options options_;
  ByText<Token> tokens_;  // each is in one of these two
  std::deque<std::string> due_;
  std::deque<Told> told_;  // within the interval, the oldest first
  std::size_t left_in_round_ = 0;
};

}  // namespace strawberry::plugin

#include "cli/spoke/loss_policy.h"

#include <algorithm>
#include <utility>

#include "cli/token_times.h"
#include "common/identity/token.h"

namespace strawberry::cli {

void LossPolicy::connected() {
  was_connected_ = true;
  connected_at_ = clock_.steady_now();
  refused_since_.reset();
  refused_pause_ = {};
}

LossPolicy::Verdict LossPolicy::lost(LossCause cause) {
  const SteadyTime now = clock_.steady_now();
  const auto connected_at = std::exchange(connected_at_, std::nullopt);
  if (cause == LossCause::taken_over) return Verdict::taken_over;
  if (connected_at) {
    quick_losses_ = now - *connected_at < options_.quick_loss ? quick_losses_ + 1 : 0;
    if (quick_losses_ >= options_.quick_losses_max) return Verdict::taken_over;
  } else if (cause == LossCause::unreachable) {
    quick_losses_ = 0;
  }
  if (cause != LossCause::refused) return Verdict::try_again;
  if (!was_connected_) return Verdict::refused;
  if (!refused_since_) refused_since_ = now;
  const bool is_over = options_.refused_max && now - *refused_since_ >= *options_.refused_max;
  return is_over ? Verdict::refused : Verdict::try_again;
}

std::chrono::milliseconds LossPolicy::refused_pause() {
  return refused_pause_ = std::clamp(2 * refused_pause_, options_.refused_pause_min, options_.refused_pause_max);
}

std::string why_refused(const std::string& token, WallTime now) {
  const auto times = times_of(token);
  if (!times) return "it is no token";
  if (times->expires_at <= now) return "its token has expired, on " + local_and_utc(times->expires_at);
  if (times->issued_at > now + token_clock_leeway) {
    return "its token is not valid before " + local_and_utc(times->issued_at) + ": compare the clocks";
  }
  return "its token or the device was revoked, the device was deleted, or the token is another hub's";
}

}  // namespace strawberry::cli

#include "sdk/cpp/src/reconnect_policy.h"

#include <algorithm>
#include <utility>

namespace strawberry::sdk {

using std::chrono::milliseconds;

void ReconnectPolicy::connected(SteadyTime now) {
  was_connected_ = true;
  connected_at_ = now;
}

std::optional<milliseconds> ReconnectPolicy::lost(LossCause cause, SteadyTime now, double jitter) {
  if (cause == LossCause::taken_over) return std::nullopt;
  if (const auto connected_at = std::exchange(connected_at_, std::nullopt)) {
    const bool is_quick = now - *connected_at < options_.quick_loss;
    quick_losses_ = is_quick ? quick_losses_ + 1 : 0;
    if (quick_losses_ >= options_.quick_losses_max) return std::nullopt;
    if (!is_quick) pause_ = {};
  } else if (cause == LossCause::unreachable) {
    quick_losses_ = 0;
  }
  const bool is_refused = cause == LossCause::refused;
  const milliseconds least = is_refused ? options_.refused_pause_min : options_.pause_min;
  const milliseconds most = is_refused ? options_.refused_pause_max : options_.pause_max;
  pause_ = std::clamp(pause_ * 2, least, std::max(least, most));
  const double share = 1.0 - std::clamp(jitter, 0.0, 1.0) / 5;
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(pause_.count()) * share));
}

}  // namespace strawberry::sdk

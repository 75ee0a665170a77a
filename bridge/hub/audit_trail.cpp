#include "bridge/hub/audit_trail.h"

#include <iterator>
#include <utility>

#include "common/runtime/log.h"
#include "common/runtime/request_log.h"

namespace strawberry::bridge {

void AuditTrail::write(const AuditLine& line, bool is_refusal) {
  const auto now = clock_.wall_now();
  publish_(write_audit(line, now));
  if (waiting_.size() >= options_.waiting_max) {
    if (!std::exchange(is_full_, true))
      hub_log().error("audit lines are not kept: {} wait for the store", waiting_.size());
    return;
  }
  waiting_.push_back({0, to_unix_ms(now), is_refusal, audit_text(line.actor), audit_text(line.user),
                      audit_text(line.action), audit_text(line.subject), audit_text(line.outcome),
                      audit_text(line.reason)});
}

void AuditTrail::acted(std::string_view actor, std::string_view user_id, std::string_view action,
                       std::string_view subject) {
  AuditLine line{actor, action, subject};
  line.user = user_id;
  write(line, /*is_refusal=*/false);
}

void AuditTrail::refused(std::string_view actor, std::string_view user_id, std::string_view action,
                         std::string_view subject, std::string_view code, std::string_view reason) {
  if (!refusals_.take()) return;
  AuditLine line{actor, action, subject, code, reason};
  line.user = user_id;
  write(line, /*is_refusal=*/true);
}

void AuditTrail::tick() {
  AuditLine line;
  line.action = "bridge.refusals";
  line.outcome = "forbidden";
  line.left_out = refusals_.take_left_out();
  if (line.left_out > 0) write(line, /*is_refusal=*/true);
}

Task<Reply<void>> AuditTrail::flush() {
  Reply<void> stored;
  if (!waiting_.empty()) {
    auto taken = std::exchange(waiting_, {});
    is_full_ = false;
    stored = co_await store_.add_audit(taken);
    if (!stored) {
      // Those of meanwhile come behind them.
      taken.insert(taken.end(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
      waiting_ = std::move(taken);
    }
  }
  const auto now = clock_.steady_now();
  if (now < forget_at_) co_return stored;
  forget_at_ = now + forgotten_every;
  const auto oldest = clock_.wall_now() - std::chrono::hours(24) * options_.days;
  const auto refusals_max = options_.lines_max / acts_per_refusal;
  co_await store_.forget_audit(to_unix_ms(oldest), options_.lines_max, refusals_max);
  co_return stored;
}

}  // namespace strawberry::bridge

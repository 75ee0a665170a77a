/// What the bridge writes to `hub/audit` (docs/contract.md, section 9): every administrative act, and refusals as long
/// as there are not too many of them.
///
/// Threading: loop only.   Bounds: refusals_per_second_max; what is left out is counted and said.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/contract/audit.h"

namespace strawberry {

class AuditTrail {
 public:
  static constexpr int refusals_per_second_max = 20;
  using Publish = std::function<void(std::string line)>;

  AuditTrail(const Clock& clock, Publish publish)
      : clock_(clock), publish_(std::move(publish)), refusals_(clock, refusals_per_second_max) {}

  void acted(std::string_view actor, std::string_view action, std::string_view subject);
  void refused(std::string_view actor, std::string_view action, std::string_view subject, std::string_view code,
               std::string_view reason);
  /// Says how many refusals were left out since it last said so. About once a second.
  void tick();

 private:
  void write(const AuditLine& line) { publish_(write_audit(line, clock_.wall_now())); }

  const Clock& clock_;
  Publish publish_;
  LineBudget refusals_;
};

}  // namespace strawberry

#include "bridge/hub/audit_trail.h"

namespace strawberry {

void AuditTrail::acted(std::string_view actor, std::string_view action, std::string_view subject) {
  write({actor, action, subject});
}

void AuditTrail::refused(std::string_view actor, std::string_view action, std::string_view subject,
                         std::string_view code, std::string_view reason) {
  if (refusals_.take()) write({actor, action, subject, code, reason});
}

void AuditTrail::tick() {
  AuditLine line;
  line.action = "bridge.refusals";
  line.outcome = "forbidden";
  line.left_out = refusals_.take_left_out();
  if (line.left_out > 0) write(line);
}

}  // namespace strawberry

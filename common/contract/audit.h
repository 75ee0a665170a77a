/// One line of `hub/audit` (docs/contract.md, section 9), as the broker plugin and the bridge write it: one
/// administrative act or refusal, safe to show, never a token.
///
/// Threading: pure functions; a LineBudget belongs to one thread.   Bounds: audit_text_characters_max for each member;
/// LineBudget's lines_per_second_max.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/text/clock.h"

namespace strawberry {

inline constexpr const char* audit_topic = "hub/audit";
inline constexpr std::size_t audit_text_characters_max = 256;

struct AuditLine {
  std::string_view actor;  // principal id; empty when nobody has proven who they are
  std::string_view action;
  std::string_view subject = {};
  std::string_view outcome = "ok";  // or an error code
  // Left out when empty or 0:
  std::string_view reason = {};
  std::string_view client_id = {};
  std::string_view address = {};
  std::uint64_t left_out = 0;
  std::string_view user = {};  // for whom; left out when empty
};
std::string write_audit(const AuditLine& line, WallTime now);

/// Printable ASCII, anything else as `\xNN`; cut; what looks like a token reads `<hidden>`.
std::string audit_text(std::string_view text);

/// How many lines may be written, so that whoever is refused cannot make the record the damage.
class LineBudget {
 public:
  LineBudget(const Clock& clock, int lines_per_second_max) : clock_(clock), per_second_max_(lines_per_second_max) {}

  /// False when this second's lines are used up; that is counted.
  bool take();
  void leave_one_out() { ++left_out_; }
  /// How many since last asked.
  std::uint64_t take_left_out();

 private:
  const Clock& clock_;
  int per_second_max_;
  SteadyTime second_began_{};
  int taken_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace strawberry

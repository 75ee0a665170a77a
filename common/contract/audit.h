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
  std::string_view actor;  // principal id; empty when nobody has authenticated
  std::string_view action;
  std::string_view subject = {};
  std::string_view outcome = "ok";  // or an error code
  // Left out when empty or 0:
  std::string_view reason = {};
  std::string_view client_id = {};
  std::string_view address = {};
  std::uint64_t left_out = 0;
  std::string_view user = {};  // the user it was done for; left out when empty
};
std::string write_audit(const AuditLine& line, WallTime now);

/// Returns `text` with all but printable ASCII as `\xNN`, cut to its limit, and `<hidden>` in place of what looks like
/// a token.
std::string audit_text(std::string_view text);

/// Limits the lines of the record per second, so that a client whose requests are refused cannot flood it.
class LineBudget {
 public:
  LineBudget(const Clock& clock, int lines_per_second_max) : clock_(clock), per_second_max_(lines_per_second_max) {}

  /// Returns false, and counts the line as left out, when this second's lines are used up.
  bool take();
  void leave_one_out() { ++left_out_; }
  /// Returns how many lines were left out since the last call.
  std::uint64_t take_left_out();

 private:
  const Clock& clock_;
  int per_second_max_;
  SteadyTime second_began_{};
  int taken_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace strawberry

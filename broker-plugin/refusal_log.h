/// One line for each refusal, in the broker's log and on `hub/audit`: who, what, why, safe to print, and never so many
/// that the log is the damage.
///
/// A publication is called by its correlation id, so that its sender's and the bridge's lines can be found beside it.
///
/// Threading: one thread.   Bounds: looked_at_for_log_bytes_max of a payload, and only for a line that is written;
/// lines_per_second_max on average and at once; what is dropped is counted and said.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker-plugin/broker.h"
#include "common/contract/audit.h"
#include "common/contract/principal.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

struct RefusedAct {
  std::string_view action;  // connect, publish, subscribe, will
  std::string_view client_id;
  std::optional<Principal> principal;  // only when authenticated
  std::string_view topic;              // empty when there is none
  std::string_view address;
  std::string_view reason;
  std::string_view payload = {};           // looked at for a correlation id
  std::string_view correlation_data = {};  // MQTT 5
};

class RefusalLog {
 public:
  static constexpr int lines_per_second_max = 20;

  RefusalLog(Broker& broker, const Clock& clock)
      : broker_(broker), clock_(clock), budget_(clock, lines_per_second_max) {}

  void refused(const RefusedAct& act);
  /// One that is not to be logged, only counted.
  void passed_over() { budget_.leave_one_out(); }
  /// Says how many lines were dropped since it last said so. About once a second.
  void tick();

 private:
  void audit(const RefusedAct& act);

  Broker& broker_;
  const Clock& clock_;
  LineBudget budget_;
};

/// In quotes; what is not printable ASCII becomes `\xNN`; cut at 256 characters.
std::string quoted_for_log(std::string_view text);

}  // namespace strawberry::plugin

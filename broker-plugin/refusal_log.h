/// Writes one line for each refusal, to the broker's log and to `hub/audit`: principal, action and reason, escaped,
/// with a limit, so that refusals cannot flood the log.
///
/// A publication is named by its correlation id, which also appears in the log lines of its sender and of the bridge.
///
/// Threading: one thread.   Bounds: looked_at_for_log_bytes_max of a payload, and only for a line that is written;
/// lines_per_second_max on average and at once; dropped lines are counted and reported.
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
  std::string_view topic;              // empty: none
  std::string_view address;
  std::string_view reason;
  std::string_view payload = {};           // searched for a correlation id
  std::string_view correlation_data = {};  // MQTT 5
};

class RefusalLog {
 public:
  static constexpr int lines_per_second_max = 20;

  RefusalLog(Broker& broker, const Clock& clock)
      : broker_(broker), clock_(clock), budget_(clock, lines_per_second_max) {}

  void refused(const RefusedAct& act);
  /// Counts a refusal that is not to be logged.
  void passed_over() { budget_.leave_one_out(); }
  /// Writes how many lines were dropped since the last report. Call about once a second.
  void tick();

 private:
  void audit(const RefusedAct& act);

  Broker& broker_;
  const Clock& clock_;
  LineBudget budget_;
};

/// Returns the text in quotes, with `\xNN` for what is not printable ASCII, cut at 256 characters.
std::string quoted_for_log(std::string_view text);

}  // namespace strawberry::plugin

/// What the bridge writes to `hub/audit` (docs/contract.md, section 9): every administrative act, and refusals as long
/// as there are not too many of them. The same lines are kept in the store, in groups: flush() is called every second
/// and once more at the end.
///
/// Threading: loop only.   Lifetime: the store outlives it and every flush().
/// Errors: what the store does not take is kept for the next flush().
/// Bounds: refusals_per_second_max; what is left out is counted and said. Lines that wait for the store:
/// Options::waiting_max, beyond it they stand on the topic alone, and the log says so. Kept lines: Options.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/ports/audit_store.h"
#include "common/contract/audit.h"

namespace strawberry::bridge {

class AuditTrail {
 public:
  static constexpr int refusals_per_second_max = 20;
  /// How often what is too old is removed.
  static constexpr std::chrono::minutes forgotten_every{10};
  /// Of the lines that are kept, how many acts there are for each refusal.
  static constexpr std::int64_t acts_per_refusal = 4;
  using Publish = std::function<void(std::string line)>;

  struct Options {
    std::int64_t days = 90;
    std::int64_t lines_max = 200'000;  // acts; and a quarter as many refusals
    std::size_t waiting_max = 5'000;
  };

  AuditTrail(const Clock& clock, AuditStore& store, Publish publish, Options options)
      : clock_(clock),
        store_(store),
        publish_(std::move(publish)),
        options_(options),
        refusals_(clock, refusals_per_second_max) {}

  /// `user_id`: for whom; empty when for nobody.
  void acted(std::string_view actor, std::string_view user_id, std::string_view action, std::string_view subject);
  void refused(std::string_view actor, std::string_view user_id, std::string_view action, std::string_view subject,
               std::string_view code, std::string_view reason);
  /// Says how many refusals were left out since it last said so. About once a second.
  void tick();
  Task<Reply<void>> flush();

 private:
  void write(const AuditLine& line, bool is_refusal);

  const Clock& clock_;
  AuditStore& store_;
  Publish publish_;
  const Options options_;
  LineBudget refusals_;
  std::vector<AuditRow> waiting_;
  bool is_full_ = false;
  SteadyTime forget_at_{};
};

}  // namespace strawberry::bridge

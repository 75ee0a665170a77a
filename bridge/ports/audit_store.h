/// The audit log: which principal did what for which user, stored for admins.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

/// Texts are as audit_text() returns them.
struct AuditRow {
  std::int64_t sequence = 0;  // assigned by the store
  std::int64_t ts_ms = 0;
  bool is_refusal = false;
  std::string actor;    // principal id
  std::string user_id;  // the user it was done for; empty: none
  std::string action;   // <service>.<op>
  std::string subject;
  std::string outcome;  // ok, or an error's code
  std::string reason;
};

struct AuditQuery {
  std::int64_t since_ms = 0;
  std::int64_t until_ms = INT64_MAX;     // exclusive
  std::string user = {};                 // the actor, or the user it was done for; empty: any
  std::string action = {};               // complete, or its op alone; empty: any
  std::optional<std::int64_t> before{};  // sequence; nothing: from the newest on
  std::size_t rows_max = 200;
};

struct AuditPage {
  std::vector<AuditRow> rows;            // newest first
  std::optional<std::int64_t> before{};  // start of the next page; nullopt on the last
};

class AuditStore {
 public:
  /// How many lines one query reads: a page may be empty and still be followed by another.
  static constexpr std::int64_t looked_through_max = 20'000;

  virtual ~AuditStore() = default;

  /// Adds the lines in their order.
  virtual Task<Reply<void>> add_audit(std::vector<AuditRow> rows) = 0;
  /// Removes older lines, and the oldest acts and refusals beyond their limits.
  virtual Task<Reply<void>> forget_audit(std::int64_t before_ms, std::int64_t acts_max, std::int64_t refusals_max) = 0;
  virtual Task<Reply<AuditPage>> read_audit(AuditQuery query) = 0;
};

}  // namespace strawberry::bridge

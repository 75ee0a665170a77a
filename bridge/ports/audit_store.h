/// Who did what for whom, kept so that an admin can look it up.
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

/// Texts are as audit_text() makes them.
struct AuditRow {
  std::int64_t sequence = 0;  // given by the store
  std::int64_t ts_ms = 0;
  bool is_refusal = false;
  std::string actor;    // principal id
  std::string user_id;  // for whom; empty when for nobody
  std::string action;   // <service>.<op>
  std::string subject;
  std::string outcome;  // ok, or an error's code
  std::string reason;
};

struct AuditQuery {
  std::int64_t since_ms = 0;
  std::int64_t until_ms = INT64_MAX;     // not included
  std::string user = {};                 // who did it, or for whom; empty: anybody
  std::string action = {};               // whole, or its op alone; empty: any
  std::optional<std::int64_t> before{};  // sequence; nothing: from the newest on
  std::size_t rows_max = 200;
};

struct AuditPage {
  std::vector<AuditRow> rows;            // newest first
  std::optional<std::int64_t> before{};  // of the next page; nothing: there is none
};

class AuditStore {
 public:
  /// How many lines one look goes through: a page may have none and still be followed by another.
  static constexpr std::int64_t looked_through_max = 20'000;

  virtual ~AuditStore() = default;

  /// In their order.
  virtual Task<Reply<void>> add_audit(std::vector<AuditRow> rows) = 0;
  /// Removes what is older, and of acts and of refusals each the oldest beyond as many.
  virtual Task<Reply<void>> forget_audit(std::int64_t before_ms, std::int64_t acts_max, std::int64_t refusals_max) = 0;
  virtual Task<Reply<AuditPage>> read_audit(AuditQuery query) = 0;
};

}  // namespace strawberry::bridge

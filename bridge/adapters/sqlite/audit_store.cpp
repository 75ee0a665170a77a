#include <utility>

#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry::bridge {
namespace {

void insert_audit(StatementCache& statements, const std::vector<AuditRow>& rows) {
  for (const auto& row : rows) {
    statements.execute(
        "INSERT INTO audit_lines (ts, is_refusal, actor, user_id, action, subject, outcome, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row.ts_ms, row.is_refusal, row.actor, row.user_id, row.action, row.subject, row.outcome, row.reason);
  }
}

void remove_audit(StatementCache& statements, std::int64_t before_ms, std::int64_t acts_max,
                  std::int64_t refusals_max) {
  // From the oldest on, so that the walk ends at the first line that stays.
  statements.execute(
      "DELETE FROM audit_lines WHERE sequence < coalesce((SELECT sequence FROM audit_lines WHERE ts >= ?"
      " ORDER BY sequence LIMIT 1), 9223372036854775807)",
      before_ms);
  for (const bool is_refusal : {false, true}) {
    statements.execute(
        "DELETE FROM audit_lines WHERE is_refusal = ? AND sequence <= coalesce((SELECT sequence FROM audit_lines"
        " WHERE is_refusal = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?), 0)",
        is_refusal, is_refusal, is_refusal ? refusals_max : acts_max);
  }
}

std::int64_t newest_audit(StatementCache& statements) {
  auto& row = statements.bind("SELECT coalesce(max(sequence), 0) FROM audit_lines");
  const auto newest = row.executeStep() ? row.getColumn(0).getInt64() : 0;
  row.reset();
  return newest;
}

AuditPage find_audit(StatementCache& statements, const AuditQuery& query) {
  const auto before = query.before.value_or(newest_audit(statements) + 1);
  const auto lowest = before - AuditStore::looked_through_max;
  AuditPage page;
  auto& rows = statements.bind(
      "SELECT sequence, ts, is_refusal, actor, user_id, action, subject, outcome, reason FROM audit_lines"
      " WHERE sequence < ?1 AND sequence >= ?2 AND ts >= ?3 AND ts < ?4 AND (?5 = '' OR user_id = ?5 OR actor = ?5)"
      " AND (?6 = '' OR action = ?6 OR substr(action, instr(action, '.') + 1) = ?6)"
      " ORDER BY sequence DESC LIMIT ?7",
      before, lowest, query.since_ms, query.until_ms, query.user, query.action, query.rows_max + 1);
  while (rows.executeStep()) {
    if (page.rows.size() == query.rows_max) {
      page.before = page.rows.back().sequence;
      break;
    }
    page.rows.push_back({rows.getColumn(0).getInt64(), rows.getColumn(1).getInt64(), rows.getColumn(2).getInt() != 0,
                         rows.getColumn(3).getString(), rows.getColumn(4).getString(), rows.getColumn(5).getString(),
                         rows.getColumn(6).getString(), rows.getColumn(7).getString(), rows.getColumn(8).getString()});
  }
  rows.reset();
  if (page.before) return page;
  auto& older =
      statements.bind("SELECT 1 FROM audit_lines WHERE sequence < ? AND ts >= ? LIMIT 1", lowest, query.since_ms);
  if (older.executeStep()) page.before = lowest;
  older.reset();
  return page;
}

class SqliteAuditStore final : public AuditStore {
 public:
  explicit SqliteAuditStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<void>> add_audit(std::vector<AuditRow> rows) override {
    const auto bytes = bytes_of_job * (rows.size() + 1);
    return writer_.run({hub_itself, bytes}, insert_audit, std::move(rows));
  }
  Task<Reply<void>> forget_audit(std::int64_t before_ms, std::int64_t acts_max, std::int64_t refusals_max) override {
    return writer_.run({hub_itself}, remove_audit, before_ms, acts_max, refusals_max);
  }
  Task<Reply<AuditPage>> read_audit(AuditQuery query) override {
    const auto bytes = [](const AuditPage& page) { return bytes_of_job * page.rows.size(); };
    return writer_.run_reading({hub_itself}, bytes, find_audit, std::move(query));
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<AuditStore> make_audit_store(SqliteWriter& writer) {
  return std::make_unique<SqliteAuditStore>(writer);
}

}  // namespace strawberry::bridge

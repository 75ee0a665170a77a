#include "bridge/adapters/sqlite/limit_rows.h"

namespace strawberry::bridge {

void read_limits(StatementCache& statements, const std::string& user_id,
                 const std::function<void(LimitKind, std::int64_t)>& use) {
  auto& rows = statements.bind("SELECT name, value FROM user_limits WHERE user_id = ?", user_id);
  while (rows.executeStep())
    if (const auto kind = parse_limit(text_of(rows.getColumn(0)))) use(*kind, rows.getColumn(1).getInt64());
  rows.reset();
}

void read_all_limits(StatementCache& statements, const std::function<void(std::string, LimitKind, std::int64_t)>& use) {
  auto& rows = statements.bind("SELECT user_id, name, value FROM user_limits");
  while (rows.executeStep())
    if (const auto kind = parse_limit(text_of(rows.getColumn(1))))
      use(rows.getColumn(0).getString(), *kind, rows.getColumn(2).getInt64());
  rows.reset();
}

void write_limits(StatementCache& statements, const std::string& user_id,
                  const std::map<LimitKind, std::optional<std::int64_t>>& limits) {
  for (const auto& [kind, value] : limits) {
    const std::string name(name_of(kind).name);
    if (value) {
      statements.execute(
          "INSERT INTO user_limits (user_id, name, value) VALUES (?, ?, ?)"
          " ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value",
          user_id, name, *value);
    } else {
      statements.execute("DELETE FROM user_limits WHERE user_id = ? AND name = ?", user_id, name);
    }
  }
}

}  // namespace strawberry::bridge

#include <utility>

#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry::bridge {
namespace {

bool add_to_existing(StatementCache& statements, const UsageRow& row) {
  return statements.execute(
             "UPDATE usage SET requests = requests + ?, prompt_tokens = prompt_tokens + ?,"
             " completion_tokens = completion_tokens + ? WHERE user_id = ? AND day = ? AND device_id = ?"
             " AND provider = ? AND model = ? AND estimated = ?",
             row.count.requests, row.count.prompt_tokens, row.count.completion_tokens, row.user_id, row.day,
             row.device_id, row.provider, row.model, row.estimated) > 0;
}

bool has_room(StatementCache& statements, const UsageRow& row) {
  auto& count = statements.bind("SELECT count(*) FROM usage WHERE user_id = ? AND day = ?", row.user_id, row.day);
  const bool room = count.executeStep() && count.getColumn(0).getInt64() < static_cast<std::int64_t>(usage_rows_max);
  count.reset();
  return room;
}

void add_row(StatementCache& statements, UsageRow row) {
  if (add_to_existing(statements, row)) return;
  if (!has_room(statements, row)) {
    row.device_id = row.provider = "";
    row.model = usage_model_other;
    if (add_to_existing(statements, row)) return;
  }
  statements.execute(
      "INSERT INTO usage (user_id, day, device_id, provider, model, estimated, requests, prompt_tokens,"
      " completion_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.user_id, row.day, row.device_id, row.provider, row.model, row.estimated, row.count.requests,
      row.count.prompt_tokens, row.count.completion_tokens);
}

/// From column `first` on: requests, prompt_tokens, completion_tokens.
UsageCount usage_count(SQLite::Statement& row, int first) {
  return {row.getColumn(first).getInt64(), row.getColumn(first + 1).getInt64(), row.getColumn(first + 2).getInt64()};
}

void add_usage_rows(StatementCache& statements, const std::vector<UsageRow>& rows, std::int64_t oldest_day) {
  for (const auto& row : rows) add_row(statements, row);
  statements.execute("DELETE FROM usage WHERE day < ?", oldest_day);
}

UsageReport read_usage_rows(StatementCache& statements, const std::string& user_id, std::int64_t since_day,
                            std::size_t rows_max) {
  UsageReport report;
  auto& total = statements.bind(
      "SELECT coalesce(sum(requests), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),"
      " coalesce(sum((prompt_tokens + completion_tokens) * estimated), 0), count(*)"
      " FROM usage WHERE user_id = ? AND day >= ?",
      user_id, since_day);
  if (total.executeStep()) {
    report.total = usage_count(total, 0);
    report.estimated_tokens = total.getColumn(3).getInt64();
    report.rows_there = static_cast<std::size_t>(total.getColumn(4).getInt64());
  }
  total.reset();
  auto& row = statements.bind(
      "SELECT day, device_id, provider, model, estimated, requests, prompt_tokens, completion_tokens FROM usage"
      " WHERE user_id = ? AND day >= ? ORDER BY day DESC, device_id, provider, model, estimated LIMIT ?",
      user_id, since_day, rows_max);
  while (row.executeStep()) {
    UsageRow read;
    read.user_id = user_id;
    read.day = row.getColumn(0).getInt64();
    read.device_id = row.getColumn(1).getString();
    read.provider = row.getColumn(2).getString();
    read.model = row.getColumn(3).getString();
    read.estimated = row.getColumn(4).getInt() != 0;
    read.count = usage_count(row, 5);
    report.rows.push_back(std::move(read));
  }
  row.reset();
  return report;
}

void add_chats_of_day(StatementCache& statements, const std::vector<UserChats>& chats, std::int64_t oldest_day) {
  for (const auto& row : chats) {
    statements.execute(
        "INSERT INTO chats_of_day (day, user_id, chats) VALUES (?, ?, ?)"
        " ON CONFLICT (day, user_id) DO UPDATE SET chats = chats + excluded.chats",
        row.day, row.user_id, row.chats);
  }
  statements.execute("DELETE FROM chats_of_day WHERE day < ?", oldest_day);
}

std::vector<UserTokens> read_tokens_of_day(StatementCache& statements, std::int64_t day, std::size_t users_max) {
  std::vector<UserTokens> users;
  auto& row = statements.bind(
      "SELECT user_id, sum(tokens) AS all_tokens, sum(chats) FROM"
      " (SELECT user_id, prompt_tokens + completion_tokens AS tokens, 0 AS chats FROM usage WHERE day = ?"
      " UNION ALL SELECT user_id, 0, chats FROM chats_of_day WHERE day = ?)"
      " GROUP BY user_id ORDER BY all_tokens DESC LIMIT ?",
      day, day, users_max);
  while (row.executeStep()) {
    users.push_back({row.getColumn(0).getString(), row.getColumn(1).getInt64(), row.getColumn(2).getInt64()});
  }
  row.reset();
  return users;
}

class SqliteUsageStore final : public UsageStore {
 public:
  explicit SqliteUsageStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<void>> add_usage(std::vector<UsageRow> rows, std::int64_t oldest_day) override {
    return writer_.run({hub_itself, rows.size() * bytes_of_job}, add_usage_rows, rows, oldest_day);
  }
  Task<Reply<void>> add_chats(std::vector<UserChats> chats, std::int64_t oldest_day) override {
    return writer_.run({hub_itself, chats.size() * bytes_of_job}, add_chats_of_day, chats, oldest_day);
  }
  Task<Reply<UsageReport>> read_usage(std::string user_id, std::int64_t since_day, std::size_t rows_max) override {
    const auto bytes_of = [](const UsageReport& report) { return report.rows.size() * bytes_of_job; };
    return writer_.run_reading({user_id}, bytes_of, read_usage_rows, user_id, since_day, rows_max);
  }
  Task<Reply<std::vector<UserTokens>>> tokens_of_day(std::int64_t day, std::size_t users_max) override {
    return writer_.run({hub_itself}, read_tokens_of_day, day, users_max);
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<UsageStore> make_usage_store(SqliteWriter& writer) {
  return std::make_unique<SqliteUsageStore>(writer);
}

}  // namespace strawberry::bridge

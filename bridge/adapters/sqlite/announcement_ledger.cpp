#include <sstream>
#include <utility>

#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"
#include "common/contract/topics.h"

namespace strawberry::bridge {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> all;
  for (std::string word; words >> word;) all.push_back(std::move(word));
  return all;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::vector<std::string> read_announced_ids(StatementCache& statements) {
  std::vector<std::string> ids;
  auto& row = statements.bind("SELECT topic FROM announced_topics");
  while (row.executeStep()) {
    const std::string topic = row.getColumn(0).getString();
    if (const auto id = announced_id(topic); !id.empty()) ids.emplace_back(id);
  }
  row.reset();
  return ids;
}

std::vector<AnnouncedRow> read_announced(StatementCache& statements, const std::vector<std::string>& ids) {
  std::vector<AnnouncedRow> rows;
  for (const auto& id : ids) {
    auto& row = statements.bind("SELECT user_id, config_hash, buttons FROM announced_topics WHERE topic = ?",
                                announcement_topic(id));
    if (row.executeStep()) {
      rows.push_back(
          {id, row.getColumn(0).getString(), row.getColumn(1).getInt64(), split(row.getColumn(2).getString())});
    }
    row.reset();
  }
  return rows;
}

void write_announced(StatementCache& statements, const std::vector<AnnouncedRow>& rows) {
  for (const auto& row : rows) {
    statements.execute(
        "INSERT INTO announced_topics (topic, user_id, config_hash, buttons) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (topic) DO UPDATE SET user_id = excluded.user_id, config_hash = excluded.config_hash,"
        " buttons = excluded.buttons, is_orphan = 0",
        announcement_topic(row.id), row.user_id, row.config_hash, join(row.buttons));
  }
}

void remove_announced(StatementCache& statements, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    statements.execute("DELETE FROM announced_topics WHERE topic = ?", announcement_topic(id));
  }
}

class SqliteAnnouncementLedger final : public AnnouncementLedger {
 public:
  explicit SqliteAnnouncementLedger(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<std::vector<std::string>>> announced_ids() override {
    return writer_.run({hub_itself}, read_announced_ids);
  }
  Task<Reply<std::vector<AnnouncedRow>>> find_announced(std::vector<std::string> ids) override {
    return writer_.run({hub_itself}, read_announced, std::move(ids));
  }
  Task<Reply<void>> put_announced(std::vector<AnnouncedRow> rows) override {
    return writer_.run({hub_itself, rows.size() * bytes_of_job}, write_announced, rows);
  }
  Task<Reply<void>> forget_announced(std::vector<std::string> ids) override {
    return writer_.run({hub_itself, ids.size() * bytes_of_job}, remove_announced, ids);
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<AnnouncementLedger> make_announcement_ledger(SqliteWriter& writer) {
  return std::make_unique<SqliteAnnouncementLedger>(writer);
}

}  // namespace strawberry::bridge

/// A database and the statements prepared on it, each once. One thread at a time.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace strawberry::bridge {

/// Valid until the statement steps on.
inline std::string_view text_of(const SQLite::Column& column) {
  const char* text = column.getText();
  return {text, static_cast<std::size_t>(column.getBytes())};
}

class StatementCache {
 public:
  explicit StatementCache(std::unique_ptr<SQLite::Database> database) : database_(std::move(database)) {}

  SQLite::Database& database() { return *database_; }

  /// `sql` is a literal: the cache goes by its address, and so is bounded by the program's text. Bound in order; ready
  /// to step.
  template <class... Values>
  SQLite::Statement& bind(const char* sql, const Values&... values) {
    auto& statement = statements_[sql];
    if (!statement) statement = std::make_unique<SQLite::Statement>(*database_, sql);
    statement->tryReset();
    statement->clearBindings();
    [[maybe_unused]] int index = 0;  // unused when there is nothing to bind
    (bind_one(*statement, ++index, values), ...);
    return *statement;
  }

  /// Runs a statement that gives no rows; how many rows it changed.
  template <class... Values>
  int execute(const char* sql, const Values&... values) {
    auto& statement = bind(sql, values...);
    const int changed = statement.exec();
    statement.reset();
    return changed;
  }

 private:
  template <class T>
  static void bind_one(SQLite::Statement& statement, int index, const std::optional<T>& value) {
    if (value) bind_one(statement, index, *value);
  }
  static void bind_one(SQLite::Statement& statement, int index, bool value) { statement.bind(index, value ? 1 : 0); }
  static void bind_one(SQLite::Statement& statement, int index, std::size_t value) {
    statement.bind(index, static_cast<std::int64_t>(value));
  }
  template <class T>
  static void bind_one(SQLite::Statement& statement, int index, const T& value) {
    statement.bind(index, value);
  }

  std::unique_ptr<SQLite::Database> database_;
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

}  // namespace strawberry::bridge

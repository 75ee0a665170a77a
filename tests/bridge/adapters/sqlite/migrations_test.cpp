/// A database of every earlier version, with rows in each of its tables, migrated by the real code; and the state after
/// a migration that was interrupted.
#include "bridge/adapters/sqlite/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <latch>
#include <map>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/database.h"
#include "common/identity/device_directory.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

/// Indexed by the version of the tables. A new version needs rows for the tables of the previous one.
const std::vector<std::string>& rows_of_versions() {
  static const std::vector<std::string> all{
      R"sql(
INSERT INTO devices VALUES ('speaker', 'alice', 'Speaker', 'speaker', 1, 0, 1000, 2000, 3000);
INSERT INTO devices VALUES ('lamp', 'bob', 'L''ämp', 'lamp', 0, 5000, 1001, NULL, NULL);
INSERT INTO skills VALUES ('speaker', 0, 'Music', 'play', 'play(song: str)', 'Plays.', 1, 0);
INSERT INTO skills VALUES ('speaker', 1, 'Music', 'stop', 'stop()', '', 0, 1);
INSERT INTO sessions VALUES ('s1', 'alice', 'speaker', 'Songs', 2, 1, 4000, 5000);
INSERT INTO messages VALUES (7, 's1', 'm1', 'user', 'play "Yesterday"', 4000);
INSERT INTO messages VALUES (9, 's1', 'm2', 'assistant', 'Playing', 5000);
INSERT INTO spent_tokens VALUES ('enroll-1', 900);
)sql",
      R"sql(INSERT INTO revoked_tokens VALUES ('jti-1', 800, 99000);)sql",
      R"sql(INSERT INTO usage VALUES ('alice', 20000, 'speaker', 'openai', 'gpt', 0, 3, 40, 50);)sql",
      R"sql(
INSERT INTO issued_tokens VALUES ('jti-2', 'Home', 'user', 'alice', 'alice', 'k', 700, 99000);
INSERT INTO announced_topics VALUES ('homeassistant/device/speaker/config', 'alice', 17, 'b1 b2', 0);
INSERT INTO chats_of_day VALUES (20000, 'alice', 4);
)sql",
      "",  // the triggers of version 5 fill its table
      R"sql(INSERT INTO deleted_devices VALUES ('radio', 'bob', 600);)sql",
      R"sql(INSERT INTO user_revocations VALUES ('bob', 650);)sql",
      "",  // version 8 has no table of its own
      R"sql(INSERT INTO users VALUES ('carol', 'Carol', 'guest', 'alice', 0, '', 1000, NULL);)sql",
  };
  return all;
}

std::vector<std::string> column(SQLite::Database& database, const std::string& sql) {
  std::vector<std::string> values;
  SQLite::Statement rows(database, sql);
  while (rows.executeStep()) values.push_back(rows.getColumn(0).getString());
  return values;
}

using Contents = std::map<std::string, std::vector<std::vector<std::string>>>;

/// Every table with its rows.
Contents contents(SQLite::Database& database) {
  Contents all;
  for (const std::string& table : column(database, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    SQLite::Statement rows(database, "SELECT * FROM " + table);
    auto& lines = all[table];
    while (rows.executeStep()) {
      std::vector<std::string> line;
      for (int i = 0; i < rows.getColumnCount(); ++i) line.push_back(rows.getColumn(i).getString());
      lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
  }
  return all;
}

/// Keeps as many columns as `before` had: a later version may have added some.
Contents::mapped_type first_columns(Contents::mapped_type rows, const Contents::mapped_type& before) {
  if (before.empty()) return rows;
  for (auto& row : rows) row.resize(std::min(row.size(), before.front().size()));
  return rows;
}

/// Returns the definitions in the database, sorted.
std::vector<std::string> schema(SQLite::Database& database) {
  return column(database, "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1");
}

/// Opens one database from several threads at the same moment, as several programs would, and returns their errors.
std::vector<std::string> open_at_once(const std::string& path) {
  constexpr int programs = 4;
  std::latch start(programs);
  std::vector<std::future<std::string>> opened;
  for (int program = 0; program < programs; ++program) {
    opened.push_back(std::async(std::launch::async, [&] {
      start.arrive_and_wait();
      const auto database = open_database(path);
      return database ? std::string() : database.error().message;
    }));
  }
  std::vector<std::string> errors;
  for (auto& one : opened) {
    if (std::string error = one.get(); !error.empty()) errors.push_back(std::move(error));
  }
  return errors;
}

int version_of(SQLite::Database& database) { return database.execAndGet("PRAGMA user_version").getInt(); }

class Migrations : public testing::TestWithParam<int> {
 protected:
  std::string path() const { return directory_.file("hub.db"); }

  /// Makes a database as a program of that version left it.
  Contents make(int version, const std::string& path) {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
    for (std::size_t i = 0; i < static_cast<std::size_t>(version); ++i) {
      database.exec(std::string(migrations()[i]));
      if (i < rows_of_versions().size()) database.exec(rows_of_versions()[i]);
    }
    return contents(database);
  }
  std::vector<std::string> schema_of(int version) {
    const std::string path = directory_.file("like-" + std::to_string(version));
    if (!std::filesystem::exists(path)) make(version, path);
    SQLite::Database database(path, SQLite::OPEN_READWRITE);
    return schema(database);
  }
  void expect_current_with(const Contents& before) {
    auto opened = open_database(path());
    ASSERT_TRUE(opened) << opened.error().message;
    SQLite::Database& database = **opened;
    EXPECT_EQ(version_of(database), database_version());
    EXPECT_EQ(schema(database), schema_of(database_version()));
    EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
    EXPECT_TRUE(column(database, "PRAGMA foreign_key_check").empty());
    const Contents after = contents(database);
    for (const auto& [table, rows] : before) EXPECT_EQ(first_columns(after.at(table), rows), rows) << table;
  }

  test::TempDir directory_;
};

TEST_P(Migrations, BringADatabaseUpToDateWithAllThatIsInIt) {
  const Contents before = make(GetParam(), path());
  for (const auto& [table, rows] : before) {
    EXPECT_TRUE(!rows.empty() || GetParam() == database_version()) << "the test has no row for " << table;
  }
  expect_current_with(before);
  expect_current_with(before);  // a second time changes nothing
}

TEST_P(Migrations, ThePluginReadsWhatIsNotBroughtUpToDate) {
  make(GetParam(), path());
  const auto directory = DeviceDirectory::open(path(), {});
  ASSERT_TRUE(directory) << directory.error().message;
  ASSERT_EQ((*directory)->size(), 2u);
  const DeviceRecord* lamp = (*directory)->find("lamp");
  ASSERT_NE(lamp, nullptr);
  EXPECT_EQ(lamp->name, "L'ämp");
  EXPECT_FALSE(lamp->is_active);
  EXPECT_TRUE((*directory)->is_spent("enroll-1"));
  EXPECT_EQ((*directory)->is_revoked("jti-1"), GetParam() >= 2);
  ASSERT_TRUE(open_database(path()));
  ASSERT_TRUE((*directory)->refresh()) << "while it looks on";
  EXPECT_EQ((*directory)->size(), 2u);
}

TEST(Migration, TakesTheIdsOfEverybodyWhoLeftSomethingInVersionFive) {
  const test::TempDir directory;
  const std::string path = directory.file("hub.db");
  {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (std::size_t i = 0; i < 5; ++i) database.exec(std::string(migrations()[i]));
    database.exec(R"sql(
INSERT INTO devices VALUES ('speaker', 'owner', 'Speaker', 'speaker', 1, 0, 1000, 2000, 3000);
INSERT INTO issued_tokens VALUES ('1', '', 'user', 'listed', 'listed', 'k', 700, 99000);
INSERT INTO issued_tokens VALUES ('2', '', 'enroll', 'once', 'enrolling', 'k', 700, 99000);
INSERT INTO issued_tokens VALUES ('3', '', 'admin', 'root', '', 'k', 700, 99000);
INSERT INTO issued_tokens VALUES ('4', '', 'user', 'owner', 'owner', 'k', 700, 99000);
INSERT INTO sessions VALUES ('s1', 'talking', 'talking', 'Songs', 2, 1, 4000, 5000);
INSERT INTO usage VALUES ('using', 1, 'using', 'openai', 'gpt', 0, 3, 40, 50);
INSERT INTO chats_of_day VALUES (2, 'chatting', 4);
)sql");
  }
  auto database = open_database(path);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(column(**database, "SELECT id || ' ' || first_seen FROM taken_ids ORDER BY id"),
            (std::vector<std::string>{"chatting 172800000", "enrolling 700", "listed 700", "owner 700", "root 700",
                                      "talking 4000", "using 86400000"}));
}

int commits_left = 0;

/// Kills the process where a transaction would be committed.
int die_at_commit(void*) {
  if (--commits_left == 0) ::kill(::getpid(), SIGKILL);
  return 0;
}

int watch_commits(sqlite3* database, const char**, const sqlite3_api_routines*) {
  sqlite3_commit_hook(database, &die_at_commit, nullptr);
  return SQLITE_OK;
}

TEST_P(Migrations, EndedInTheMiddleLeaveTheVersionBefore) {
  for (int commits = 1; commits <= database_version() - GetParam(); ++commits) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path() + suffix);
    const Contents before = make(GetParam(), path());
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      commits_left = commits;
      sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch_commits));
      const bool opened = open_database(path()).has_value();
      ::_exit(opened ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it was not ended: " << status;
    {
      SQLite::Database database(path(), SQLite::OPEN_READWRITE);
      const int version = version_of(database);
      EXPECT_EQ(version, GetParam() + commits - 1);
      EXPECT_EQ(schema(database), schema_of(version)) << "half of a version";
      const Contents now = contents(database);
      for (const auto& [table, rows] : before) EXPECT_EQ(first_columns(now.at(table), rows), rows) << table;
    }
    expect_current_with(before);
  }
}

TEST_P(Migrations, OfSeveralProgramsAtOnceAreAppliedOnce) {
  const Contents before = make(GetParam(), path());
  EXPECT_THAT(open_at_once(path()), testing::IsEmpty());
  expect_current_with(before);
}

INSTANTIATE_TEST_SUITE_P(FromVersion, Migrations, testing::Range(1, database_version() + 1),
                         testing::PrintToStringParamName());

TEST(NewDatabase, IsMadeOnceBySeveralProgramsAtOnce) {
  const test::TempDir directory;
  constexpr int rounds = 20;
  for (int round = 0; round < rounds; ++round) {
    ASSERT_THAT(open_at_once(directory.file(std::to_string(round) + ".db")), testing::IsEmpty());
  }
}

class FailingMigration : public testing::TestWithParam<std::pair<int, std::string>> {};

/// The last statement of the migration fails, since its name is already used.
TEST_P(FailingMigration, ChangesNothingOfItsVersion) {
  const auto& [version, obstacle] = GetParam();
  const test::TempDir directory;
  const std::string path = directory.file("hub.db");
  std::vector<std::string> before;
  {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (std::size_t i = 0; i < static_cast<std::size_t>(version); ++i) database.exec(std::string(migrations()[i]));
    database.exec("CREATE " + obstacle);
    before = schema(database);
  }
  const auto refused = open_database(path);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(path), std::string::npos) << refused.error().message;
  SQLite::Database database(path, SQLite::OPEN_READWRITE);
  EXPECT_EQ(version_of(database), version);
  EXPECT_EQ(schema(database), before);
}

INSTANTIATE_TEST_SUITE_P(
    OfVersion, FailingMigration,
    testing::Values(std::pair(1, "TRIGGER revocations_removed AFTER INSERT ON devices BEGIN SELECT 1; END"),
                    std::pair(2, "INDEX usage_by_day ON devices (name)")),
    [](const auto& test) { return std::to_string(test.param.first + 1); });

}  // namespace
}  // namespace strawberry::bridge

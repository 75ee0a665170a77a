/// The copy that a backup is made of: whole, or an error.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <fstream>

#include "bridge/adapters/sqlite/database.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class DatabaseCopy : public ::testing::Test {
 protected:
  DatabaseCopy() { std::ofstream{copy_}; }

  test::TempDir directory_;
  const std::string path_ = directory_.file("hub.db");
  const std::string copy_ = directory_.file("copy.db");
};

TEST_F(DatabaseCopy, HasWhatTheDatabaseHas) {
  ASSERT_TRUE(migrate_database(path_));
  const auto copied = copy_database(path_, copy_);
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(check_database(copy_).value(), database_version());
}

TEST_F(DatabaseCopy, ThatCannotBeWrittenIsNotCalledGood) {
  ASSERT_TRUE(migrate_database(path_));
  SQLite::Database other(copy_, SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  const auto copied = copy_database(path_, copy_);
  ASSERT_FALSE(copied);
  EXPECT_NE(copied.error().message.find("locked"), std::string::npos) << copied.error().message;
}

TEST_F(DatabaseCopy, IsNotMadeOfAnEmptyFile) {
  std::ofstream{path_};
  const auto copied = copy_database(path_, copy_);
  ASSERT_FALSE(copied);
  EXPECT_NE(copied.error().message.find("nothing in it"), std::string::npos) << copied.error().message;
}

}  // namespace
}  // namespace strawberry::bridge

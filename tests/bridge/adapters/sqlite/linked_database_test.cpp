/// No function that opens a database follows a symbolic link in its place.
#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/database_health.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using testing::HasSubstr;

class LinkedDatabase : public testing::Test {
 protected:
  LinkedDatabase() {
    EXPECT_TRUE(migrate_database(directory_.file("real.db")));
    std::filesystem::create_symlink(directory_.file("real.db"), link_);
  }
  template <class T>
  void expect_refused(const Result<T>& outcome) const {
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().message, HasSubstr(link_ + " is a symbolic link"));
  }

  test::TempDir directory_;
  std::string link_ = directory_.file("hub.db");
};

TEST_F(LinkedDatabase, IsNotOpened) {
  expect_refused(open_database(link_));
  expect_refused(migrate_database(link_));
  expect_refused(open_database_to_read(link_));
  expect_refused(check_database(link_));
  expect_refused(examine_database(link_));
}

TEST_F(LinkedDatabase, IsNotCopiedFromOrTo) {
  std::ofstream(directory_.file("copy.db")).flush();
  expect_refused(copy_database(link_, directory_.file("copy.db")));
  expect_refused(copy_database(directory_.file("real.db"), link_));
}

TEST_F(LinkedDatabase, IsNotMadeWhereALinkLeads) {
  std::filesystem::remove(directory_.file("real.db"));
  expect_refused(open_database(link_));
  EXPECT_FALSE(std::filesystem::exists(directory_.file("real.db")));
}

TEST_F(LinkedDatabase, IsOpenedWhereOnlyItsDirectoryIsALink) {
  std::filesystem::create_directory_symlink(directory_.path(), directory_.path() / "var");
  const std::string path = directory_.path() / "var" / "real.db";
  EXPECT_TRUE(open_database(path));
  EXPECT_TRUE(open_database_to_read(path));
  EXPECT_TRUE(check_database(path));
  EXPECT_TRUE(open_database(directory_.path() / "var" / "new.db"));
}

}  // namespace
}  // namespace strawberry::bridge

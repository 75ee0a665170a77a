#include "common/identity/database_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/identity/device_directory.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_hub.h"

namespace strawberry {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DatabaseFile : public testing::Test {
 protected:
  DatabaseFile() { test::create_database(path_); }
  /// The error when it cannot be opened; empty when it can.
  static std::string complaint(const std::string& path, int flags = SQLite::OPEN_READWRITE) {
    try {
      open_database_file(path, flags).exec("SELECT count(*) FROM devices");
      return {};
    } catch (const SQLite::Exception& failure) {
      return failure.what();
    }
  }

  test::TempDir directory_;
  std::string path_ = directory_.file("hub.db");
};

TEST_F(DatabaseFile, OpensAFile) {
  EXPECT_EQ(complaint(path_), "");
  EXPECT_EQ(complaint(path_, SQLite::OPEN_READONLY), "");
  EXPECT_NE(complaint(directory_.file("none.db")), "");
  EXPECT_NE(complaint(directory_.file("none/hub.db")), "");
}

TEST_F(DatabaseFile, NamesALinkInItsPlaceAndDoesNotFollowIt) {
  const std::string link = directory_.file("link.db");
  fs::create_symlink(path_, link);
  for (const int flags : {SQLite::OPEN_READONLY, SQLite::OPEN_READWRITE})
    EXPECT_THAT(complaint(link, flags), HasSubstr(link + " is a symbolic link"));
}

TEST_F(DatabaseFile, NamesALinkBesideItAndDoesNotFollowIt) {
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    const std::string link = path_ + suffix;
    const std::string elsewhere = directory_.file("elsewhere");
    fs::remove(link);
    std::ofstream(elsewhere).flush();
    fs::create_symlink(elsewhere, link);
    EXPECT_THAT(complaint(path_), HasSubstr(link + " is a symbolic link"));
    EXPECT_EQ(fs::file_size(elsewhere), 0U) << suffix;
    fs::remove(link);
  }
}

TEST_F(DatabaseFile, TheDirectoryMayBeReachedByLinks) {
  const test::TempDir other;
  fs::create_directory_symlink(directory_.path(), other.path() / "var");
  fs::create_directory_symlink("var", other.path() / "var2");
  EXPECT_EQ(complaint(other.path() / "var2" / "hub.db"), "");
  EXPECT_TRUE(DeviceDirectory::open(other.path() / "var2" / "hub.db", {}));
}

TEST_F(DatabaseFile, ThePluginsDirectoryFollowsNoLinkAndKeepsWhatItHasRead) {
  const std::string elsewhere = directory_.file("elsewhere.db");
  const auto directory = DeviceDirectory::open(path_, {});
  ASSERT_TRUE(directory);
  fs::rename(path_, elsewhere);
  test::create_database(directory_.file("other.db"));
  fs::create_symlink(directory_.file("other.db"), path_);
  const auto refreshed = (*directory)->refresh();
  ASSERT_FALSE(refreshed);
  EXPECT_THAT(refreshed.error().message, HasSubstr(path_ + " is a symbolic link"));
  const auto opened = DeviceDirectory::open(path_, {});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr(path_ + " is a symbolic link"));
}

/// A socket, which not even root can open as a file.
void make_what_cannot_be_opened(const std::string& path) {
  if (::mknod(path.c_str(), S_IFSOCK | 0600, 0) != 0) throw std::runtime_error("no socket at " + path);
}

// Another user's process that opens the database at the same moment makes the file beside it; this process cannot open
// it until SQLite has set its mode.
TEST_F(DatabaseFile, TriesAgainWhileAFileBesideItCannotBeOpened) {
  const std::string beside = path_ + "-shm";
  make_what_cannot_be_opened(beside);
  int pauses = 0;
  SQLite::Database database = open_database_file(path_, SQLite::OPEN_READONLY, 0, [&] {
    if (++pauses == 3) fs::remove(beside);
  });
  EXPECT_EQ(pauses, 3);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM devices").getInt(), 0);
}

TEST_F(DatabaseFile, GivesUpAfterSomeAttempts) {
  make_what_cannot_be_opened(path_ + "-shm");
  int pauses = 0;
  EXPECT_THROW(open_database_file(path_, SQLite::OPEN_READWRITE, 0, [&] { ++pauses; }), SQLite::Exception);
  EXPECT_EQ(pauses, open_attempts_max - 1);
}

TEST_F(DatabaseFile, DoesNotWaitForAFileThatIsNotThere) {
  int pauses = 0;
  EXPECT_THROW(open_database_file(directory_.file("none.db"), SQLite::OPEN_READONLY, 0, [&] { ++pauses; }),
               SQLite::Exception);
  EXPECT_EQ(pauses, 0);
}

}  // namespace
}  // namespace strawberry

#include "bridge/users/backup_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "common/text/hex.h"
#include "common/text/sha256.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class BackupFilesTest : public testing::Test {
 protected:
  BackupFiles files(std::int64_t bytes_max = 1'000'000) {
    BackupFiles::Options options;
    options.directory = directory_.file("backups");
    options.per_user_max = 2;
    options.bytes_max = bytes_max;
    options.line_bytes_max = 1'000;
    return BackupFiles(options);
  }
  static BackupInfo info(const std::string& id, const std::string& user = "alice") {
    BackupInfo made;
    made.id = id;
    made.user_id = user;
    made.name = "Before <b>";
    made.created_at_ms = 1'700'000'000'000 + id.back();
    return made;
  }
  Reply<BackupInfo> make(const BackupFiles& files, const BackupInfo& about, const std::string& lines) {
    if (auto begun = files.begin(about); !begun) return tl::unexpected(begun.error());
    if (auto added = files.add_lines(about, lines); !added) return tl::unexpected(added.error());
    return files.finish(about);
  }
  static std::string lines_of(const BackupFiles& files, const std::string& id) {
    auto reader = files.open_lines("alice", id);
    std::string text;
    while (reader) {
      const auto some = reader->next(10, 2);
      if (!some || some->empty()) break;
      for (const auto& line : *some) text += line + "\n";
    }
    return text;
  }

  test::TempDir directory_;
};

TEST_F(BackupFilesTest, ABackupIsAPrivateGzipFileWithItsChecksum) {
  const auto backups = files();
  const std::string lines = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";
  const auto made = make(backups, info("b1"), lines);
  ASSERT_TRUE(made) << made.error().message << made.error().cause;
  EXPECT_EQ(made->records, 3);
  EXPECT_EQ(lines_of(backups, "b1"), lines);
  const auto bytes = backups.read_bytes("alice", "b1", 0, 1'000'000);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(static_cast<std::int64_t>(bytes->size()), made->size_bytes);
  EXPECT_EQ(bytes->substr(0, 2), "\x1f\x8b");
  std::string hex;
  for (const char c : as_bytes(sha256(*bytes))) append_hex(hex, c);
  EXPECT_EQ(made->checksum, hex);
  for (const char* name : {"/b1.jsonl.gz", "/b1.json"}) {
    struct stat state {};
    ASSERT_EQ(::stat((directory_.file("backups/alice") + name).c_str(), &state), 0) << name;
    EXPECT_EQ(state.st_mode & 0777, 0600U) << name;
  }
  EXPECT_EQ(backups.get("alice", "b1")->name, "Before <b>");
  EXPECT_EQ(backups.read_bytes("alice", "b1", 2, 3)->size(), 3U);
}

TEST_F(BackupFilesTest, TheyAreListedNewestFirstAndAUserHasSoMany) {
  const auto backups = files();
  ASSERT_TRUE(make(backups, info("b1"), "{}\n"));
  ASSERT_TRUE(backups.check_room("alice"));
  ASSERT_TRUE(make(backups, info("b2"), "{}\n"));
  const auto listed = backups.list("alice");
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->at(0).id, "b2");
  EXPECT_EQ(backups.check_room("alice").error().details.at("limit"), "backups_per_user_max");
  EXPECT_TRUE(backups.check_room("bob"));
  ASSERT_TRUE(backups.remove("alice", "b1"));
  EXPECT_TRUE(backups.check_room("alice"));
  EXPECT_EQ(backups.remove("alice", "b1").error().code, ErrorCode::not_found);
  backups.remove_all("alice");
  EXPECT_TRUE(backups.list("alice")->empty());
}

TEST_F(BackupFilesTest, NamesThatLeaveTheFolderAreNoBackups) {
  const auto backups = files();
  ASSERT_TRUE(make(backups, info("b1"), "{}\n"));
  for (const char* id : {"../alice/b1", "b1.json", "", "b1/"})
    EXPECT_EQ(backups.get("alice", id).error().code, ErrorCode::not_found) << id;
  EXPECT_EQ(backups.get("..", "alice").error().code, ErrorCode::not_found);
  EXPECT_EQ(backups.get("bob", "b1").error().code, ErrorCode::not_found);
  EXPECT_FALSE(backups.begin(info("b2", "../x")));
}

TEST_F(BackupFilesTest, AnUploadComesInPiecesAndIsListedWhenItIsWhole) {
  const auto backups = files();
  ASSERT_TRUE(make(backups, info("b1"), "{\"a\":1}\n"));
  const auto bytes = *backups.read_bytes("alice", "b1", 0, 1'000);
  ASSERT_TRUE(backups.begin(info("b2")));
  ASSERT_TRUE(backups.add_bytes(info("b2"), 0, bytes.substr(0, 5)));
  EXPECT_FALSE(backups.get("alice", "b2"));
  const auto elsewhere = backups.add_bytes(info("b2"), 4, "x");
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().details.at("offset"), 5);
  ASSERT_TRUE(backups.add_bytes(info("b2"), 5, bytes.substr(5)));
  ASSERT_TRUE(backups.finish(info("b2")));
  EXPECT_EQ(lines_of(backups, "b2"), "{\"a\":1}\n");
}

TEST_F(BackupFilesTest, WhatCannotBeReadIsRefusedAndGone) {
  const auto backups = files();
  const auto refused = [&](const std::string& bytes) {
    const auto about = info("b9");
    EXPECT_TRUE(backups.begin(about));
    EXPECT_TRUE(backups.add_bytes(about, 0, bytes));
    const auto finished = backups.finish(about);
    EXPECT_FALSE(std::filesystem::exists(directory_.file("backups/alice/b9.jsonl.gz.part")));
    return finished ? std::string("ok") : std::string(to_string(finished.error().code));
  };
  ASSERT_TRUE(make(backups, info("b1"), "{\"a\":1}\n"));
  const auto good = *backups.read_bytes("alice", "b1", 0, 1'000);
  EXPECT_EQ(refused("{\"a\":1}\n"), "bad_request") << "not packed";
  EXPECT_EQ(refused(""), "bad_request");
  EXPECT_EQ(refused(good.substr(0, good.size() - 6)), "bad_request") << "cut";
  std::string flipped = good;
  flipped[12] = static_cast<char>(flipped[12] ^ 0x55);
  EXPECT_EQ(refused(flipped), "bad_request");
  EXPECT_EQ(make(backups, info("b3"), "no json\n").error().code, ErrorCode::bad_request);
  EXPECT_EQ(make(backups, info("b3"), std::string(2'000, ' ') + "\n").error().code, ErrorCode::bad_request);
  EXPECT_EQ(make(backups, info("b3"), "{\"a\":" + std::string(80, '[') + std::string(80, ']') + "}\n").error().code,
            ErrorCode::bad_request);
}

TEST_F(BackupFilesTest, AFileThatIsTooLargeIsRefused) {
  const auto backups = files(100);
  ASSERT_TRUE(backups.begin(info("b1")));
  ASSERT_TRUE(backups.add_bytes(info("b1"), 0, std::string(100, 'x')));
  EXPECT_EQ(backups.add_bytes(info("b1"), 100, "x").error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace strawberry::bridge

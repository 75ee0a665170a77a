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
  const auto digest = sha256(*bytes);
  for (const char c : as_bytes(digest)) append_hex(hex, c);
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

TEST_F(BackupFilesTest, AnUploadMustBeAnExportOfAUser) {
  const auto backups = files();
  const std::string head = R"({"kind":"user","user_id":"alice","format":1})"
                           "\n";
  const std::string chats = R"({"kind":"chats","day":20000,"chats":5})"
                            "\n";
  const auto uploaded = [&](const std::string& lines) {
    const auto about = info("b9");
    EXPECT_TRUE(backups.begin(about));
    EXPECT_TRUE(backups.add_lines(about, lines));
    const auto finished = backups.finish(about, BackupFiles::From::upload);
    EXPECT_EQ(backups.remove("alice", "b9").has_value(), finished.has_value());
    if (finished) return std::string("ok");
    return finished.error().details.value("path", std::string(to_string(finished.error().code)));
  };
  EXPECT_EQ(uploaded(head + chats), "ok");
  EXPECT_EQ(uploaded(head), "ok");
  EXPECT_EQ(uploaded(chats + head), "/records/0") << "the head comes first";
  EXPECT_EQ(uploaded("{}\n"), "/records/0");
  EXPECT_EQ(uploaded(head + chats + head), "/records/2/kind") << "one file is one user";
  EXPECT_EQ(uploaded(head + R"({"kind":"virus"})"
                            "\n"),
            "/records/1/kind");
  EXPECT_EQ(uploaded(head + R"({"kind":"chats","day":"x","chats":5})"
                            "\n"),
            "/records/1/day");
  for (const char* format : {"2", "0", "-1", "\"1\"", "null", "1e99"})
    EXPECT_EQ(uploaded(R"({"kind":"user","user_id":"alice","format":)" + std::string(format) + "}\n"),
              "/records/0/format")
        << format;
}

TEST_F(BackupFilesTest, RecordsAreCounted) {
  BackupFiles::Options options;
  options.directory = directory_.file("backups");
  options.records_max = 3;
  const BackupFiles backups(options);
  EXPECT_TRUE(make(backups, info("b1"), "{}\n{}\n{}\n"));
  EXPECT_EQ(make(backups, info("b2"), "{}\n{}\n{}\n{}\n").error().code, ErrorCode::too_large);
  EXPECT_FALSE(backups.get("alice", "b2"));
}

TEST_F(BackupFilesTest, ANulIsNoPartOfALine) {
  using namespace std::string_literals;
  const auto backups = files();
  for (const auto& lines : {"{}\0\n"s, "{}\n{}\0"s, "\0{}\n"s, "{}\0{}\n"s, "{}\n\0"s})
    EXPECT_EQ(make(backups, info("b1"), lines).error().code, ErrorCode::bad_request) << lines.size();
}

TEST_F(BackupFilesTest, WhatUnpacksToMoreThanAllowedIsRefused) {
  BackupFiles::Options options;
  options.directory = directory_.file("backups");
  options.text_bytes_max = 100'000;
  const BackupFiles backups(options);
  const std::string line = "{\"a\":\"" + std::string(990, 'a') + "\"}\n";
  const auto lines = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += line;
    return text;
  };
  EXPECT_TRUE(make(backups, info("b1"), lines(99)));
  EXPECT_EQ(make(backups, info("b2"), lines(101)).error().code, ErrorCode::bad_request);
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

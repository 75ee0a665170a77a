// Keys are reloaded from their file, and no change of the file leaves the hub without keys.
#include "common/identity/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/text/base64url.h"
#include "tests/support/temp_dir.h"

namespace strawberry {
namespace {

using test::TempDir;

std::string oct(const std::string& kid, char fill) {
  return R"({"kty":"oct","kid":")" + kid + R"(","k":")" + base64url_encode(std::string(32, fill)) + "\"}";
}
std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

KeySet parsed(const std::string& json) {
  auto keys = KeySet::parse(json);
  if (!keys) throw std::runtime_error(keys.error().message);
  return *keys;
}

class KeyFiles : public ::testing::Test {
 protected:
  KeyFiles() { write_new(set_of(oct("one", '1'))); }

  /// Replaces the file by another one, as a careful writer does.
  void write_new(const std::string& content, mode_t mode = 0600) const {
    const std::string draft = directory_.file("draft");
    std::ofstream(draft) << content;
    ASSERT_EQ(::chmod(draft.c_str(), mode), 0);
    ASSERT_EQ(::rename(draft.c_str(), path_.c_str()), 0);
  }
  /// Changes the contents of the same file, as an editor may do.
  void write_into(const std::string& content) const { std::ofstream(path_, std::ios::trunc) << content; }

  KeyFile open_file() const {
    auto file = KeyFile::open(path_);
    if (!file) throw std::runtime_error(file.error().message);
    return std::move(*file);
  }
  /// Returns "changed", "same" or the error.
  static std::string look(KeyFile& file, bool even_if_unchanged = false) {
    const auto changed = file.refresh(even_if_unchanged);
    if (!changed) return changed.error().message;
    return *changed ? "changed" : "same";
  }
  static std::string kids(const KeyFile& file) {
    std::string kids;
    for (const Key& key : file.keys().keys()) kids += key.kid() + " ";
    return kids;
  }

  TempDir directory_;
  std::string path_ = directory_.file("keys.json");
};

TEST_F(KeyFiles, AreNotOpenedWithoutGoodKeys) {
  EXPECT_FALSE(KeyFile::open(directory_.file("missing")));
  write_new("{");
  const auto file = KeyFile::open(path_);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find(path_), std::string::npos);
}

TEST_F(KeyFiles, TheKeysAreThoseOfTheNewFile) {
  KeyFile file = open_file();
  EXPECT_EQ(look(file), "same");
  write_new(set_of(oct("two", '2') + "," + oct("one", '1')));
  EXPECT_EQ(look(file), "changed");
  EXPECT_EQ(kids(file), "two one ");
  EXPECT_EQ(look(file), "same");
  EXPECT_EQ(look(file, true), "same");
}

TEST_F(KeyFiles, AChangeInPlaceOfTheSameSizeInTheSameTickIsSeen) {
  // Before Linux 6.13 the stamps of files change every few milliseconds only: the state is often the same as before.
  KeyFile file = open_file();
  for (const char fill : {'2', '3', '4', '5', '6', '7', '8', '9'}) {
    write_into(set_of(oct("one", fill)));
    EXPECT_EQ(look(file), "changed") << fill;
    EXPECT_EQ(file.keys(), parsed(set_of(oct("one", fill))));
  }
}

TEST_F(KeyFiles, TheSameKeysWrittenAnewAreNoChange) {
  KeyFile file = open_file();
  write_new("\n" + set_of(oct("one", '1')) + "\n");
  EXPECT_EQ(look(file), "same");
}

TEST_F(KeyFiles, AnotherOrderNameOrSecretIsAChange) {
  write_new(set_of(oct("a", '1') + "," + oct("b", '2')));
  KeyFile file = open_file();
  write_new(set_of(oct("b", '2') + "," + oct("a", '1')));
  EXPECT_EQ(look(file), "changed") << "order";
  write_new(set_of(oct("c", '2') + "," + oct("a", '1')));
  EXPECT_EQ(look(file), "changed") << "name";
  write_new(set_of(oct("c", '3') + "," + oct("a", '1')));
  EXPECT_EQ(look(file), "changed") << "secret";
  write_new(set_of(oct("c", '3')));
  EXPECT_EQ(look(file), "changed") << "number";
}

TEST_F(KeyFiles, ABadFileKeepsTheOldKeysAndIsReportedOnce) {
  KeyFile file = open_file();
  const std::string good = set_of(oct("two", '2'));
  const std::vector<std::pair<std::string, std::function<void()>>> mishaps = {
      {"not one JSON object", [&] { write_new("{\"keys\":["); }},
      {"no keys", [&] { write_new(set_of("")); }},
      {"256 bits", [&] { write_new(set_of(R"({"kty":"oct","k":"AAAA"})")); }},
      {"64 KiB", [&] { write_new(good + std::string(70'000, ' ')); }},
      {"open to other users", [&] { write_new(good, 0644); }},
      {"not a regular file",
       [&] {
         ASSERT_EQ(::unlink(path_.c_str()), 0);
         ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
       }},
      {"symbolic link",
       [&] {
         std::ofstream(directory_.file("elsewhere")) << good;
         ASSERT_EQ(::chmod(directory_.file("elsewhere").c_str(), 0600), 0);
         std::filesystem::remove(path_);
         std::filesystem::create_symlink(directory_.file("elsewhere"), path_);
       }},
      {"No such file", [&] { ASSERT_EQ(::unlink(path_.c_str()), 0); }},
  };
  for (const auto& [expected, mishap] : mishaps) {
    mishap();
    const std::string first = look(file);
    EXPECT_NE(first.find(expected), std::string::npos) << expected << ": " << first;
    EXPECT_NE(first.find(path_), std::string::npos) << first;
    EXPECT_EQ(look(file), "same") << expected;
    EXPECT_EQ(look(file), "same") << expected;
    EXPECT_EQ(look(file, true), first) << "whoever asks is told again";
    EXPECT_EQ(look(file), "same") << expected;
    EXPECT_EQ(kids(file), "one ") << expected;
  }
  write_new(good);
  EXPECT_EQ(look(file), "changed");
  EXPECT_EQ(kids(file), "two ");
}

TEST_F(KeyFiles, TheSameFailureOfAnotherFileIsReportedAgain) {
  KeyFile file = open_file();
  write_new("{");
  const std::string first = look(file);
  write_new("{ ");
  EXPECT_EQ(look(file), first);
}

TEST_F(KeyFiles, TheOldKeysComingBackAreNoChange) {
  KeyFile file = open_file();
  write_new("{");
  EXPECT_NE(look(file), "same");
  write_new(set_of(oct("one", '1')));
  EXPECT_EQ(look(file), "same");
  write_new("{");
  EXPECT_NE(look(file), "same") << "a new mishap, told anew";
}

TEST_F(KeyFiles, AreReadAgainWhenOnlyTheModeWasMended) {
  KeyFile file = open_file();
  write_new(set_of(oct("two", '2')), 0644);
  EXPECT_NE(look(file).find("open to other users"), std::string::npos);
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(look(file), "changed");
}

TEST_F(KeyFiles, GoOnWhereTheyWereAfterAMove) {
  KeyFile file = open_file();
  write_new("{");
  EXPECT_NE(look(file), "same");
  KeyFile moved = std::move(file);
  EXPECT_EQ(look(moved), "same");
  EXPECT_EQ(kids(moved), "one ");
  write_new(set_of(oct("two", '2')));
  EXPECT_EQ(look(moved), "changed");
}

TEST(PrivateFiles, TheirStampsProveNothingForTwoSeconds) {
  const TempDir directory;
  const std::string path = directory.file("secret");
  EXPECT_FALSE(is_recent(look_at_file(path))) << "there is none";
  ASSERT_TRUE(write_new_private_file(path, "new"));
  FileState state = look_at_file(path);
  EXPECT_TRUE(is_recent(state));
  state.modified_ns -= 60'000'000'000;  // any owner can set that one
  EXPECT_TRUE(is_recent(state));
  state.changed_ns -= 4'000'000'000;  // whichever of the two clocks is ahead
  EXPECT_FALSE(is_recent(state));
}

TEST(PrivateFiles, AreReplacedWholeWithModeAndOwnerKept) {
  const TempDir directory;
  const std::string path = directory.file("secret");
  ASSERT_TRUE(write_new_private_file(path, "old"));
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::chown(path.c_str(), 4711, 4712), 0);
  }
  ASSERT_TRUE(replace_private_file(path, "new"));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_uid, is_root ? 4711u : ::geteuid());
  EXPECT_EQ(status.st_gid, is_root ? 4712u : ::getegid());
  const auto read = read_private_file(path, 100);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->content, "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1) << "nothing is left beside it";
}

TEST(PrivateFiles, MayBeReadByAGroupOnlyWhenRootGaveItToThem) {
  for (const mode_t mode : {0600, 0400}) EXPECT_TRUE(is_private(S_IFREG | mode, 4711));
  for (const mode_t mode : {0640, 0440, 0660, 0604, 0644}) EXPECT_FALSE(is_private(S_IFREG | mode, 4711));
  for (const mode_t mode : {0600, 0640, 0440}) EXPECT_TRUE(is_private(S_IFREG | mode, 0));
  for (const mode_t mode : {0660, 0620, 0650, 0644, 0604, 0601}) EXPECT_FALSE(is_private(S_IFREG | mode, 0));
}

TEST(PrivateFiles, StayReadableForTheirGroupWhenReplaced) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root's files have such a group";
  const TempDir directory;
  const std::string path = directory.file("secret");
  ASSERT_TRUE(write_new_private_file(path, "old"));
  ASSERT_EQ(::chown(path.c_str(), 0, 4712), 0);
  for (const auto& [before, after] : {std::pair(0640u, 0640u), std::pair(0440u, 0640u), std::pair(0664u, 0600u)}) {
    ASSERT_EQ(::chmod(path.c_str(), before), 0);
    ASSERT_TRUE(replace_private_file(path, "new"));
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, after);
    EXPECT_EQ(status.st_gid, 4712u);
  }
}

TEST(PrivateFiles, OnlyARegularFileIsReplaced) {
  const TempDir directory;
  EXPECT_FALSE(replace_private_file(directory.file("missing"), "new"));
  std::ofstream(directory.file("precious")) << "precious";
  std::filesystem::create_symlink(directory.file("precious"), directory.file("link"));
  EXPECT_FALSE(replace_private_file(directory.file("link"), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(directory.file("link")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 2);
}

}  // namespace
}  // namespace strawberry

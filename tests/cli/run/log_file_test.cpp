#include "cli/run/log_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

class LogFile : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(log(), std::ios::app) << text; }
  std::string log() const { return directory_.file("a.log"); }
  std::string content(const std::string& end = "") const {
    std::ifstream file(log() + end);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool exists(const std::string& end) const { return std::filesystem::exists(log() + end); }
  test::TempDir directory_;
};

TEST_F(LogFile, IsRotatedWhenItIsLargerThanItMayBe) {
  const LogLimits limits{10, 3};
  write("0123456789");
  rotate_log(log(), limits);
  EXPECT_FALSE(exists(".1")) << "ten bytes are allowed";
  for (const char* text : {"a", "second 123", "third 12345"}) {
    write(text);
    rotate_log(log(), limits);
  }
  EXPECT_EQ(content(), "");
  EXPECT_EQ(content(".1"), "second 123third 12345");
  EXPECT_EQ(content(".2"), "0123456789a");
  write("fourth 12345");
  rotate_log(log(), limits);
  EXPECT_EQ(content(".1"), "fourth 12345");
  EXPECT_EQ(content(".2"), "second 123third 12345");
  EXPECT_FALSE(exists(".3"));
}

TEST_F(LogFile, IsEmptiedWhenItIsToBeTheOnlyOne) {
  write("0123456789a");
  rotate_log(log(), {10, 1});
  EXPECT_EQ(content(), "");
  EXPECT_FALSE(exists(".1"));
}

TEST_F(LogFile, GoesOnAtItsBeginningForWhoeverHasItOpen) {
  std::ofstream writer(log(), std::ios::app);
  writer << "0123456789a" << std::flush;
  rotate_log(log(), {10, 2});
  writer << "later" << std::flush;
  EXPECT_EQ(content(), "later");
}

TEST_F(LogFile, TellsWhatWasWrittenSinceAStart) {
  write("yesterday\n");
  const auto begin = size_of_log(log());
  write("today\n");
  EXPECT_EQ(written_since(log(), begin), "today\n");
  std::ofstream(log(), std::ios::trunc) << "new\n";
  EXPECT_EQ(written_since(log(), begin), "new\n") << "it was emptied since then";
  EXPECT_EQ(written_since(directory_.file("none"), 0), "");
}

TEST_F(LogFile, TellsTheEndOfALongText) {
  write(std::string(last_words_bytes_max, 'x') + "end");
  const std::string text = written_since(log(), 0);
  EXPECT_EQ(text.size(), last_words_bytes_max);
  EXPECT_TRUE(text.ends_with("xend"));
}

TEST(LastWords, AreTheLastFiveLinesAndSaySoWhenThereAreNone) {
  EXPECT_EQ(last_words("bridge", "1\n2\n3\n4\n5\n6\n"),
            "  bridge: 2\n  bridge: 3\n  bridge: 4\n  bridge: 5\n  bridge: 6\n");
  EXPECT_EQ(last_words("bridge", "one\n\ntwo"), "  bridge: one\n  bridge: \n  bridge: two\n");
  EXPECT_EQ(last_words("broker", ""), "  broker: (it wrote nothing)\n");
  EXPECT_EQ(last_words("broker", "\x1b[2J\n"), "  broker: \\x1b[2J\n");
}

}  // namespace
}  // namespace strawberry::cli

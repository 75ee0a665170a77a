#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

#include "common/text/file_descriptor.h"
#include "tests/support/temp_dir.h"

namespace strawberry {
namespace {

TEST(FileText, IsReadUpToItsLimitAndTakesNoMoreMemoryThanItsSize) {
  const test::TempDir directory;
  const std::string path = directory.file("text");
  constexpr std::size_t limit = 40'000;
  for (const std::size_t size : {0UL, 1UL, 16'384UL, 16'385UL, 32'768UL, limit}) {
    std::ofstream(path) << std::string(size, 'x');
    const auto text = read_file_text(path, limit);
    ASSERT_TRUE(text) << size;
    EXPECT_EQ(*text, std::string(size, 'x'));
    EXPECT_LE(text->capacity(), size + 32);
  }
  std::ofstream(path) << std::string(limit + 1, 'x');
  errno = 0;
  EXPECT_FALSE(read_file_text(path, limit));
  EXPECT_EQ(errno, EFBIG);
  EXPECT_FALSE(read_file_text(directory.file("missing"), limit));
}

}  // namespace
}  // namespace strawberry

#include "common/contract/python_name.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

TEST(PythonName, IsOneOfAnyScriptAndNormalised) {
  for (const auto* name : {"a", "_", "a1", "größe", "名前", "ⅷ", "℘", "a·b", "नाम"})
    EXPECT_FALSE(python_identifier(name).empty()) << name;
  for (const auto* name : {"", "1a", "a-b", "a b", "a.b", "²", "x²", "😀", "—", "a\xff", "\xed\xa0\x80"})
    EXPECT_TRUE(python_identifier(name).empty()) << name;
  EXPECT_EQ(python_identifier("ﬁ"), "fi");
  EXPECT_EQ(python_identifier("gro\xcc\x88\xc3\x9f"), "gr\xc3\xb6\xc3\x9f") << "an accent of its own is joined";
}

TEST(PythonName, KeywordsAreNone) {
  for (const auto* word : {"class", "None", "lambda", "async", "__debug__"})
    EXPECT_TRUE(is_python_keyword(word)) << word;
  for (const auto* word : {"match", "case", "type", "_", "none", "print"})
    EXPECT_FALSE(is_python_keyword(word)) << word;
}

TEST(PythonName, InAsciiItLosesItsAccents) {
  EXPECT_EQ(ascii_name("play_song"), "play_song");
  EXPECT_EQ(ascii_name("größe"), "gro_e");
  EXPECT_EQ(ascii_name("Büro-licht"), "Buro-licht");
  EXPECT_EQ(ascii_name("名前"), "__");
  EXPECT_EQ(ascii_name("ﬁ"), "fi");
}

}  // namespace
}  // namespace strawberry

// The bounded reader gives the same result as the JSON library, except for the documents that it refuses.
#include "common/contract/bounded_json.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t bytes_max = 64 * 1024;

json parsed(std::string_view text) { return parse_bounded_json(text, bytes_max); }
bool is_refused(std::string_view text) { return parsed(text).is_discarded(); }

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

const std::vector<std::string>& samples() {
  static const std::vector<std::string> texts = {
      "null",
      "true",
      "false",
      "0",
      "-0",
      "1",
      "-1",
      "1.5",
      "-2.5e-3",
      "1E5",
      "0.1",
      "123456789.123456789",
      "9223372036854775807",
      "9223372036854775808",
      "18446744073709551615",
      "18446744073709551616",
      "-9223372036854775808",
      "-9223372036854775809",
      "1e308",
      "4.9e-324",
      "2.2250738585072011e-308",
      R"("")",
      R"("text")",
      R"("\"\\\/\b\f\n\r\t")",
      R"("\u0000")",
      R"("\u00e4\u20ac\ud83d\ude00")",
      "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"",
      "[]",
      "{}",
      "[1,[2,{\"a\":[]}],\"x\"]",
      R"({"v":1,"correlation_id":"a","args":[1,null,{"b":true}],"kwargs":{"x":-1.5}})",
      R"({"b":1,"a":2,"b":3})",
      " \t\r\n[ 1 , 2 ] \n",
      "\xEF\xBB\xBF{\"a\":1}"};
  return texts;
}

TEST(BoundedJson, ReadsWhatTheLibraryReads) {
  for (const auto& text : samples()) {
    const json expected = json::parse(text);
    const json got = parsed(text);
    EXPECT_EQ(got, expected) << text;
    EXPECT_EQ(got.type(), expected.type()) << text;
    EXPECT_EQ(got.dump(), expected.dump()) << text;
  }
}

TEST(BoundedJson, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "nul",
                           "TRUE",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "1e999",
                           "-1e999",
                           "NaN",
                           "Infinity",
                           "0x1",
                           "\"",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\n\"",
                           "\"\x01\"",
                           "1 2",
                           "{} {}",
                           "[] x",
                           "// a\n1",
                           "/* a */ 1",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\udc00\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "{\"\\udc00\":1}",
                           "\"\xFF\"",
                           "\"\xC0\x80\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xF4\x90\x80\x80\"",
                           "\"\xE2\x82\"",
                           "\xFE\xFF"}) {
    EXPECT_TRUE(is_refused(text)) << text;
    EXPECT_TRUE(json::parse(text, nullptr, false).is_discarded()) << text << ": the library takes it";
  }
}

TEST(BoundedJson, NothingHidesBehindANul) {
  EXPECT_TRUE(is_refused(std::string_view("{}\0{", 4)));
  EXPECT_TRUE(is_refused(std::string_view("\"a\0\"", 4)));
  EXPECT_TRUE(is_refused(std::string_view("\0", 1)));
}

TEST(BoundedJson, BoundsSizeAndDepth) {
  EXPECT_FALSE(parse_bounded_json("[1,2]", 5).is_discarded());
  EXPECT_TRUE(parse_bounded_json("[1,2]", 4).is_discarded());
  EXPECT_FALSE(is_refused(nested(depth_max)));
  EXPECT_TRUE(is_refused(nested(depth_max + 1)));
  EXPECT_TRUE(nests_too_deep(nested(depth_max + 1)));
  EXPECT_FALSE(nests_too_deep(nested(depth_max)));
  EXPECT_TRUE(is_refused(std::string(bytes_max, '[')));
}

/// Texts that are cut, joined and changed at random: both accept them with one result, or both refuse them.
TEST(BoundedJson, AgreesWithTheLibraryAboutDamagedTexts) {
  std::mt19937 random(12);
  const auto pick = [&](std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random); };
  const std::string_view letters = "{}[]:,\"\\u0123456789abcdefDd+-.eE \n\t\x7F\x80\xC3\xA4\xED\xA0\xEF\xBB\xBF";
  std::size_t taken = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string text = samples()[pick(samples().size())];
    if (pick(4) == 0) text += samples()[pick(samples().size())];
    for (std::size_t changes = pick(4); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = pick(text.size());
      const char letter = letters[pick(letters.size())];
      if (pick(3) == 0)
        text.insert(at, 1, letter);
      else if (pick(2) == 0)
        text[at] = letter;
      else
        text.erase(at, 1 + pick(3));
    }
    const json expected = json::parse(text, nullptr, false);
    const json got = parsed(text);
    ASSERT_EQ(got.is_discarded(), expected.is_discarded()) << text;
    if (expected.is_discarded()) continue;
    ++taken;
    ASSERT_EQ(got.dump(), expected.dump()) << text;
  }
  EXPECT_GT(taken, 5'000U);
}

/// Checked by AddressSanitizer: nothing is read beyond the end.
TEST(BoundedJson, CharactersThatTheEndCutsAreRefused) {
  for (const char* cut : {"\xf0", "\xf0\x9f", "\xf0\x9f\x8d", "\xe2", "\xe2\x82", "\xc3"}) {
    EXPECT_TRUE(parse_bounded_json(std::string("{\"a\":\"some more bytes") + cut, 1024).is_discarded());
    EXPECT_TRUE(parse_bounded_json(std::string("\"") + cut, 1024).is_discarded());
  }
}

}  // namespace
}  // namespace strawberry

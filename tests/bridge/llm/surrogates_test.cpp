#include "bridge/llm/surrogates.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {
namespace {

/// The text of a JSON string with halves.
std::string read(const std::string& json) {
  const auto parsed = parse_wire(json);
  return parsed ? parsed->get<std::string>() : "NO JSON";
}

TEST(Halves, WithoutThemNothingChanges) {
  for (const char* json : {"", "{}", R"("\ud83c\udf53")", R"("\\ud83c")", R"("\\\\ud83c\n")", R"("\u00e4\uD7FF\uE000")",
                           R"("\u12)", R"("\)", "\"\xF0\x9F\x8D\x93\""})
    EXPECT_EQ(with_stand_ins(json), json);
}

TEST(Halves, ALonelyOneCanBeParsedAndIsAReplacementCharacter) {
  for (const char* json : {R"("a\ud83cb")", R"("a\uDF53b")"})
    EXPECT_EQ(join_halves(read(json)),
              "a\xEF\xBF\xBD"
              "b");
  EXPECT_EQ(join_halves(read(R"("\udf53\ud83c")")), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(join_halves(read(R"("\ud83c\ud83c\udf53")")), "\xEF\xBF\xBD🍓");
  EXPECT_EQ(join_halves(read(R"("\ud83c\\udf53")")), "\xEF\xBF\xBD\\udf53");
}

TEST(Halves, OfTwoPiecesAreJoined) {
  HalfJoiner joiner;
  EXPECT_EQ(joiner.add(read(R"("a\ud83c")")), "a");
  EXPECT_EQ(joiner.add(""), "");
  EXPECT_EQ(joiner.add(read(R"("\udf53b")")), "🍓b");
  EXPECT_EQ(joiner.finish(), "");
}

TEST(Halves, OneThatIsLeftAloneIsReplacedWhenThatIsKnown) {
  HalfJoiner joiner;
  EXPECT_EQ(joiner.add(read(R"("a\ud83c")")), "a");
  EXPECT_EQ(joiner.add("b"),
            "\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(joiner.add(read(R"("\ud83c")")), "");
  EXPECT_EQ(joiner.finish(), "\xEF\xBF\xBD");
  EXPECT_EQ(joiner.finish(), "");
}

TEST(Halves, EveryPairComesBack) {
  for (std::uint32_t first = 0xD800; first < 0xDC00; first += 31) {
    for (std::uint32_t second = 0xDC00; second < 0xE000; second += 29) {
      char both[16], halves[2][16];
      std::snprintf(both, sizeof both, "\"\\u%04x\\u%04x\"", first, second);
      std::snprintf(halves[0], sizeof halves[0], "\"\\u%04x\"", first);
      std::snprintf(halves[1], sizeof halves[1], "\"\\u%04X\"", second);
      ASSERT_EQ(join_halves(read(halves[0]) + read(halves[1])), nlohmann::json::parse(both).get<std::string>()) << both;
    }
  }
}

TEST(Halves, OtherTextOfTheSameBytesStays) {
  EXPECT_EQ(join_halves("\xF4\x8F\x9F\xBF"
                        "a"),
            "\xF4\x8F\x9F\xBF"
            "a");  // U+10F7FF, just below
  EXPECT_EQ(join_halves("\xF4\x8F"), "\xF4\x8F");
}

}  // namespace
}  // namespace strawberry::bridge

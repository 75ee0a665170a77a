#include "bridge/chat/delta_stream.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/seeds.h"

namespace strawberry::bridge {
namespace {

std::string drain(DeltaStream& stream) {
  std::string all;
  while (auto piece = stream.take()) all += *piece;
  return all;
}

TEST(DeltaStream, PiecesLeaveAsTheyCame) {
  DeltaStream stream({});
  stream.add("Hel");
  EXPECT_EQ(stream.take(), "Hel");
  stream.add("lo");
  EXPECT_EQ(stream.take(), "lo");
  EXPECT_EQ(stream.take(), std::nullopt);
}

TEST(DeltaStream, WhatWaitedLeavesTogether) {
  DeltaStream stream({});
  stream.add("Hel");
  stream.add("lo");
  EXPECT_TRUE(stream.has_text());
  EXPECT_EQ(stream.take(), "Hello");
  EXPECT_FALSE(stream.has_text());
}

TEST(DeltaStream, ACharacterIsNeverParted) {
  DeltaStream stream({});
  stream.add("a\xF0\x9F");
  EXPECT_EQ(stream.take(), "a");
  EXPECT_EQ(stream.take(), std::nullopt);
  stream.add("\x8D\x93z");
  EXPECT_EQ(stream.take(), "\xF0\x9F\x8D\x93z");
}

TEST(DeltaStream, WhatIsTooMuchForOneLeavesAsSeveral) {
  DeltaStream stream({4, 100});
  stream.add(
      "abc\xC3\xA4"
      "def");
  EXPECT_EQ(stream.take(), "abc") << "the two bytes of the next would not fit";
  EXPECT_EQ(stream.take(),
            "\xC3\xA4"
            "de");
  EXPECT_EQ(stream.take(), "f");
}

TEST(DeltaStream, AnAnswerIsCutWhereItsBoundIs) {
  DeltaStream stream({100, 10});
  stream.add("0123456");
  stream.add("789x");
  stream.add("y");
  EXPECT_EQ(drain(stream), "0123456789");
  stream.next_answer();
  stream.add("0123456789x");
  EXPECT_EQ(drain(stream), "0123456789") << "each answer has its own";
}

TEST(DeltaStream, AModelThatDoesNotStreamIsShownAtTheEnd) {
  DeltaStream stream({});
  stream.answered("whole");
  EXPECT_EQ(drain(stream), "whole");
}

TEST(DeltaStream, OnlyTheRestOfAnAnswerIsAdded) {
  DeltaStream stream({});
  stream.add("who");
  EXPECT_EQ(drain(stream), "who");
  stream.answered("whole");
  stream.answered("whole");
  EXPECT_EQ(drain(stream), "le");
  stream.answered("something else");
  EXPECT_EQ(drain(stream), "") << "what was said cannot be taken back";
}

TEST(DeltaStream, WhatIsLeftOfAnAnswerComesBeforeTheNext) {
  DeltaStream stream({});
  stream.add("first. ");
  stream.next_answer();
  stream.answered("second");
  EXPECT_EQ(stream.take(), "first. second");
}

TEST(DeltaStream, WhateverTheCutsAllTextComesOutInOrderAndInWholeCharacters) {
  const std::string text = "Grüße, 北京 🍓 and plain words; ¿qué?";
  test::for_each_seed(200, [&text](test::Random& random) {
    DeltaStream stream({4 + random.below(8), 1000});
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t bytes = std::min(1 + random.below(5), text.size() - at);
      stream.add(std::string_view(text).substr(at, bytes));
      at += bytes;
      for (auto piece = random.percent(50) ? stream.take() : std::nullopt; piece; piece = stream.take()) {
        EXPECT_NE(static_cast<unsigned char>(piece->front()) & 0xC0, 0x80) << "it begins inside a character";
        out += *piece;
      }
    }
    EXPECT_EQ(out + drain(stream), text);
  });
}

}  // namespace
}  // namespace strawberry::bridge

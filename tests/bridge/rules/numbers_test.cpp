#include "bridge/rules/numbers.h"

#include <gtest/gtest.h>

namespace strawberry::bridge::rules {
namespace {

struct Spoken {
  const char* text;
  double number;
};

class NumberIn : public testing::TestWithParam<Spoken> {};

TEST_P(NumberIn, WordsIsRead) {
  const auto sentence = join_numbers(read_sentence(GetParam().text));
  ASSERT_FALSE(sentence.words.empty());
  ASSERT_TRUE(sentence.words.back().number) << GetParam().text;
  EXPECT_DOUBLE_EQ(*sentence.words.back().number, GetParam().number) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Table, NumberIn,
                         testing::Values(Spoken{"21.5", 21.5}, Spoken{"21,5", 21.5}, Spoken{"1,000", 1000},
                                         Spoken{"-3", -3}, Spoken{"seven", 7}, Spoken{"nineteen", 19},
                                         Spoken{"twenty five", 25}, Spoken{"twenty-five", 25}, Spoken{"twentyfive", 25},
                                         Spoken{"one hundred", 100}, Spoken{"two hundred and ten", 210},
                                         Spoken{"twenty one point five", 21.5}, Spoken{"sieben", 7},
                                         Spoken{"zwölf", 12}, Spoken{"fünfundzwanzig", 25}, Spoken{"einundzwanzig", 21},
                                         Spoken{"dreißig", 30}, Spoken{"hundertfünfzig", 150},
                                         Spoken{"einundzwanzig Komma fünf", 21.5}));

class NoNumberIn : public testing::TestWithParam<const char*> {};

TEST_P(NoNumberIn, Word) {
  const auto sentence = join_numbers(read_sentence(GetParam()));
  ASSERT_EQ(sentence.words.size(), 1U);
  EXPECT_FALSE(sentence.words[0].number) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Table, NoNumberIn,
                         testing::Values("1e1", "2O", "und", "einund", "undzwanzig", "often", "hundreds", "twentyten"));

TEST(JoinedNumbers, KeepWhatWasWritten) {
  const auto sentence = join_numbers(read_sentence("play Twenty One Pilots"));
  ASSERT_EQ(sentence.words.size(), 3U);
  EXPECT_EQ(sentence.slice(1, 3), "Twenty One Pilots");
}

TEST(JoinedNumbers, PartsOfHoursAreNumbers) {
  for (const auto& [text, number] :
       {Spoken{"for half an hour", 0.5}, Spoken{"for an hour", 1}, Spoken{"für eine halbe Stunde", 0.5}}) {
    const auto words = join_numbers(read_sentence(text)).words;
    ASSERT_EQ(words.size(), 3U) << text;
    EXPECT_EQ(words[1].number, number) << text;
  }
  EXPECT_FALSE(join_numbers(read_sentence("an hour")).words[0].number) << "an article, without what makes it an amount";
}

}  // namespace
}  // namespace strawberry::bridge::rules

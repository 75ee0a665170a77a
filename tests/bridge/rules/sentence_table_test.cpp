/// Every sentence of the table does what it says there. What is missed is a nuisance, what is wrong an accident.
#include <gtest/gtest.h>

#include "tests/bridge/rules/sentence_table.h"

namespace strawberry::bridge {
namespace {

using test::Tried;
using test::Verdict;

class SentenceTable : public testing::TestWithParam<const char*> {
 protected:
  static std::string path() { return std::string(STRAWBERRY_SENTENCES_DIR) + "/sentences." + GetParam() + ".txt"; }
};

TEST_P(SentenceTable, EverySentenceDoesWhatTheTableSays) {
  for (const Tried& tried : test::try_table(test::read_table(path())))
    EXPECT_EQ(tried.verdict, Verdict::right)
        << "line " << tried.line.number << (tried.verdict == Verdict::wrong ? ": WRONG ACTION: " : ": ")
        << tried.line.sentence << "\n  expected " << tried.line.expected << "\n  got      " << tried.got
        << "\n  said     " << tried.words;
}

INSTANTIATE_TEST_SUITE_P(Languages, SentenceTable, testing::Values("en", "de"));

TEST(SentenceTableSize, HoldsEnoughSentences) {
  const std::string folder = STRAWBERRY_SENTENCES_DIR;
  EXPECT_GE(test::read_table(folder + "/sentences.en.txt").size(), 150U);
  EXPECT_GE(test::read_table(folder + "/sentences.de.txt").size(), 40U);
}

}  // namespace
}  // namespace strawberry::bridge

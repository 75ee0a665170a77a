#include "bridge/rules/typos.h"

#include <gtest/gtest.h>

namespace strawberry::bridge::rules {
namespace {

TEST(Slips, AreTheOnesOfTheKeyboard) {
  for (const auto& [written, meant] : {std::pair{"trun", "turn"},
                                       {"ligth", "light"},
                                       {"kichen", "kitchen"},
                                       {"lightt", "light"},
                                       {"kitchrn", "kitchen"},
                                       {"temperatur", "temperature"}})
    EXPECT_TRUE(is_slip_of(written, meant)) << written;
}

TEST(Slips, AreNotOtherWords) {
  for (const auto& [written, meant] : {std::pair{"plan", "play"},
                                       {"closed", "close"},
                                       {"locked", "lock"},
                                       {"night", "light"},
                                       {"cause", "pause"},
                                       {"blend", "blind"},
                                       {"garbage", "garage"},
                                       {"on", "no"},
                                       {"", "turn"},
                                       {"turn", "turn"}})
    EXPECT_FALSE(is_slip_of(written, meant)) << written;
}

std::string mended(const std::string& text, const Vocabulary& vocabulary) {
  auto sentence = read_sentence(text);
  mend_typos(sentence, vocabulary);
  std::string joined;
  for (const auto& word : sentence.words) joined += (joined.empty() ? "" : " ") + word.fold;
  return joined;
}

TEST(Typos, AreMendedTowardsOneKnownWord) {
  EXPECT_EQ(mended("trun on the kichen ligth", {"kitchen"}), "turn on the kitchen light");
  EXPECT_EQ(mended("the fridgw", {"fridge", "fridgq"}), "the fridgw") << "two could be meant";
  EXPECT_EQ(mended("\"kichen\"", {"kitchen"}), "kichen") << "quoted";
}

TEST(Typos, NeverBecomeAVerbThatOpensOrDestroys) {
  EXPECT_EQ(mended("unlcok the door", {"unlock"}), "unlcok the door");
  EXPECT_EQ(mended("delte the file", {"delete"}), "delte the file");
}

}  // namespace
}  // namespace strawberry::bridge::rules

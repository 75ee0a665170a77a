#include "cli/line_editor.h"

#include <gtest/gtest.h>

namespace strawberry::cli {
namespace {

const std::vector<std::string> rooms{"Living Room Speaker", "Living Room PC", "Kitchen Tablet", "Büro", "Bürste"};

TEST(Completing, PutsInTheRestOfTheOnlyName) {
  EXPECT_EQ(complete("turn it up on kit", rooms).insert, "chen Tablet ");
  EXPECT_EQ(complete("kitchen t", rooms).insert, "ablet ");
}

TEST(Completing, GoesAsFarAsNamesAreTheSameAndThenShowsThem) {
  EXPECT_EQ(complete("play on liv", rooms).insert, "ing Room ");
  const auto found = complete("play on Living Room ", rooms);
  EXPECT_EQ(found.insert, "");
  EXPECT_EQ(found.choices, (std::vector<std::string>{"Living Room Speaker", "Living Room PC"}));
  EXPECT_EQ(complete("living room s", rooms).insert, "peaker ");
}

TEST(Completing, NeverCutsACharacter) {
  const auto found = complete("im bü", {"Büro ä", "Büro ö"});
  EXPECT_EQ(found.insert, "ro ");
  EXPECT_EQ(complete("im b", rooms).insert, "ür");
}

TEST(Completing, LeavesAloneWhatFitsNothing) {
  EXPECT_EQ(complete("hello", rooms).insert, "");
  EXPECT_TRUE(complete("hello", rooms).choices.empty());
  EXPECT_TRUE(complete("", rooms).choices.empty());
  EXPECT_EQ(complete("Kitchen Tablet", rooms).insert, " ");
}

}  // namespace
}  // namespace strawberry::cli

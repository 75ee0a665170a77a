#include <gtest/gtest.h>

#include "bridge/sessions/session_service.h"

namespace strawberry::bridge {
namespace {

TEST(SessionTitle, IsTheFirstMessageCutAtEightyCharacters) {
  EXPECT_EQ(title_from("short"), "short");
  EXPECT_EQ(title_from(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(title_from(std::string(81, 'x')), std::string(80, 'x'));
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  EXPECT_EQ(title_from(umlauts).size(), 160U) << "characters, not bytes, and none cut in half";
  EXPECT_EQ(title_from(""), "");
}

}  // namespace
}  // namespace strawberry::bridge

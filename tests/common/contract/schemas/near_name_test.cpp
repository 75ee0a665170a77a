#include "common/contract/schemas/near_name.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

TEST(NearName, CountsWhatMustBeChanged) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
  EXPECT_EQ(edit_distance("abc", "ac"), 1U);
  EXPECT_EQ(edit_distance("abc", "abxc"), 1U);
  EXPECT_EQ(edit_distance("abc", "axc"), 1U);
  EXPECT_EQ(edit_distance("titel", "title"), 1U) << "two neighbours swapped";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(NearName, FindsWhatWasMeant) {
  const std::vector<std::string> names = {"session_id", "skill_path", "user_id", "title", "v", "timeout_ms"};
  const auto nearest = [&](std::string_view written) { return nearest_name(written, names).value_or("-"); };
  EXPECT_EQ(nearest("session"), "session_id");
  EXPECT_EQ(nearest("sessionId"), "session_id");
  EXPECT_EQ(nearest("Session-ID"), "session_id");
  EXPECT_EQ(nearest("sesion_id"), "session_id");
  EXPECT_EQ(nearest("path"), "skill_path");
  EXPECT_EQ(nearest("id"), "session_id") << "the first of two";
  EXPECT_EQ(nearest("timeout"), "timeout_ms");
  EXPECT_EQ(nearest("tilte"), "title");
  EXPECT_EQ(nearest("subtitle"), "-");
  EXPECT_EQ(nearest("x"), "-");
  EXPECT_EQ(nearest(""), "-");
  EXPECT_EQ(nearest("colour"), "-");
  EXPECT_EQ(nearest(std::string(100'000, 's')), "-");
  EXPECT_EQ(nearest_name("session", {}), std::nullopt);
}

}  // namespace
}  // namespace strawberry

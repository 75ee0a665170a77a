#include "bridge/users/limit_change.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

TEST(LimitChange, NamesLimitsAndTakesNumbersOrNull) {
  const auto change = read_limit_change({{"devices", 20}, {"tokens_per_day", nullptr}, {"stored_bytes", 0}});
  ASSERT_TRUE(change);
  EXPECT_EQ(change->at(LimitKind::devices), 20);
  EXPECT_EQ(change->at(LimitKind::tokens_per_day), std::nullopt);
  EXPECT_EQ(change->at(LimitKind::stored_bytes), 0);
  EXPECT_TRUE(read_limit_change(json::object())->empty());
  EXPECT_TRUE(read_limit_change({{"stored_bytes", limit_max}}));
}

TEST(LimitChange, AnythingElseIsRefusedAtItsPlace) {
  for (const json& value : {json(-1), json(1.5), json("20"), json(true), json(limit_max + 1)}) {
    const auto change = read_limit_change({{"devices", value}});
    ASSERT_FALSE(change) << value;
    EXPECT_EQ(change.error().details.at("path"), "/limits/devices");
  }
  const auto unknown = read_limit_change({{"lamps", 3}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().details.at("path"), "/limits/lamps");
  EXPECT_EQ(unknown.error().details.at("limits").size(), limits_count);
}

}  // namespace
}  // namespace strawberry::bridge

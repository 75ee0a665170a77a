// What to publish, from what is wanted and what was published.
#include "bridge/home_assistant/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/home_assistant/discovery_rules.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Need everything = Need::config | Need::state | Need::republish;

Announcement announced(const std::vector<std::string>& functions) {
  DeviceRow device;
  device.device_id = "lamp";
  device.user_id = "alice";
  device.name = "Lamp";
  SkillTexts texts;
  std::vector<SkillText> skills;
  for (const auto& function : functions)
    skills.push_back(texts.share({"C", function, function + "()", "", false, false}));
  return announce_device(device, skills);
}

/// What the ledger has after `announcement` was published.
AnnouncedRow row_of(const Announcement& announcement) {
  return *plan_announcement("lamp", announcement, std::nullopt, Need::config).remember;
}

TEST(AnnouncementPlan, WhatIsNewIsRememberedAndPublishedWithItsState) {
  const auto plan = plan_announcement("lamp", announced({"on"}), std::nullopt, Need::config);
  ASSERT_TRUE(plan.remember);
  EXPECT_EQ(plan.remember->user_id, "alice");
  EXPECT_THAT(plan.remember->buttons, ElementsAre("C-on"));
  ASSERT_TRUE(plan.config);
  EXPECT_TRUE(plan.state);
  EXPECT_FALSE(plan.names_removed);
}

TEST(AnnouncementPlan, WhatIsTheSameIsNotPublishedUnlessAsked) {
  const auto same = announced({"on"});
  const auto nothing = plan_announcement("lamp", same, row_of(same), Need::config);
  EXPECT_FALSE(nothing.config || nothing.remember || nothing.state);
  const auto again = plan_announcement("lamp", same, row_of(same), everything);
  EXPECT_TRUE(again.config && again.state);
  EXPECT_FALSE(again.remember);
}

TEST(AnnouncementPlan, ARemovedButtonIsNamedAsRemovedAndLaterLeftOut) {
  const auto before = announced({"on", "off"});
  const auto after = announced({"on"});
  const auto first = plan_announcement("lamp", after, row_of(before), Need::config);
  ASSERT_TRUE(first.config && first.remember);
  const auto config = json::parse(*first.config);
  EXPECT_EQ(config.at("cmps").at("C-off"), json::parse(R"({"p":"button"})"));
  EXPECT_THAT(test::complaints_about(config), IsEmpty());
  EXPECT_THAT(first.remember->buttons, ElementsAre("C-on", "C-off")) << "until it is dropped, also over a crash";
  EXPECT_TRUE(first.names_removed);

  const auto again = plan_announcement("lamp", after, first.remember, Need::config);
  EXPECT_FALSE(again.config);
  EXPECT_TRUE(again.names_removed);
  const auto dropped = plan_announcement("lamp", after, first.remember, Need::drop_removed);
  ASSERT_TRUE(dropped.config && dropped.remember);
  EXPECT_FALSE(json::parse(*dropped.config).at("cmps").contains("C-off"));
  EXPECT_EQ(*dropped.remember, row_of(after));
  EXPECT_FALSE(dropped.names_removed);
}

TEST(AnnouncementPlan, AConfigurationThatMayHaveChangedNamesWhatWasRemoved) {
  EXPECT_FALSE(drops_removed(Need::drop_removed | Need::config));
  EXPECT_FALSE(drops_removed(Need::config | Need::drop_removed));
  EXPECT_FALSE(drops_removed(Need::config));
  EXPECT_TRUE(drops_removed(Need::drop_removed));
  EXPECT_TRUE(drops_removed(Need::drop_removed | Need::drop_removed));
  EXPECT_TRUE(drops_removed(Need::drop_removed | Need::state));
}

TEST(AnnouncementPlan, AButtonThatComesBackIsThereAgain) {
  const auto before = announced({"on", "off"});
  const auto gone = plan_announcement("lamp", announced({"on"}), row_of(before), Need::config);
  const auto back = plan_announcement("lamp", before, gone.remember, Need::config);
  ASSERT_TRUE(back.config);
  EXPECT_GT(json::parse(*back.config).at("cmps").at("C-off").size(), 1U);
  EXPECT_FALSE(back.names_removed);
}

TEST(AnnouncementPlan, NoMoreThanSoManyAreNamedAsRemoved) {
  auto known = row_of(announced({}));
  for (std::size_t i = 0; i < buttons_removed_max + 5; ++i) known.buttons.push_back("C-f" + std::to_string(i));
  const auto plan = plan_announcement("lamp", announced({}), known, Need::config);
  EXPECT_EQ(plan.remember->buttons.size(), buttons_removed_max);
}

TEST(AnnouncementPlan, WhatNobodyWantsIsCleared) {
  const auto plan = plan_announcement("lamp", std::nullopt, row_of(announced({})), Need::config);
  EXPECT_EQ(plan.config, "");
  EXPECT_FALSE(plan.remember);
  const auto nothing = plan_announcement("lamp", std::nullopt, std::nullopt, everything);
  EXPECT_FALSE(nothing.config || nothing.state);
}

}  // namespace
}  // namespace strawberry::bridge

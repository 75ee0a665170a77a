// What to publish, from what is wanted and what was published.
#include "bridge/home_assistant/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/home_assistant/discovery_rules.h"

namespace strawberry {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Look look_at_config{true, false, false, false};
constexpr Look look_again{true, true, true, false};
constexpr Look look_tidily{true, false, false, true};

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
  return *plan_announcement("lamp", announcement, std::nullopt, look_at_config).remember;
}

TEST(AnnouncementPlan, WhatIsNewIsRememberedAndPublishedWithItsState) {
  const auto plan = plan_announcement("lamp", announced({"on"}), std::nullopt, look_at_config);
  ASSERT_TRUE(plan.remember);
  EXPECT_EQ(plan.remember->user_id, "alice");
  EXPECT_THAT(plan.remember->buttons, ElementsAre("C-on"));
  ASSERT_TRUE(plan.config);
  EXPECT_TRUE(plan.state);
  EXPECT_FALSE(plan.mentions_gone);
}

TEST(AnnouncementPlan, WhatIsTheSameIsNotPublishedUnlessAsked) {
  const auto same = announced({"on"});
  const auto nothing = plan_announcement("lamp", same, row_of(same), look_at_config);
  EXPECT_FALSE(nothing.config || nothing.remember || nothing.state);
  const auto again = plan_announcement("lamp", same, row_of(same), look_again);
  EXPECT_TRUE(again.config && again.state);
  EXPECT_FALSE(again.remember);
}

TEST(AnnouncementPlan, AButtonThatIsGoneIsTakenAwayByNameAndLaterLeftOut) {
  const auto before = announced({"on", "off"});
  const auto after = announced({"on"});
  const auto first = plan_announcement("lamp", after, row_of(before), look_at_config);
  ASSERT_TRUE(first.config && first.remember);
  const auto config = json::parse(*first.config);
  EXPECT_EQ(config.at("cmps").at("C-off"), json::parse(R"({"p":"button"})"));
  EXPECT_THAT(test::complaints_about(config), IsEmpty());
  EXPECT_THAT(first.remember->buttons, ElementsAre("C-on", "C-off")) << "until it is tidied, also over a crash";
  EXPECT_TRUE(first.mentions_gone);

  const auto again = plan_announcement("lamp", after, first.remember, look_at_config);
  EXPECT_FALSE(again.config);
  EXPECT_TRUE(again.mentions_gone);
  const auto tidy = plan_announcement("lamp", after, first.remember, look_tidily);
  ASSERT_TRUE(tidy.config && tidy.remember);
  EXPECT_FALSE(json::parse(*tidy.config).at("cmps").contains("C-off"));
  EXPECT_EQ(*tidy.remember, row_of(after));
  EXPECT_FALSE(tidy.mentions_gone);
}

TEST(AnnouncementPlan, ALookThatIsNotTidyMakesTheOthersUntidy) {
  auto tidy_first = look_tidily;
  tidy_first |= look_at_config;
  EXPECT_EQ(tidy_first, look_at_config);
  auto tidy_last = look_at_config;
  tidy_last |= look_tidily;
  EXPECT_EQ(tidy_last, look_at_config);
  auto twice = look_tidily;
  twice |= look_tidily;
  EXPECT_EQ(twice, look_tidily);
  Look none;
  none |= look_tidily;
  EXPECT_EQ(none, look_tidily);
}

TEST(AnnouncementPlan, AButtonThatComesBackIsThereAgain) {
  const auto before = announced({"on", "off"});
  const auto gone = plan_announcement("lamp", announced({"on"}), row_of(before), look_at_config);
  const auto back = plan_announcement("lamp", before, gone.remember, look_at_config);
  ASSERT_TRUE(back.config);
  EXPECT_GT(json::parse(*back.config).at("cmps").at("C-off").size(), 1U);
  EXPECT_FALSE(back.mentions_gone);
}

TEST(AnnouncementPlan, NoMoreThanSoManyAreTakenAwayAtOnce) {
  auto known = row_of(announced({}));
  for (std::size_t i = 0; i < buttons_gone_max + 5; ++i) known.buttons.push_back("C-f" + std::to_string(i));
  const auto plan = plan_announcement("lamp", announced({}), known, look_at_config);
  EXPECT_EQ(plan.remember->buttons.size(), buttons_gone_max);
}

TEST(AnnouncementPlan, WhatNobodyWantsIsCleared) {
  const auto plan = plan_announcement("lamp", std::nullopt, row_of(announced({})), look_at_config);
  EXPECT_EQ(plan.config, "");
  EXPECT_FALSE(plan.remember);
  const auto nothing = plan_announcement("lamp", std::nullopt, std::nullopt, look_again);
  EXPECT_FALSE(nothing.config || nothing.state);
}

}  // namespace
}  // namespace strawberry

#include "common/contract/rights.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

TEST(Rights, ScopesAreReadAndWrittenAndUnknownWordsGiveNothing) {
  const Scopes scopes = scopes_in("skills:call chat admin everything  ");
  EXPECT_EQ(write_scope(scopes), "skills:call chat");
  EXPECT_FALSE(scopes.is_all());
  EXPECT_EQ(unknown_scopes_in("skills:call admin"), "admin");
  EXPECT_EQ(write_scope(scopes_in("")), "");
  EXPECT_TRUE(Rights().is_full());
  EXPECT_FALSE(Rights({scopes_in(write_scope(Scopes::all())), {}}).is_full()) << "all scopes there are is not all";
}

TEST(Rights, PatternsMatchByPart) {
  EXPECT_TRUE(skill_matches("LightSkill.*", "lamp", "LightSkill", "turn_on"));
  EXPECT_FALSE(skill_matches("LightSkill.*", "lamp", "LightSkillX", "turn_on"));
  EXPECT_TRUE(skill_matches("speaker.MusicSkill.play", "speaker", "MusicSkill", "play"));
  EXPECT_FALSE(skill_matches("speaker.MusicSkill.play", "tablet", "MusicSkill", "play"));
  EXPECT_TRUE(skill_matches("Light*.turn_*", "lamp", "LightSkill", "turn_on"));
  for (const char* bad : {"", ".", "a", "a.", ".b", "a.b.c.d", "*", "a*b.c", "a.b,c", "a b.c", "sp*.A.b", "a/b.c"})
    EXPECT_FALSE(is_skill_pattern(bad)) << bad;
}

TEST(Rights, NothingIsWithinLess) {
  const Rights full;
  const Rights light{scopes_in("skills:call").without(Scope::any_skill), {"LightSkill.*"}};
  EXPECT_TRUE(light.is_within(full));
  EXPECT_FALSE(full.is_within(light));
  EXPECT_TRUE(light.is_within(light));
  const auto with = [&](std::string pattern) { return Rights{light.scopes, {std::move(pattern)}}.is_within(light); };
  EXPECT_TRUE(with("LightSkill.turn_on"));
  EXPECT_TRUE(with("lamp.LightSkill.*"));
  EXPECT_FALSE(with("Light*.turn_on"));
  EXPECT_FALSE(with("*.*"));
  EXPECT_FALSE((Rights{scopes_in("skills:call chat").without(Scope::any_skill), {"LightSkill.*"}}.is_within(light)));
  EXPECT_FALSE((Rights{scopes_in("skills:call"), {}}.is_within(light))) << "of all skills";
}

TEST(Rights, TheStampSaysWhatTheyAreAndNothingElseIsOne) {
  const Rights rights{scopes_in("skills:call").without(Scope::any_skill), {"LightSkill.*", "speaker.A.b"}};
  EXPECT_EQ(decode_rights(encode_rights(rights)), rights);
  EXPECT_EQ(decode_rights(encode_rights(Rights())), Rights());
  for (const char* bad : {"", "/", "xyz/", "1ffffffff/", "1", "1/a", "1/a.b,,c.d", "-1/"})
    EXPECT_FALSE(decode_rights(bad)) << bad;
}

}  // namespace
}  // namespace strawberry::bridge

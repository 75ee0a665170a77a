#include "bridge/skills/place_target.h"

#include <gtest/gtest.h>

#include "common/contract/device_name.h"

namespace strawberry::bridge {
namespace {

CallCandidate candidate(const std::string& id, const std::string& name, const std::string& room,
                        bool connected = true) {
  CallCandidate made;
  made.device_id = id;
  made.normalized_name = normalize_device_name(name);
  made.connected = connected;
  made.room = room;
  made.normalized_room = normalize_device_name(room);
  return made;
}

class PlaceTarget : public testing::Test {
 protected:
  /// The id, the code of the error, or `no place`.
  std::string choose(const std::string& target) {
    const auto chosen = choose_in_place({target, rooms_, "LightSkill", "LightSkill.turn_on"}, lights_);
    if (!chosen) return "no place";
    return *chosen ? **chosen : std::string(to_string(chosen->error().code));
  }

  std::vector<std::string> rooms_ = {"hall", "kitchen", "living_room", "room"};
  std::vector<CallCandidate> lights_ = {candidate("k", "Ceiling Lamp", "Kitchen"),
                                        candidate("l1", "Lamp", "Living Room"),
                                        candidate("l2", "Shelf", "Living Room")};
};

TEST_F(PlaceTarget, ARoomMeansItsOnlyDeviceThatHasTheSkill) {
  for (const char* target : {"kitchen", "Kitchen", "in the kitchen", "in_the_kitchen", "the kitchen", "im kitchen"})
    EXPECT_EQ(choose(target), "k") << target;
  EXPECT_EQ(choose("hall"), "not_found") << "nothing there has the skill";
  EXPECT_EQ(choose("attic"), "no place");
  EXPECT_EQ(choose(""), "no place");
}

TEST_F(PlaceTarget, OtherWordsAreOfADeviceThereOrOfTheSkillsClass) {
  EXPECT_EQ(choose("kitchen light"), "k") << "of LightSkill";
  EXPECT_EQ(choose("light in the kitchen"), "k");
  EXPECT_EQ(choose("kitchen ceiling lamp"), "k");
  EXPECT_EQ(choose("kitchen radio"), "not_found");
  EXPECT_EQ(choose("shelf in the living room"), "l2");
  EXPECT_EQ(choose("living room lamp"), "l1");
}

TEST_F(PlaceTarget, SeveralDevicesInARoomAreNamedWithTheRoom) {
  const auto chosen = choose_in_place({"living room", rooms_, "LightSkill", "LightSkill.turn_on"}, lights_);
  ASSERT_TRUE(chosen);
  ASSERT_FALSE(*chosen);
  EXPECT_EQ(chosen->error().code, ErrorCode::ambiguous);
  EXPECT_EQ(chosen->error().details.at("candidates"), nlohmann::json({"lamp", "shelf"}));
  EXPECT_EQ(chosen->error().details.at("rooms"), nlohmann::json({{"lamp", "Living Room"}, {"shelf", "Living Room"}}));
}

TEST_F(PlaceTarget, OneThatIsNotConnectedGivesWay) {
  lights_[1].connected = false;
  EXPECT_EQ(choose("living room"), "l2");
  lights_[2].connected = false;
  EXPECT_EQ(choose("living room"), "device_offline");
}

TEST_F(PlaceTarget, AnAliasIsANameThere) {
  lights_[2].aliases = {"glow_worm"};
  EXPECT_EQ(choose("glow worm in the living room"), "l2");
}

TEST(DevicesInPlace, AModelMayGiveANameAnAliasOrARoom) {
  const std::vector<OfferingDevice> devices = {
      {"k", "Ceiling Lamp", "ceiling_lamp", true, "Kitchen", "kitchen", {"big_light"}},
      {"h", "Hall Lamp", "hall_lamp", true, "", "", {}},
      {"h2", "Spot", "spot", false, "Hall", "hall", {}}};
  const auto ids = [&](const std::string& words) {
    std::string text;
    for (const auto* device : devices_in_place(words, "LightSkill", devices)) text += device->device_id + " ";
    return text;
  };
  EXPECT_EQ(ids("ceiling_lamp"), "k ");
  EXPECT_EQ(ids("Big Light"), "k ");
  EXPECT_EQ(ids("kitchen"), "k ");
  EXPECT_EQ(ids("the kitchen light"), "k ");
  EXPECT_EQ(ids("hall_lamp"), "h ") << "a name goes before a room";
  EXPECT_EQ(ids("hall"), "h2 ");
  EXPECT_EQ(ids("cellar"), "");
}

}  // namespace
}  // namespace strawberry::bridge

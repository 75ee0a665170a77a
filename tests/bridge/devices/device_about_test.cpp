#include "bridge/devices/device_about.h"

#include <gtest/gtest.h>

#include "common/contract/device_name.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class DeviceAboutTest : public testing::Test {
 protected:
  DeviceAboutTest() {
    add("lamp", "Lamp");
    add("radio", "Radio");
  }
  void add(const std::string& id, const std::string& name) {
    DeviceRow row;
    row.device_id = id;
    row.user_id = "alice";
    row.name = name;
    row.normalized_name = normalize_device_name(name);
    row.about.aliases = {"The Other " + name};
    devices_.put(row);
  }
  static Request request(json body) {
    Request made;
    made.body = std::move(body);
    return made;
  }
  Reply<DeviceChange> change(json body) {
    return wanted_change(request(std::move(body)), devices_.find("lamp")->row, devices_);
  }
  /// Where the complaint is, or "ok".
  std::string place(json body) {
    const auto changed = change(std::move(body));
    const bool has_place = !changed && changed.error().details.is_object();
    return changed ? "ok" : has_place ? changed.error().details.value("path", "no place") : "no place";
  }

  DeviceRegistry devices_;
};

TEST_F(DeviceAboutTest, WhatIsAbsentStaysAndNothingAtAllIsRefused) {
  const auto changed = change({{"room", "Küche"}});
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->room, "Küche");
  EXPECT_FALSE(changed->name || changed->aliases || changed->capabilities || changed->metadata);
  EXPECT_EQ(place(json::object()), "no place");
}

TEST_F(DeviceAboutTest, ARoomIsNamedByTheRuleForDevicesAndTakenAwayByNull) {
  EXPECT_EQ(change({{"room", nullptr}})->room, "");
  EXPECT_EQ(change({{"room", ""}})->room, "");
  for (const char* room : {"Living Room", "<b>Kitchen</b>", "\u202eHall"})
    EXPECT_EQ(place({{"room", room}}), "ok") << room;
  for (const std::string& room :
       {std::string("!!!"), std::string("Hub"), std::string("\u202e"), std::string(129, 'k'), std::string(10'000, 'k')})
    EXPECT_EQ(place({{"room", room}}), "/room") << room.substr(0, 20);
  EXPECT_EQ(place({{"room", std::string(128, 'k')}}), "ok");
}

TEST_F(DeviceAboutTest, AnAliasIsNoOtherDevicesNameOrAlias) {
  EXPECT_EQ(place({{"aliases", {"Moon", "Lamp", "the other lamp"}}}), "ok") << "its own may be said again";
  EXPECT_EQ(place({{"aliases", {"Moon", "RADIO"}}}), "/aliases/1");
  EXPECT_EQ(place({{"aliases", {"the other radio"}}}), "/aliases/0");
  EXPECT_EQ(place({{"aliases", {"Moon", "moon!"}}}), "/aliases/1");
  EXPECT_EQ(place({{"aliases", {"hub"}}}), "/aliases/0");
  EXPECT_EQ(place({{"aliases", {"a", "b", "c", "d", "e", "f", "g", "h"}}}), "ok");
  EXPECT_EQ(place({{"aliases", {"a", "b", "c", "d", "e", "f", "g", "h", "i"}}}), "/aliases");
}

TEST_F(DeviceAboutTest, CapabilitiesHaveVersionsAndMetadataHasBounds) {
  EXPECT_EQ(place({{"capabilities", {"motor.differential:v1.0", "light:v2.0"}}}), "ok");
  EXPECT_EQ(place({{"capabilities", {"light:v1.0", "light"}}}), "/capabilities/1");
  EXPECT_EQ(place({{"capabilities", {"light:v1.0", "light:v1.0"}}}), "/capabilities/1");
  json many = json::array();
  for (std::size_t i = 0; i <= device_capabilities_max; ++i) many.push_back("c" + std::to_string(i) + ":v1.0");
  EXPECT_EQ(place({{"capabilities", many}}), "/capabilities");
  const std::string most(device_metadata_bytes_max - std::string(R"({"a":""})").size(), 'x');
  EXPECT_EQ(place({{"metadata", {{"a", most}}}}), "ok");
  EXPECT_EQ(place({{"metadata", {{"a", most + "x"}}}}), "/metadata");
  json deep = json::object();
  for (std::size_t level = 1; level < device_metadata_depth_max; ++level) deep = json{{"a", deep}};
  EXPECT_EQ(place({{"metadata", deep}}), "ok");
  EXPECT_EQ(place({{"metadata", {{"a", deep}}}}), "/metadata");
}

TEST_F(DeviceAboutTest, AListMayWantARoomAndACapability) {
  auto row = devices_.find("lamp")->row;
  row.about.room = "Küche";
  row.about.capabilities = {"light:v1.2"};
  devices_.put(row);
  const auto fits = [&](json body, const char* id) {
    return wanted_devices(request(std::move(body)))->fits(*devices_.find(id));
  };
  EXPECT_TRUE(fits({{"room", "kuche"}}, "lamp"));
  EXPECT_FALSE(fits({{"room", "kuche"}}, "radio"));
  EXPECT_TRUE(fits({{"capability", "light:v1.1"}}, "lamp"));
  EXPECT_FALSE(fits({{"capability", "light:v1.3"}}, "lamp"));
  EXPECT_TRUE(fits(json::object(), "radio"));
  EXPECT_FALSE(wanted_devices(request({{"room", "!!"}})));
  EXPECT_FALSE(wanted_devices(request({{"capability", "Light"}})));
}

}  // namespace
}  // namespace strawberry::bridge

#include "common/contract/capability.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

TEST(Capability, HasANameOfPartsAndAVersion) {
  const auto motor = parse_capability("motor.differential:v1.0");
  ASSERT_TRUE(motor);
  EXPECT_EQ(motor->name, "motor.differential");
  EXPECT_EQ(motor->major, 1);
  EXPECT_EQ(motor->minor, 0);
  EXPECT_TRUE(parse_capability("sensor.range-tof:v12.3456"));
  EXPECT_TRUE(parse_capability("light:v0.1"));
  EXPECT_TRUE(parse_capability(std::string(capability_bytes_max - 5, 'a') + ":v1.0"));
}

TEST(Capability, WhatIsWrittenOtherwiseIsNone) {
  for (const char* text : {"", "motor", "motor:v1", "motor:1.0", "Motor:v1.0", ".motor:v1.0", "motor.:v1.0",
                           "motor..a:v1.0", "1motor:v1.0", "motor:v01.0", "motor:v1.00", "motor:v1.", "motor:v12345.0",
                           "motor:v1.0 ", "mötor:v1.0", "motor:v-1.0", "motor:v1.0.0", "motor:v1.0:v1.0"})
    EXPECT_FALSE(parse_capability(text)) << text;
  EXPECT_FALSE(parse_capability(std::string(capability_bytes_max - 4, 'a') + ":v1.0"));
}

TEST(Capability, AVersionThatIsWantedMeansThatMajorOneAndAtLeastThatMinorOne) {
  const std::vector<std::string> offered = {"motor.differential:v1.2", "light:v2.0"};
  for (const char* wanted :
       {"motor.differential", "motor.differential:v1", "motor.differential:v1.0", "motor.differential:v1.2", "light"})
    EXPECT_TRUE(has_capability(offered, parse_wanted_capability(wanted).value())) << wanted;
  for (const char* wanted : {"motor", "motor.differential:v2", "motor.differential:v1.3", "light:v1.0"})
    EXPECT_FALSE(has_capability(offered, parse_wanted_capability(wanted).value())) << wanted;
  EXPECT_FALSE(parse_wanted_capability("Motor"));
  EXPECT_FALSE(parse_wanted_capability("motor:"));
}

}  // namespace
}  // namespace strawberry

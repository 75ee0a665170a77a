// What the plugin says of the broker that loads it.
#include "broker-plugin/broker_version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> warnings_of(int running, int built_for) {
  return version_warnings(mosquitto_version_of(running), mosquitto_version_of(built_for));
}

TEST(BrokerVersion, IsReadFromTheNumberOfTheLibrary) {
  EXPECT_EQ(to_string(mosquitto_version_of(2'000'011)), "2.0.11");
  EXPECT_EQ(to_string(mosquitto_version_of(2'001'002)), "2.1.2");
}

TEST(BrokerVersion, TestedVersionsNeedNoWarning) {
  for (const int version : {2'000'011, 2'000'018, 2'000'021, 2'001'002, 2'001'099}) {
    EXPECT_THAT(warnings_of(version, version), IsEmpty()) << version;
  }
  EXPECT_THAT(warnings_of(2'000'021, 2'000'011), IsEmpty()) << "another revision of the same release";
}

TEST(BrokerVersion, WarnsOfABrokerThatIsOlderOrNewerThanTested) {
  EXPECT_THAT(warnings_of(2'000'010, 2'000'010),
              ElementsAre("Mosquitto is older than the tested versions 2.0.11 to 2.1.2: 2.0.10 (upgrade the broker)"));
  EXPECT_THAT(warnings_of(2'002'000, 2'002'000),
              ElementsAre("Mosquitto is newer than the tested versions 2.0.11 to 2.1.2: 2.2.0 (upgrade strawberry-hub, "
                          "or use a tested broker)"));
  EXPECT_EQ(warnings_of(3'000'000, 3'000'000).size(), 1u);
}

TEST(BrokerVersion, WarnsOfAPluginBuiltForAnotherBroker) {
  EXPECT_THAT(warnings_of(2'001'002, 2'000'011),
              ElementsAre("the plugin was built for Mosquitto 2.0.11, the broker is 2.1.2 (build the plugin on this "
                          "system, or install the package made for it)"));
  EXPECT_EQ(warnings_of(2'002'000, 2'001'002).size(), 2u);
}

TEST(BrokerVersion, RefusesABrokerWithoutThePluginInterface) {
  EXPECT_EQ(interface_refusal({2, 3, 4}, 5),
            "the broker does not offer plugin interface 5: it has 2, 3, 4 (install Mosquitto 2.0.11 to 2.1.2)");
  EXPECT_EQ(interface_refusal({}, 5),
            "the broker does not offer plugin interface 5: it has none (install Mosquitto 2.0.11 to 2.1.2)");
}

}  // namespace
}  // namespace strawberry::plugin

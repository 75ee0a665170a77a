#include "common/text/network_of.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

TEST(NetworkOf, IsTheWholeAddressOfIpv4) {
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
}

TEST(NetworkOf, IsTheFirstHalfOfIpv6InEverySpelling) {
  EXPECT_EQ(network_of("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("2001:0DB8:1:2:ffff::9"), "2001:db8:1:2::/64");
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("fe80::1%eth0"), "fe80::/64");
}

TEST(NetworkOf, OfIpv4WithinIpv6IsThatOfIpv4) {
  EXPECT_EQ(network_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("::FFFF:c000:201"), "192.0.2.1");
  EXPECT_NE(network_of("::ffff:192.0.2.1"), network_of("::ffff:192.0.2.2")) << "not all of IPv4 is one client";
}

TEST(NetworkOf, IsEmptyForAnythingElse) {
  for (const std::string& text : {std::string(), std::string("/run/broker.sock"), std::string("192.0.2"),
                                  std::string("192.0.2.1:80"), std::string("[::1]"), std::string(1'000, '1')}) {
    EXPECT_EQ(network_of(text), "") << text;
  }
}

}  // namespace
}  // namespace strawberry

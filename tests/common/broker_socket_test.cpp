#include "common/contract/broker_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>

#include <array>
#include <memory>

namespace strawberry {
namespace {

TEST(BrokerSocketChoice, AutoIsTheDataDirectorysWithTcpAfterIt) {
  EXPECT_EQ(choose_broker_socket("auto", "/hub", "127.0.0.1"), (BrokerSocket{"/hub/broker.sock", false}));
  EXPECT_EQ(choose_broker_socket("auto", "./var", "localhost"), (BrokerSocket{"./var/broker.sock", false}));
}

TEST(BrokerSocketChoice, AutoIsTcpForABrokerElsewhere) {
  EXPECT_EQ(choose_broker_socket("auto", "/hub", "hub.lan"), BrokerSocket{});
  EXPECT_EQ(choose_broker_socket("auto", "/hub", "192.0.2.1"), BrokerSocket{});
}

TEST(BrokerSocketChoice, AutoIsTcpWhereThePathWouldBeTooLong) {
  const std::string longest = "/" + std::string(broker_socket_bytes_max - broker_socket_name.size() - 2, 'x');
  EXPECT_EQ(choose_broker_socket("auto", longest, "::1").path.size(), broker_socket_bytes_max);
  EXPECT_EQ(choose_broker_socket("auto", longest + "x", "::1"), BrokerSocket{});
}

TEST(BrokerSocketChoice, OffAndEmptyAreTcp) {
  EXPECT_EQ(choose_broker_socket("off", "/hub", "127.0.0.1"), BrokerSocket{});
  EXPECT_EQ(choose_broker_socket("", "/hub", "127.0.0.1"), BrokerSocket{});
}

TEST(BrokerSocketChoice, APathIsMeantAloneWhereverTheHostIs) {
  EXPECT_EQ(choose_broker_socket("/run/b.sock", "/hub", "broker"), (BrokerSocket{"/run/b.sock", true}));
}

TEST(ThisMachine, IsLoopbackAndNoName) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1"})
    EXPECT_TRUE(is_this_machine(host)) << host;
  for (const char* host : {"", "127.example", "hub.lan", "192.0.2.1", "2001:db8::1", "127.0.0.1.lan"})
    EXPECT_FALSE(is_this_machine(host)) << host;
}

TEST(ThisMachine, HasTheAddressesOfItsInterfaces) {
  ifaddrs* found = nullptr;
  ASSERT_EQ(::getifaddrs(&found), 0);
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, &::freeifaddrs);
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text.data(), text.size());
    EXPECT_TRUE(is_this_machine(text.data())) << text.data();
  }
}

}  // namespace
}  // namespace strawberry

/// A broker with more retained messages than can wait at one time: none of them is lost. In this process, with small
/// limits.
#include <gmock/gmock.h>

#include "cli/spoke/discovery_run/discovery_spoke.h"
#include "tests/integration/discovery_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using cli::discovery::DeviceFiles;
using cli::discovery::DiscoverySpoke;
using cli::discovery::enroll_with_keys;

class DiscoveryOverflow : public DiscoveryFixture {
 protected:
  DiscoveryOverflow() : DiscoveryFixture({}, many_messages()) {}
  static BrokerProcess::Options many_messages() {
    BrokerProcess::Options options;
    options.config = {"max_queued_messages 10000"};
    return options;
  }
};

TEST_F(DiscoveryOverflow, WhatWasDroppedIsAskedForAgain) {
  constexpr int devices = 1'500;
  for (int i = 0; i < devices; ++i) {
    // Never available, so none of them is registered.
    const std::string id = "light_" + std::to_string(i);
    announce(id, with_availability(light(id, id), "nowhere"));
  }
  asio::io_context loop;
  const cli::Endpoint endpoint{"127.0.0.1", static_cast<std::uint16_t>(hub().port())};
  const auto enrollment = enroll_with_keys({loop, endpoint}, cli::DataDir{hub().files().directory().path()}, "alice");
  auto files = DeviceFiles::open(state_dir(), "alice");
  ASSERT_TRUE(files) << files.error().message;
  std::vector<std::string> lines;
  DiscoverySpoke::Options options;
  options.broker.address = cli::discovery::parse_broker_url(url()).value();
  options.home.devices_max = devices;
  options.queue.topics_max = 300;
  options.fleet.endpoint = endpoint;
  options.ask_again_pause = 50ms;
  options.status_pause = 50ms;
  options.say = [&](const std::string& line) {
    lines.push_back(line);
    if (line.find("1500 devices with 1500 entities") != std::string::npos) loop.stop();
  };
  DiscoverySpoke spoke(loop, **files, *enrollment, options);
  ASSERT_TRUE(spoke.open());
  loop.run_for(30s);
  EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("1500 devices with 1500 entities")));
  EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("the broker sends more than can be read")));
}

}  // namespace
}  // namespace strawberry::test

#include "bridge/hub/hub_topics.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bridge/process_numbers.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
const WallTime now = from_unix_ms(1'767'225'600'123);

TEST(HubTopics, AreOneLineOfJsonWithATimestamp) {
  HubInfo info;
  info.version = "1.2.3";
  HubHealth health;
  for (const auto& line : {hub_state(true, now, now), hub_info(info, now), hub_health(health, now)}) {
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(json::parse(line).at("ts"), "2026-01-01T00:00:00.123Z") << line;
  }
  EXPECT_EQ(json::parse(hub_state(false, now, now)).at("state"), "offline");
}

TEST(HubTopics, SayByWhichPortTheBrokerIsReached) {
  HubInfo info;
  info.broker_port = 8883;
  info.broker_tls = true;
  EXPECT_EQ(json::parse(hub_info(info, now)).at("broker"), json::parse(R"({"port":8883,"tls":true})"));
}

TEST(HubTopics, SayOfEachProviderHowItIsAndWhenItIsAskedAgain) {
  HubHealth health;
  health.providers = {{"openai", "open", 7, 5, std::chrono::milliseconds(1'500)}, {"rules", "closed", 2, 0, {}}};
  EXPECT_EQ(json::parse(hub_health(health, now)).at("providers"), json::parse(R"([
    {"name":"openai","state":"open","requests":7,"failures":5,"retry_in_ms":1500},
    {"name":"rules","state":"closed","requests":2,"failures":0}])"));
}

TEST(HubTopics, SayHowFullEachQueueIsAndMayBe) {
  HubHealth health;
  health.queues = {{"outbox", 3}};
  health.queue_limits = {{"outbox", 100}};
  const auto line = json::parse(hub_health(health, now));
  EXPECT_EQ(line.at("queues").at("outbox"), 3);
  EXPECT_EQ(line.at("queue_limits").at("outbox"), 100);
}

TEST(HubTopics, SayWhetherTheDiskIsLow) {
  HubHealth health;
  auto line = json::parse(hub_health(health, now));
  EXPECT_EQ(line.at("disk_low"), false);
  EXPECT_FALSE(line.contains("disk_free_bytes")) << "not known";
  health.disk_low = true;
  health.disk_free_bytes = 1'000;
  line = json::parse(hub_health(health, now));
  EXPECT_EQ(line.at("disk_low"), true);
  EXPECT_EQ(line.at("disk_free_bytes"), 1'000);
}

TEST(HubTopics, ResidentMemoryIsThatOfThisProcess) { EXPECT_GT(process_numbers().resident_bytes, 500'000); }

}  // namespace
}  // namespace strawberry::bridge

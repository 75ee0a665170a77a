#include "bridge/devices/principal_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/devices/device_events.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class PrincipalWatchTest : public ::testing::Test {
 protected:
  PrincipalWatchTest() {
    DeviceRow lamp;
    lamp.device_id = "lamp";
    lamp.user_id = "alice";
    lamp.name = lamp.normalized_name = "lamp";
    lamp.created_at_ms = to_unix_ms(clock_.wall_now());
    EXPECT_TRUE(test::run_task(loop_, store_->devices().add_device(lamp)));
    devices_.put(lamp);
  }
  void status(const std::string& payload, bool retained) {
    MqttMessage message;
    message.payload = payload;
    message.retained = retained;
    watch_.status_arrived("lamp", message);
    // What was spawned is in the store when the next job is.
    EXPECT_TRUE(test::run_task(loop_, store_->announcements().announced_ids()));
  }
  std::string since(std::chrono::seconds before) const {
    return R"({"state":"online","since":")" + format_rfc3339(clock_.wall_now() - before) + "\"}";
  }
  std::optional<std::int64_t> stored_last_seen() {
    std::optional<std::int64_t> seen;
    const auto reopened = SqliteStorage::open(loop_, path_, {}).value();
    EXPECT_TRUE(reopened->load_devices([&](const DeviceRow& row, const auto&) { seen = row.last_seen_ms; }));
    return seen;
  }

  test::TempDir directory_;
  const std::string path_ = directory_.file("hub.db");
  test::FakeClock clock_;
  asio::io_context loop_;
  Events events_{clock_};
  DeviceRegistry devices_;
  std::unique_ptr<SqliteStorage> store_ = SqliteStorage::open(loop_, path_, {}).value();
  PrincipalWatch watch_{loop_, clock_, devices_, store_->devices(), events_};
  std::vector<PresenceChanged> heard_;
  const Subscription presence_ =
      events_.listen<PresenceChanged>("test", [this](const PresenceChanged& changed) { heard_.push_back(changed); });
};

TEST_F(PrincipalWatchTest, ADeviceThatComesIsAnnouncedOnceAndItsTimeIsStored) {
  status("online", false);
  status("online", false);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_TRUE(heard_[0].online && heard_[0].has_changed);
  EXPECT_FALSE(heard_[0].was_known);
  EXPECT_EQ(stored_last_seen(), to_unix_ms(clock_.wall_now()));
  status("offline", false);
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_FALSE(heard_[1].online);
}

TEST_F(PrincipalWatchTest, ARetainedStatusThatSaysNothingNewIsAChangeThatWasKnown) {
  devices_.set_last_seen("lamp", to_unix_ms(clock_.wall_now()));
  status(since(std::chrono::seconds(10)), true);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_TRUE(heard_[0].has_changed && heard_[0].was_known);
  EXPECT_FALSE(stored_last_seen());
}

TEST_F(PrincipalWatchTest, ARetainedStatusSaysWhatHappenedWhileTheBridgeWasAway) {
  devices_.set_online("lamp", true);
  status(since(std::chrono::seconds(10)), true);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_FALSE(heard_[0].has_changed || heard_[0].was_known);
  EXPECT_EQ(stored_last_seen(), to_unix_ms(clock_.wall_now() - std::chrono::seconds(10)));
}

TEST_F(PrincipalWatchTest, WhatCannotBeReadAndUnknownDevicesChangeNothing) {
  status("perhaps", false);
  watch_.status_arrived("radio", MqttMessage{});
  EXPECT_TRUE(heard_.empty());
  EXPECT_FALSE(devices_.find("lamp")->online);
}

TEST_F(PrincipalWatchTest, ADeviceMayAskAsLongAsItIsThereActiveAndItsUsers) {
  const Principal lamp{PrincipalType::device, "lamp", "alice"};
  EXPECT_FALSE(watch_.admit(lamp));
  EXPECT_TRUE(watch_.admit({PrincipalType::device, "radio", "alice"}));
  EXPECT_TRUE(watch_.admit({PrincipalType::device, "lamp", "bob"}));
  auto row = devices_.find("lamp")->row;
  row.is_active = false;
  devices_.put(row);
  ASSERT_TRUE(watch_.admit(lamp));
  EXPECT_EQ(watch_.admit(lamp)->code, ErrorCode::forbidden);
}

TEST_F(PrincipalWatchTest, AnIdOfAUserIsStoredSoThatNoDeviceMayHaveIt) {
  EXPECT_FALSE(watch_.admit({PrincipalType::user, "carol", "carol"}));
  EXPECT_TRUE(devices_.is_user("carol"));
  status("offline", false);  // runs what was spawned
  std::vector<std::string> taken;
  ASSERT_TRUE(store_->load_taken_ids([&](const std::string& id) { taken.push_back(id); }));
  EXPECT_NE(std::find(taken.begin(), taken.end(), "carol"), taken.end());
}

}  // namespace
}  // namespace strawberry::bridge

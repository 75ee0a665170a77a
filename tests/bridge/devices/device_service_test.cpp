// What the service undoes when the database does not take it. All else is tested on the wire (tests/integration).
#include "bridge/devices/device_service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "bridge/adapters/sqlite/sqlite_store.h"
#include "common/base64url.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry {
namespace {

using nlohmann::json;

class DeviceServices : public ::testing::Test {
 protected:
  DeviceServices() { start({}); }
  void start(DeviceService::Options options) {
    store_ = std::move(SqliteStore::open(loop_, directory_.file("hub.db"), store_options_).value());
    DeviceService::Neighbours neighbours;
    neighbours.tell_plugin = [this](std::vector<std::string> ids) { return told(std::move(ids)); };
    neighbours.changed = [this](const std::string& id) { events_.push_back("changed " + id); };
    neighbours.taken_back = [this](const DeviceRow& row) { taken_back_.push_back(row); };
    neighbours.audit = [](const std::string&, const std::string&, const std::string&) {};
    service_ = std::make_unique<DeviceService>(clock_, devices_, *store_, tokens_, std::move(neighbours), options);
  }
  Task<void> told(std::vector<std::string> ids) {
    for (const auto& id : ids) events_.push_back("told " + id);
    co_return;
  }
  TokenIssuer issuer() const {
    const auto path = directory_.file("keys.json");
    std::ofstream(path) << R"({"keys":[{"kty":"oct","kid":"k","k":")" << base64url_encode(std::string(32, '1'))
                        << "\"}]}";
    if (::chmod(path.c_str(), 0600) != 0) throw std::runtime_error("no key file");
    return TokenIssuer(KeyFile::open(path).value());
  }
  Reply<json> add(const Principal& sender, json body) {
    Request request;
    request.sender = sender;
    request.service = Service::devices;
    request.op = "register";
    request.body = std::move(body);
    return test::run_task(loop_, service_->handle(std::move(request)));
  }
  Reply<json> enroll(const std::string& enroll_id, const std::string& device_id, const std::string& user_id) {
    Request request;
    request.sender = {PrincipalType::enroll, enroll_id, user_id};
    request.service = Service::devices;
    request.op = "register";
    request.body = {{"op", "register"}, {"device_id", device_id}, {"name", device_id}};
    return test::run_task(loop_, service_->handle(std::move(request)));
  }

  test::TempDir directory_;
  test::FakeClock clock_;
  asio::io_context loop_;
  DeviceRegistry devices_;
  TokenIssuer tokens_ = issuer();
  SqliteStore::Options store_options_;
  std::unique_ptr<SqliteStore> store_;
  std::vector<DeviceRow> taken_back_;
  std::vector<std::string> events_;
  std::unique_ptr<DeviceService> service_;
};

TEST_F(DeviceServices, WhoeverHeardOfARegistrationThatIsNotStoredHearsThatItIsTakenBack) {
  ASSERT_TRUE(enroll("once", "lamp", "alice"));
  EXPECT_TRUE(taken_back_.empty());
  const auto refused = enroll("once", "radio", "alice");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_EQ(devices_.find("radio"), nullptr);
  ASSERT_EQ(taken_back_.size(), 1U);
  EXPECT_EQ(taken_back_[0].device_id, "radio");
  EXPECT_EQ(taken_back_[0].user_id, "alice");
}

TEST_F(DeviceServices, ThePluginIsToldOfDeviceAndSpentTokenBeforeOthersHearOfTheChange) {
  ASSERT_TRUE(enroll("once", "lamp", "alice"));
  EXPECT_EQ(events_, (std::vector<std::string>{"told lamp", "told once", "changed lamp"}));
  ASSERT_FALSE(enroll("once", "radio", "alice"));
  EXPECT_EQ(events_.size(), 3U) << "nothing was stored";
}

TEST_F(DeviceServices, AUsersRegistrationsComeAtARateAndAnAdminsDoNot) {
  start({.registrations_per_hour_max = 2});
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const Principal bob{PrincipalType::user, "bob", "bob"};
  const Principal admin{PrincipalType::admin, "root", ""};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}})) << "the same again is one more";
  const auto refused = add({PrincipalType::device, "one", "alice"}, {{"name", "Two"}});
  ASSERT_FALSE(refused) << "its devices count for the user";
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limited);
  EXPECT_EQ(refused.error().details.at("retry_after_ms"), 30 * 60 * 1000);
  EXPECT_EQ(devices_.size(), 1U);
  EXPECT_TRUE(add(bob, {{"name", "Lamp"}}));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(add(admin, {{"name", "More"}, {"user_id", "alice"}})) << i;
  clock_.advance(std::chrono::minutes(30));
  EXPECT_TRUE(add(alice, {{"name", "Two"}}));
}

TEST_F(DeviceServices, ADeviceTooManyLeavesNothingWhoeverRegistersIt) {
  store_options_.limits.devices_per_user_max = 2;
  start({});
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const Principal admin{PrincipalType::admin, "root", ""};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  ASSERT_TRUE(add(admin, {{"name", "Two"}, {"user_id", "alice"}}));
  for (const auto& refused : {add(alice, {{"name", "Three"}}), add(admin, {{"name", "Three"}, {"user_id", "alice"}}),
                              enroll("once", "three", "alice")}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::quota_exceeded);
    EXPECT_EQ(refused.error().details, json({{"limit", "devices_per_user_max"}, {"max", 2}, {"used", 2}}));
  }
  EXPECT_EQ(devices_.size(), 2U);
  EXPECT_TRUE(add(alice, {{"name", "One again"}, {"device_id", "one"}})) << "it is there already";
}

}  // namespace
}  // namespace strawberry

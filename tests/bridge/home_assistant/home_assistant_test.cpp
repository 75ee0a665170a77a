// The whole on a loop of its own, with a ledger and a broker that may say no.
#include "bridge/home_assistant/home_assistant.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "common/contract/principal.h"
#include "common/contract/topics.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class FakeLedger final : public AnnouncementLedger {
 public:
  Task<Reply<std::vector<std::string>>> announced_ids() override {
    if (is_broken()) co_return error(ErrorCode::busy, "later");
    std::vector<std::string> ids;
    for (const auto& [id, row] : rows) ids.push_back(id);
    co_return ids;
  }
  Task<Reply<std::vector<AnnouncedRow>>> find_announced(std::vector<std::string> ids) override {
    ++finds;
    if (is_broken()) co_return error(ErrorCode::busy, "later");
    std::vector<AnnouncedRow> found;
    for (const auto& id : ids) {
      if (rows.contains(id)) found.push_back(rows.at(id));
    }
    co_return found;
  }
  Task<Reply<void>> put_announced(std::vector<AnnouncedRow> more) override {
    if (is_broken()) co_return error(ErrorCode::busy, "later");
    for (auto& row : more) rows[row.id] = row;
    if (on_put) on_put();
    co_return Reply<void>();
  }
  Task<Reply<void>> forget_announced(std::vector<std::string> ids) override {
    if (is_broken()) co_return error(ErrorCode::busy, "later");
    for (const auto& id : ids) rows.erase(id);
    co_return Reply<void>();
  }
  bool is_broken() { return failures > 0 && failures-- > 0; }

  std::map<std::string, AnnouncedRow> rows;
  int failures = 0;
  int finds = 0;
  std::function<void()> on_put;
};

/// What is logged while it lives.
class LogKept {
 public:
  LogKept() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
  }
  ~LogKept() { spdlog::set_default_logger(usual_); }
  LogKept(const LogKept&) = delete;
  LogKept& operator=(const LogKept&) = delete;
  std::string text() const { return log_.str(); }

 private:
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> usual_ = spdlog::default_logger();
};

class HomeAssistantLoop : public ::testing::Test {
 protected:
  HomeAssistantLoop() {
    options_.queue = {.turns_apart = 1ms, .numbers_gathered_for = 1ms};
    options_.retry_after = 1ms;
  }
  ~HomeAssistantLoop() override {
    if (home_) home_->stop();
    loop_.restart();
    loop_.poll();
  }
  void add(const std::string& id, const std::string& user, const std::string& name = "Lamp") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = name;
    row.normalized_name = id;
    devices_.put(std::move(row));
  }
  void start() {
    home_ = std::make_unique<HomeAssistant>(
        loop_, clock_,
        HomeAssistant::Neighbours{devices_, skills_, ledger_,
                                  [](const std::string&) {
                                    return UsedToday{1, 2};
                                  },
                                  [this](MqttMessage message) { return take(std::move(message)); },
                                  [this] { return backlog_; }},
        options_);
    asio::co_spawn(loop_, home_->run(), asio::detached);
    home_->start_serving();
  }
  bool take(MqttMessage message) {
    if (refusals_ > 0 && refusals_-- > 0) return false;
    EXPECT_TRUE(message.retained);
    const auto id = announced_id(message.topic);
    if (!id.empty() && !message.payload.empty()) {
      EXPECT_TRUE(ledger_.rows.contains(std::string(id))) << "the ledger first";
    }
    order_.push_back(message.topic);
    retained_[message.topic] = message.payload;
    if (message.payload.empty()) retained_.erase(message.topic);
    if (!message.payload.empty()) was_announced_.insert(message.topic);
    return true;
  }
  bool until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    loop_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) loop_.run_one_for(10ms);
    return done();
  }
  bool is_retained_of(const std::string& id) {
    return retained_.contains(announcement_topic(id)) && retained_.contains(announced_state_topic(id));
  }

  asio::io_context loop_;
  SystemClock clock_;
  DeviceRegistry devices_;
  SkillRegistry skills_{clock_, devices_, {}};
  FakeLedger ledger_;
  HomeAssistant::Options options_;
  std::size_t backlog_ = 0;
  int refusals_ = 0;
  std::vector<std::string> order_;
  std::map<std::string, std::string> retained_;
  std::set<std::string> was_announced_;
  std::unique_ptr<HomeAssistant> home_;
};

TEST_F(HomeAssistantLoop, TheHubIsAnnouncedBeforeTheDevicesThatNameIt) {
  add("a", "zoe");
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  EXPECT_EQ(order_.front(), announcement_topic("zoe"));
  add("b", "anna");
  order_.clear();
  home_->device_changed("b");
  ASSERT_TRUE(until([&] { return is_retained_of("b"); }));
  EXPECT_EQ(order_.front(), announcement_topic("anna"));
}

TEST_F(HomeAssistantLoop, WhatTheLedgerOrTheBrokerCannotTakeNowIsDoneLater) {
  add("a", "alice");
  ledger_.failures = 3;
  refusals_ = 3;
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a") && is_retained_of("alice"); }));
  loop_.run_for(20ms);
  add("a", "alice", "New Name");
  refusals_ = 1;
  home_->device_changed("a");
  EXPECT_TRUE(until([&] { return retained_[announcement_topic("a")].find("New Name") != std::string::npos; }))
      << "the ledger says it is published";
}

TEST_F(HomeAssistantLoop, NothingIsAddedToALongQueue) {
  add("a", "alice");
  backlog_ = options_.backlog_max + 1;
  start();
  loop_.run_for(50ms);
  EXPECT_TRUE(order_.empty());
  backlog_ = 0;
  EXPECT_TRUE(until([&] { return is_retained_of("a"); }));
}

TEST_F(HomeAssistantLoop, ALongQueueIsWaitedForAsleep) {
  add("a", "alice");
  backlog_ = options_.backlog_max + 1;
  options_.queue.turns_apart = 20ms;
  start();
  EXPECT_LT(loop_.run_for(100ms), 50U);
}

TEST_F(HomeAssistantLoop, AfterAFailureNewsDoNotHurryTheDatabase) {
  add("a", "alice");
  options_.retry_after = 1h;
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  ledger_.finds = 0;
  ledger_.failures = 1'000;
  home_->device_changed("a");
  ASSERT_TRUE(until([&] { return ledger_.finds == 1; }));
  for (int i = 0; i < 10; ++i) {
    home_->device_changed("a");
    loop_.run_for(3ms);
  }
  EXPECT_EQ(ledger_.finds, 1);
}

TEST_F(HomeAssistantLoop, ADatabaseThatGoesOnFailingIsLoggedOnce) {
  const LogKept log;
  add("a", "alice");
  options_.queue.turns_apart = 5ms;  // so that some turns find nothing to look at
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  loop_.run_for(20ms);
  ledger_.finds = 0;
  ledger_.failures = 1'000;
  home_->device_changed("a");
  EXPECT_TRUE(until([&] { return ledger_.finds >= 5; }));
  const auto text = log.text();
  const auto first = text.find("wait");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("wait", first + 1), std::string::npos) << text;
}

TEST_F(HomeAssistantLoop, WhatNobodyWantsAndNobodyAnnouncedIsLookedAtOnce) {
  add("a", "alice");
  options_.off_for = {"alice"};
  start();
  devices_.remove("a");
  home_->device_changed("a");
  home_->device_changed("bob");  // a user without devices
  ASSERT_TRUE(until([&] { return ledger_.finds > 0; }));
  loop_.run_for(50ms);
  EXPECT_LE(ledger_.finds, 2);
  EXPECT_TRUE(order_.empty());
}

TEST_F(HomeAssistantLoop, WhatIsClearedIsForgottenWhenTheBrokerHasIt) {
  add("a", "alice");
  add("b", "alice");
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a") && is_retained_of("b"); }));
  backlog_ = 1;
  devices_.remove("a");
  home_->device_changed("a");
  ASSERT_TRUE(until([&] { return !is_retained_of("a"); }));
  EXPECT_FALSE(retained_.contains(announced_state_topic("a")));
  add("c", "alice");
  home_->device_changed("c");
  ASSERT_TRUE(until([&] { return is_retained_of("c"); }));
  EXPECT_TRUE(ledger_.rows.contains("a")) << "it may still be on its way";
  backlog_ = 0;
  EXPECT_TRUE(until([&] { return !ledger_.rows.contains("a"); }));
  EXPECT_TRUE(ledger_.rows.contains("b"));
}

TEST_F(HomeAssistantLoop, WhatComesBackWhileItIsBeingForgottenStays) {
  add("a", "alice");
  add("b", "alice");
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  backlog_ = 1;
  devices_.remove("a");
  home_->device_changed("a");
  ASSERT_TRUE(until([&] { return !is_retained_of("a"); }));
  add("a", "alice");
  home_->device_changed("a");
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  backlog_ = 0;
  home_->device_changed("b");
  loop_.run_for(20ms);
  EXPECT_TRUE(ledger_.rows.contains("a"));
}

TEST_F(HomeAssistantLoop, WhatIsDeletedWhileTheLedgerIsWrittenIsNotAnnounced) {
  add("a", "alice");
  add("b", "alice");
  ledger_.on_put = [this] {
    devices_.remove("a");
    home_->device_changed("a");
  };
  start();
  EXPECT_TRUE(until([&] { return is_retained_of("b") && !ledger_.rows.contains("a"); }));
  EXPECT_FALSE(was_announced_.contains(announcement_topic("a")));
  EXPECT_FALSE(retained_.contains(announced_state_topic("a")));
}

TEST_F(HomeAssistantLoop, OnlyABirthOfAUserCounts) {
  add("a", "alice");
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  loop_.run_for(20ms);
  order_.clear();
  MqttMessage birth;
  birth.topic = home_assistant_status_topic;
  birth.payload = "online";
  home_->status_arrived(birth);  // nobody has signed it
  for (const char* somebody : {"device/alice/a", "admin//alice", "user/bob/bob"}) {
    birth.user_properties = {{principal_property, somebody}};
    home_->status_arrived(birth);
  }
  birth.user_properties = {{principal_property, "user/alice/alice"}};
  auto death = birth;
  death.payload = "offline";
  home_->status_arrived(death);
  auto old = birth;
  old.retained = true;
  home_->status_arrived(old);
  loop_.run_for(30ms);
  EXPECT_TRUE(order_.empty());
  home_->status_arrived(birth);
  EXPECT_TRUE(until([&] { return order_.size() == 4; })) << "two configurations, two states";
}

TEST_F(HomeAssistantLoop, TurnedOffItTakesBackWhatTheLedgerHas) {
  add("a", "alice");
  add("b", "bob");
  ledger_.rows["a"] = {"a", "alice", 1, {}};
  ledger_.rows["alice"] = {"alice", "alice", 1, {}};
  ledger_.rows["deleted"] = {"deleted", "bob", 1, {}};
  options_.off_for = {"alice"};
  start();
  EXPECT_TRUE(until([&] { return ledger_.rows.size() == 2; }));
  EXPECT_TRUE(ledger_.rows.contains("b") && ledger_.rows.contains("bob"));
  EXPECT_NE(std::find(order_.begin(), order_.end(), announced_state_topic("deleted")), order_.end());
  order_.clear();
  home_->device_changed("a");
  home_->presence_changed("a");
  home_->used_more("alice");
  loop_.run_for(30ms);
  EXPECT_TRUE(order_.empty());
}

TEST_F(HomeAssistantLoop, SleepsWhenThereIsNothingToDo) {
  add("a", "alice");
  start();
  ASSERT_TRUE(until([&] { return is_retained_of("a"); }));
  loop_.run_for(50ms);
  loop_.restart();
  EXPECT_EQ(loop_.run_for(200ms), 0U);
}

}  // namespace
}  // namespace strawberry::bridge

#include "sdk/cpp/src/requests.h"

#include <gtest/gtest.h>

#include <future>

namespace strawberry::sdk {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class RequestsTest : public testing::Test {
 protected:
  /// Runs in a thread of its own, as the Spoke's users do: returns the result, or the error's code.
  std::future<json> ask(std::chrono::milliseconds timeout = 5s, Requests::Wait wait = {}) {
    return std::async(std::launch::async, [this, timeout, wait] {
      try {
        return requests_.ask(Service::skills, {{"op", "list"}}, timeout, wait);
      } catch (const HubError& error) {
        return json(error.code());
      }
    });
  }
  std::string id_of_sent(std::size_t index) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 5s, [&] { return sent_.size() > index; }));
    return json::parse(sent_.at(index).text).at("correlation_id").get<std::string>();
  }
  void reply(const std::string& id, const json& result) {
    requests_.received(json{{"correlation_id", id}, {"success", true}, {"result", result}}.dump());
  }

  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Requests::Outgoing> sent_;
  std::string why_not_;
  Requests requests_{clock_,
                     {.pending_max = 2, .events_max = 10, .event_bytes_max = 2'000, .grace = 0ms},
                     [this](Requests::Outgoing outgoing) {
                       const std::lock_guard lock(mutex_);
                       sent_.push_back(std::move(outgoing));
                       changed_.notify_all();
                       return true;
                     },
                     [this] { return why_not_; }};
};

TEST_F(RequestsTest, TheReplyWithItsIdEndsARequest) {
  requests_.send_all();
  auto asked = ask();
  const std::string id = id_of_sent(0);
  reply("another", 1);
  reply(id, 2);
  EXPECT_EQ(asked.get(), 2);
  EXPECT_TRUE(requests_.is_idle());
}

TEST_F(RequestsTest, ANewConnectionSendsTheSameRequestAgain) {
  requests_.send_all();
  auto asked = ask();
  const std::string id = id_of_sent(0);
  requests_.link_down();
  requests_.send_all();
  EXPECT_EQ(id_of_sent(1), id);
  EXPECT_EQ(sent_.at(0).text, sent_.at(1).text);
  reply(id, 3);
  EXPECT_EQ(asked.get(), 3);
}

TEST_F(RequestsTest, WithoutAConnectionARequestWaitsForOne) {
  auto asked = ask();
  EXPECT_EQ(asked.wait_for(50ms), std::future_status::timeout);
  EXPECT_TRUE(sent_.empty());
  requests_.send_all();
  reply(id_of_sent(0), 4);
  EXPECT_EQ(asked.get(), 4);
}

TEST_F(RequestsTest, TheTimeoutSaysWhetherThereWasAConnection) {
  requests_.send_all();
  EXPECT_EQ(ask(20ms).get(), "timeout");
  why_not_ = "refused";
  EXPECT_EQ(ask(20ms).get(), "unreachable");
}

TEST_F(RequestsTest, ErrorsOfTheHubKeepTheirCode) {
  requests_.send_all();
  auto asked = ask();
  requests_.received(json{{"correlation_id", id_of_sent(0)},
                          {"success", false},
                          {"error", {{"code", "device_offline"}, {"message", "away"}, {"retryable", true}}}}
                         .dump());
  EXPECT_EQ(asked.get(), "device_offline");
}

TEST_F(RequestsTest, AReplyThatCannotBeReadEndsItsRequest) {
  requests_.send_all();
  auto asked = ask();
  requests_.received(R"({"correlation_id":")" + id_of_sent(0) + R"(","success":tru)");
  EXPECT_EQ(asked.get(), "internal");
}

TEST_F(RequestsTest, SoManyRequestsAreUnderWayAndNoMore) {
  requests_.send_all();
  auto first = ask();
  auto second = ask();
  const std::string id1 = id_of_sent(0);
  const std::string id2 = id_of_sent(1);
  EXPECT_EQ(ask().get(), "busy");
  reply(id1, 1);
  reply(id2, 1);
  first.wait();
  second.wait();
}

TEST_F(RequestsTest, StoppingEndsWhatIsUnderWay) {
  requests_.send_all();
  auto asked = ask();
  id_of_sent(0);
  requests_.stop();
  EXPECT_EQ(asked.get(), "stopped");
  EXPECT_EQ(ask().get(), "stopped");
}

TEST_F(RequestsTest, EventsComeInTheirOrderAndDeltasBeyondTheLimitAreLeftOut) {
  requests_.send_all();
  std::vector<std::string> events;
  std::promise<void> reader_goes_on;
  auto goes_on = reader_goes_on.get_future();
  Requests::Wait wait;
  wait.on_event = [&](const std::string& event, const json& data) {
    if (events.empty()) goes_on.wait();  // the first one takes long
    events.push_back(event + data.dump());
  };
  auto asked = ask(5s, wait);
  const std::string id = id_of_sent(0);
  const auto event = [&](const std::string& name, const json& data) {
    requests_.received(json{{"correlation_id", id}, {"seq", 0}, {"event", name}, {"data", data}}.dump());
  };
  event("delta", "first");
  std::this_thread::sleep_for(50ms);
  event("delta", std::string(1'500, 'x'));
  event("delta", std::string(1'500, 'y'));
  event("tool_call", "never left out");
  reader_goes_on.set_value();
  reply(id, 5);
  EXPECT_EQ(asked.get(), 5);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events.at(0), "delta\"first\"");
  EXPECT_EQ(events.at(2), "tool_call\"never left out\"");
}

TEST_F(RequestsTest, ARequestThatIsTooLargeIsNotSent) {
  requests_.send_all();
  json body{{"op", "list"}, {"metadata", {{"x", std::string(300'000, 'x')}}}};
  try {
    requests_.ask(Service::skills, std::move(body), 1s, {});
    FAIL() << "it was sent";
  } catch (const HubError& error) {
    EXPECT_EQ(error.code(), "too_large");
  }
  EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace strawberry::sdk

/// Tests the test: ledgers written by hand, each with one broken promise, or with an exception that the contract
/// allows.
#include "tests/soak/verdict.h"

#include <gtest/gtest.h>

namespace strawberry::soak {
namespace {

using namespace std::chrono_literals;

class TheVerdict : public testing::Test {
 protected:
  Time at_ms(int ms) const { return start_ + milliseconds(ms); }

  /// A call of 1 s from `tablet` to `speaker`, sent at 0 ms.
  Request& call(How how = How::ok) {
    Request request;
    request.number = static_cast<int>(ledger_.requests.size());
    request.sender = "tablet";
    request.user = "alice";
    request.service = "skills";
    request.kind = "call";
    request.id = "id " + std::to_string(request.number);
    request.how = how;
    request.target = "speaker";
    request.timeout = 1s;
    request.sends = {at_ms(0)};
    ledger_.requests.push_back(std::move(request));
    return ledger_.requests.back();
  }
  Answer success(int ms, const std::string& result = R"({"n":0})") const {
    const std::string body = R"({"result":)" + result + R"(,"success":true})";
    return {at_ms(ms), true, "", body, std::hash<std::string>()(body), body.size(), false};
  }
  Answer error(int ms, const std::string& code) const {
    const std::string body = R"({"error":{"code":")" + code + R"("}})";
    return {at_ms(ms), false, code, body, std::hash<std::string>()(body), body.size(), false};
  }
  void deliver(int ms, const std::string& call_id = "c0", bool redelivered = false, bool ran = true,
               const std::string& device = "speaker", int request = 0) {
    ledger_.deliveries.push_back({at_ms(ms), device, call_id, request, redelivered, ran, 0ms});
  }
  /// A correct one.
  Request& good_call() {
    auto& request = call();
    deliver(5);
    ledger_.results[request.number] = {R"({"n":0})"};
    request.answers = {success(10)};
    return request;
  }
  std::string broken() const {
    std::string names;
    for (const auto& [promise, row] : judge(ledger_, {}).rows) {
      if (row.broken > 0) names += (names.empty() ? "" : ", ") + promise;
    }
    return names;
  }

  Time start_ = std::chrono::steady_clock::now();
  Ledger ledger_;
};

TEST_F(TheVerdict, IsGoodWhenAllIsWell) {
  good_call();
  EXPECT_EQ(broken(), "");
}

TEST_F(TheVerdict, SeesWhatIsNotAnswered) {
  call();
  EXPECT_EQ(broken(), answered);
}

TEST_F(TheVerdict, SeesASecondAnswer) {
  auto& request = good_call();
  request.answers.push_back(success(20));
  EXPECT_EQ(broken(), once);
  request.sends.push_back(at_ms(1));
  EXPECT_EQ(broken(), "") << "pressed twice";
}

TEST_F(TheVerdict, AllowsWhatMqttDeliversAgainAndMarks) {
  auto& request = good_call();
  request.answers.push_back(success(20));
  request.answers.back().redelivered = true;
  deliver(30, "c0", true, false);
  EXPECT_EQ(broken(), "");
}

TEST_F(TheVerdict, AllowsOneMoreAnswerForEachRestart) {
  auto& request = good_call();
  request.answers.push_back(success(300));
  ledger_.broker_stops = {at_ms(100)};
  EXPECT_EQ(broken(), "");
  request.answers.push_back(success(400));
  EXPECT_EQ(broken(), once);
}

TEST_F(TheVerdict, WantsAnAnswerToWhatIsPressedAgain) {
  auto& request = good_call();
  request.sends.push_back(at_ms(500));
  request.presses = {at_ms(500)};
  EXPECT_EQ(broken(), once);
  request.answers.push_back(success(510));
  EXPECT_EQ(broken(), "");
}

TEST_F(TheVerdict, WantsTheSameAnswerAgain) {
  auto& request = good_call();
  request.sends.push_back(at_ms(500));
  request.answers.push_back(error(510, "skill_error"));
  EXPECT_EQ(broken(), same_answer);
  request.answers.front() = error(10, "busy");
  EXPECT_EQ(broken(), served) << "what was turned away may run, but nothing stood in its way";
}

TEST_F(TheVerdict, SeesALateAnswer) {
  auto& request = call(How::hang);
  deliver(5);
  request.answers = {error(1'249, "timeout")};
  EXPECT_EQ(broken(), "");
  request.answers = {error(1'252, "timeout")};
  EXPECT_EQ(broken(), in_time);
  ledger_.bridge_down = {{at_ms(500), at_ms(900)}};
  EXPECT_EQ(broken(), "");
  ledger_.bridge_down.clear();
  ledger_.stalls = {{at_ms(1'100), at_ms(1'200)}};
  EXPECT_EQ(broken(), "") << "it was there earlier, perhaps";
}

TEST_F(TheVerdict, SeesATimeoutBeforeItsTime) {
  auto& request = call(How::hang);
  request.answers = {error(900, "timeout")};
  EXPECT_EQ(broken(), not_early);
}

TEST_F(TheVerdict, SeesACallMadeTwice) {
  good_call();
  deliver(20, "c0", false, false);
  EXPECT_EQ(broken(), ran_once);
  ledger_.kills = {at_ms(15)};
  EXPECT_EQ(broken(), "") << "known by its id across a crash";
}

TEST_F(TheVerdict, SeesASecondCallForOneRequest) {
  good_call();
  ledger_.kills = {at_ms(15)};
  deliver(20, "c1");
  EXPECT_EQ(broken(), ran_once) << "the device cannot tell";
}

TEST_F(TheVerdict, SeesACallThatRunsOnTwoDevices) {
  good_call().target.clear();
  ledger_.kills = {at_ms(15)};
  deliver(20, "c0", false, true, "lamp");
  EXPECT_EQ(broken(), ran_once);
  ledger_.away["speaker"] = {{at_ms(10), at_ms(12)}};
  EXPECT_EQ(broken(), "") << "the first had left";
  ledger_.away = {{"lamp", {{at_ms(0), at_ms(8)}}}};
  EXPECT_EQ(broken(), "") << "the second came later";
  ledger_.kills.clear();
  EXPECT_EQ(broken(), ran_once) << "and nobody was killed";
}

TEST_F(TheVerdict, SeesACallAfterItsDeadline) {
  auto& request = call(How::hang);
  request.answers = {error(1'000, "timeout")};
  deliver(1'200);
  EXPECT_EQ(broken(), not_late);
  request.sends.push_back(at_ms(800));
  EXPECT_EQ(broken(), "") << "asked again, it has another deadline";
}

TEST_F(TheVerdict, SeesAnswersThatAreNotWhatHappened) {
  auto& request = good_call();
  request.answers = {success(10, R"({"n":1})")};
  EXPECT_EQ(broken(), true_answers);
  ledger_.results.clear();
  EXPECT_EQ(broken(), true_answers);
  request.answers = {error(10, "device_offline")};
  EXPECT_EQ(broken(), std::string(true_answers) + ", " + served);
  ledger_.away["speaker"] = {{at_ms(-100), at_ms(8)}};
  EXPECT_EQ(broken(), "");
  request.answers = {error(10, "skill_error")};
  EXPECT_EQ(broken(), true_answers);
}

TEST_F(TheVerdict, SeesALateResultThatCounts) {
  good_call().how = How::late;
  EXPECT_EQ(broken(), true_answers);
}

TEST_F(TheVerdict, SeesCodesThatTheContractLacksOrTheRequestDoesNotDeserve) {
  auto& request = call();
  request.answers = {error(10, "internal")};
  EXPECT_EQ(broken(), std::string(known_codes) + ", " + deserved + ", " + served);
  request.kind = "wrong";
  request.expected_code = "bad_request";
  request.answers = {success(10)};
  EXPECT_EQ(broken(), deserved);
  request.answers = {error(10, "bad_request")};
  EXPECT_EQ(broken(), "");
}

TEST_F(TheVerdict, LetsNobodysChatBeCancelledWhoDidNotLeave) {
  auto& request = call();
  request.kind = "chat";
  request.service = "chat";
  request.answers = {error(10, "cancelled")};
  EXPECT_EQ(broken(), std::string(deserved) + ", " + served);
  ledger_.away[request.sender] = {{at_ms(2), at_ms(8)}};
  EXPECT_EQ(broken(), "");
}

TEST_F(TheVerdict, KeepsWhatWasSeenOnTheWay) {
  good_call();
  ledger_.sightings = {{presence, "speaker is online, its status says offline"}};
  EXPECT_EQ(broken(), presence);
}

}  // namespace
}  // namespace strawberry::soak

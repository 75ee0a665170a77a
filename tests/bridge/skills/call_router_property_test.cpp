/// The call router against a model of a few lines, in random order: whatever happens to a call, it ends once, and
/// right.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "bridge/skills/call_router.h"
#include "tests/support/fake_clock.h"
#include "tests/support/seeds.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using test::Random;

constexpr CallRouter::Options bounds{7, 3, 512};
const std::vector<std::string> ids{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", " ", "ü\n"};
const std::vector<std::string> devices{"speaker", "lamp", "tv", "blinds"};

/// What one opened call has heard.
struct Ending {
  std::string expected;            // empty while it is open, or when it must hear nothing
  std::vector<std::string> heard;  // code or result
  std::weak_ptr<int> kept;         // gone when the router has let go of `done`
  bool is_over = false;
};

class RouterAndModel {
 public:
  explicit RouterAndModel(Random& random) : random_(random) {}

  void step() {
    // Opening is as likely as all that ends a call, so that the bounds are met often.
    switch (random_.below(14)) {
      case 0: leave(); break;
      case 1: end_all(); break;
      case 2: abandon(); break;
      case 3: advance(); break;
      case 4: expire(); break;
      case 5:
      case 6:
      case 7: deliver(); break;
      case 8: deliver_rubbish(); break;
      default: open(); break;
    }
    check();
  }

  void finish() {
    router_.end_all({ErrorCode::shutting_down, "", {}});
    while (!model_.empty()) end(model_.begin()->first, "shutting_down");
    check();
    EXPECT_EQ(router_.next_deadline(), std::nullopt);
    // Nothing is left that would count against a device or the whole.
    for (std::size_t n = 0; n < bounds.open_calls_max; ++n) {
      const auto& target = devices[n / bounds.open_calls_per_target_max];
      EXPECT_TRUE(router_.open("last " + std::to_string(n), target, clock_.steady_now(), [](const auto&) {}));
    }
  }

 private:
  struct Open {
    std::string target;
    SteadyTime deadline;
    std::size_t ending;
  };

  void open() {
    const auto& id = random_.pick(ids);
    const auto& target = random_.pick(devices);
    // Some are overdue already, many share a deadline.
    const auto deadline = clock_.steady_now() + milliseconds(10) * (static_cast<int>(random_.below(12)) - 2);
    const auto of_target =
        std::count_if(model_.begin(), model_.end(), [&](const auto& call) { return call.second.target == target; });
    const bool fits = model_.size() < bounds.open_calls_max && !model_.contains(id) &&
                      static_cast<std::size_t>(of_target) < bounds.open_calls_per_target_max;
    const auto number = endings_.size();
    endings_.emplace_back();
    auto kept = std::make_shared<int>(0);
    endings_.back().kept = kept;
    const auto opened = router_.open(id, target, deadline, [this, number, kept](const CallRouter::Outcome& outcome) {
      endings_[number].heard.push_back(outcome ? outcome->dump() : std::string(to_string(outcome.error().code)));
      order_.push_back(number);
    });
    ASSERT_EQ(opened.has_value(), fits) << "opening " << id << " for " << target;
    if (fits) {
      model_[id] = {target, deadline, number};
      ++opened_;
    } else {
      EXPECT_EQ(opened.error().code, ErrorCode::busy);
      endings_.back().is_over = true;
    }
  }

  void deliver() {
    const auto& id = random_.pick(ids);
    const auto& device = random_.pick(devices);
    json answer{{"correlation_id", id}, {"success", true}, {"result", endings_.size()}, {"error", nullptr}};
    std::string expected = answer["result"].dump();
    std::string payload;
    switch (random_.below(4)) {
      case 0:
        answer["success"] = false;
        expected = "skill_error";
        break;
      case 1:
        answer["result"] = std::string(bounds.result_bytes_max, 'x');
        expected = "skill_error";
        break;
      case 2:
        payload = answer.dump() + "}";
        expected = "skill_error";
        break;
      default: break;
    }
    if (payload.empty()) payload = answer.dump();
    const auto call = model_.find(id);
    const bool wanted = call != model_.end() && call->second.target == device;
    EXPECT_EQ(router_.deliver(device, payload), wanted) << payload << " from " << device;
    wanted ? end(id, expected) : void(++unwanted_);
  }

  void deliver_rubbish() {
    static const std::vector<std::string> rubbish{"",
                                                  "[]",
                                                  "{",
                                                  "null",
                                                  R"({"correlation_id":null})",
                                                  R"({"correlation_id":"","success":true})",
                                                  R"({"success":true})",
                                                  R"({"correlation_id":"no such call","success":true})"};
    EXPECT_FALSE(router_.deliver(random_.pick(devices), random_.pick(rubbish)));
    ++unwanted_;
  }

  void leave() {
    const auto& target = random_.pick(devices);
    const auto expected = end_where([&](const Open& call) { return call.target == target; }, "device_offline");
    EXPECT_EQ(router_.target_left(target), expected);
  }

  void end_all() {
    if (random_.percent(80)) return;  // seldom, or the bounds are never met
    const auto expected = end_where([](const Open&) { return true; }, "cancelled");
    EXPECT_EQ(router_.end_all({ErrorCode::cancelled, "", {}}), expected);
  }

  void abandon() {
    const auto& id = random_.pick(ids);
    router_.abandon(id);
    if (model_.contains(id)) end(id, "");
  }

  void advance() { clock_.advance(milliseconds(random_.below(30))); }

  void expire() {
    const auto now = clock_.steady_now();
    const auto expected = end_where([&](const Open& call) { return call.deadline <= now; }, "timeout");
    std::map<std::size_t, SteadyTime> before = std::move(deadlines_);
    order_.clear();
    EXPECT_EQ(router_.expire_overdue(), expected);
    EXPECT_TRUE(std::is_sorted(order_.begin(), order_.end(), [&](auto a, auto b) {
      return before.at(a) < before.at(b);
    })) << "the earliest deadline first";
  }

  template <class Which>
  std::size_t end_where(Which which, const std::string& expected) {
    std::vector<std::string> ending;
    deadlines_.clear();
    for (const auto& [id, call] : model_) {
      if (which(call)) ending.push_back(id);
    }
    for (const auto& id : ending) end(id, expected);
    return ending.size();
  }

  void end(const std::string& id, const std::string& expected) {
    const auto& call = model_.at(id);
    deadlines_[call.ending] = call.deadline;
    endings_[call.ending].expected = expected;
    endings_[call.ending].is_over = true;
    model_.erase(id);
  }

  void check() {
    for (std::size_t number = 0; number < endings_.size(); ++number) {
      const auto& ending = endings_[number];
      const auto expected = ending.expected.empty() ? std::vector<std::string>{} : std::vector{ending.expected};
      EXPECT_EQ(ending.heard, expected) << "call " << number;
      EXPECT_EQ(ending.kept.expired(), ending.is_over)
          << "call " << number << ": who waits is kept as long as it is open";
    }
    EXPECT_EQ(router_.open_calls(), model_.size());
    EXPECT_EQ(router_.counters().opened, opened_);
    EXPECT_EQ(router_.counters().unwanted_results, unwanted_);
    std::optional<SteadyTime> next;
    for (const auto& [id, call] : model_) next = std::min(next.value_or(call.deadline), call.deadline);
    EXPECT_EQ(router_.next_deadline(), next);
  }

  Random& random_;
  test::FakeClock clock_;
  std::vector<Ending> endings_;  // of every open(), in order; outlives the router, which has `done`s that write here
  std::vector<std::size_t> order_;
  std::map<std::size_t, SteadyTime> deadlines_;  // of those that ended last
  std::map<std::string, Open> model_;
  std::uint64_t opened_ = 0;
  std::uint64_t unwanted_ = 0;
  CallRouter router_{clock_, bounds};
};

TEST(CallRouterProperty, EveryCallEndsOnceAndRightWhateverTheOrder) {
  test::for_each_seed(300, [](Random& random) {
    RouterAndModel both(random);
    for (int step = 0; step < 150 && !testing::Test::HasFailure(); ++step) both.step();
    both.finish();
  });
}

}  // namespace
}  // namespace strawberry::bridge

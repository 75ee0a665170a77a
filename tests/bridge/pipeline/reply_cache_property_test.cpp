/// The reply cache against lists that are searched from the front: what is remembered, for how long, and whose goes
/// first.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/pipeline/reply_cache.h"
#include "tests/support/fake_clock.h"
#include "tests/support/seeds.h"

namespace strawberry::bridge {
namespace {

using std::chrono::milliseconds;
using test::Random;

constexpr ReplyCache::Options bounds{milliseconds(100), 5'000, 6};
const std::vector<std::string> users{"alice", "bob", "mallory"};

class CacheAndModel {
 public:
  explicit CacheAndModel(Random& random) : random_(random) {}

  void step() {
    static const std::vector<std::string> keys{"a", "b", "c", "d", "e", "f", "g", std::string(700, 'h'), ""};
    const auto& key = random_.pick(keys);
    switch (random_.below(8)) {
      case 0: clock_.advance(milliseconds(random_.below(60))); break;
      case 1: forget(key); break;
      case 2:
      case 3:
      case 4: finish(key); break;
      default: begin(key); break;
    }
    EXPECT_LE(cache_.bytes(), bounds.bytes_max);
    EXPECT_EQ(cache_.bytes(), bytes());
  }

 private:
  struct Answer {
    std::string key;
    std::string user;
    std::optional<std::string> payload;
    SteadyTime at;
    std::size_t bytes;
  };

  /// What an answer counts for is the cache's own business; that it counts for the same again is not.
  std::size_t cost(const std::string& key, const std::string& payload) const {
    ReplyCache alone(clock_, {bounds.lifetime, 1 << 20, 1});
    alone.begin(key);
    alone.finish(key, "alice", payload);
    EXPECT_GE(alone.bytes(), payload.size());
    return alone.bytes();
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& answer : answers_) sum += answer.payload ? answer.bytes : 0;
    return sum;
  }
  auto answer_of(const std::string& key) {
    return std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) { return answer.key == key; });
  }
  /// The user with the largest sum, the last by name when several have it.
  template <class Cost>
  std::string greediest(Cost cost_of) const {
    std::map<std::string, std::size_t> sums;
    for (const auto& answer : answers_) sums[answer.user] += cost_of(answer);
    return std::max_element(
               sums.begin(), sums.end(),
               [](const auto& a, const auto& b) { return std::pair(a.second, a.first) < std::pair(b.second, b.first); })
        ->first;
  }

  void begin(const std::string& key) {
    while (!answers_.empty() && clock_.steady_now() - answers_.front().at >= bounds.lifetime) answers_.pop_front();
    const auto seen = cache_.begin(key);
    const auto answer = answer_of(key);
    EXPECT_EQ(seen.running, running_.contains(key));
    EXPECT_EQ(seen.ran, answer != answers_.end());
    EXPECT_EQ(seen.payload, answer != answers_.end() ? answer->payload : std::nullopt);
    if (seen.is_new()) running_.insert(key);
    EXPECT_EQ(cache_.entries(), running_.size() + answers_.size());
  }

  void finish(const std::string& key) {
    // Now and then one that is too large to be kept at all.
    const std::string payload(random_.below(random_.percent(5) ? 10'000 : 1'500),
                              static_cast<char>('a' + random_.below(26)));
    const auto& user = random_.pick(users);
    cache_.finish(key, user, payload);
    if (running_.erase(key) == 0) return;  // nobody had asked, or it was answered before: the first answer stands
    answers_.push_back({key, user, payload, clock_.steady_now(), cost(key, payload)});
    while (bytes() > bounds.bytes_max) {
      const auto loser = greediest([](const Answer& answer) { return answer.payload ? answer.bytes : 0; });
      std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) {
        return answer.user == loser && answer.payload;
      })->payload.reset();
    }
    while (answers_.size() > bounds.requests_max) {
      const auto loser = greediest([](const Answer&) { return 1; });
      answers_.erase(
          std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) { return answer.user == loser; }));
    }
  }

  void forget(const std::string& key) {
    cache_.forget(key);  // what was answered stays
    running_.erase(key);
  }

  Random& random_;
  test::FakeClock clock_;
  ReplyCache cache_{clock_, bounds};
  std::set<std::string> running_;
  std::deque<Answer> answers_;  // oldest first
};

TEST(ReplyCacheProperty, RemembersWhatItShouldAndNoLongerAndNothingRunsTwice) {
  test::for_each_seed(150, [](Random& random) {
    CacheAndModel both(random);
    for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) both.step();
  });
}

}  // namespace
}  // namespace strawberry::bridge

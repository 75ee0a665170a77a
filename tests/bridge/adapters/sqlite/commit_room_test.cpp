#include "bridge/adapters/sqlite/commit_room.h"

#include <gtest/gtest.h>

#include <map>

#include "common/runtime/fair_queue.h"
#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

TEST(CommitRoom, EndsWithTheLastJobThatMayGoIn) {
  test::FakeClock clock;
  CommitRoom room(clock, {.jobs_max = 2, .bytes_max = 1'000});
  EXPECT_TRUE(room.is_open());
  room.count(1);
  EXPECT_TRUE(room.is_open());
  room.count(1);
  EXPECT_FALSE(room.is_open());
}

TEST(CommitRoom, EndsWhenItsBytesAreReached) {
  test::FakeClock clock;
  CommitRoom room(clock, {.jobs_max = 100, .bytes_max = 1'000});
  room.count(999);
  EXPECT_TRUE(room.is_open());
  room.count(1);
  EXPECT_FALSE(room.is_open());
}

TEST(CommitRoom, EndsWhenItsTimeIsOver) {
  test::FakeClock clock;
  CommitRoom room(clock, {.time_max = 50ms});
  room.count(1);
  clock.advance(49ms);
  EXPECT_TRUE(room.is_open());
  clock.advance(1ms);
  EXPECT_FALSE(room.is_open());
}

TEST(CommitRoom, TakesOneHoweverLargeAndLate) {
  test::FakeClock clock;
  CommitRoom room(clock, {.jobs_max = 0, .bytes_max = 0, .time_max = 0ms});
  clock.advance(1s);
  EXPECT_TRUE(room.is_open()) << "or else it would wait for ever";
  room.count(1);
  EXPECT_FALSE(room.is_open());
}

/// Jobs as the store takes them, each 10 ms of work: which commit each user's last job is in.
TEST(CommitRoom, NobodyWaitsForMoreThanTheCommitUnderWayAndATurnOfEachOther) {
  test::FakeClock clock;
  struct Job {
    std::string user;
    std::size_t bytes;
  };
  FairQueue<Job> queue({.items_max = 10'000, .items_per_sender_max = 10'000});
  const auto add = [&](const std::string& user, std::size_t bytes) { queue.push(user, "", {user, bytes}, bytes); };
  std::map<std::string, int> last_in;
  int commits = 0;
  std::size_t most_bytes = 0;
  const auto commit = [&] {
    ++commits;
    CommitRoom room(clock, {.jobs_max = 100, .bytes_max = 1'000, .time_max = 50ms});
    std::size_t bytes = 0;
    while (room.is_open()) {
      const auto job = queue.pop();
      if (!job) break;
      clock.advance(10ms);
      room.count(job->bytes);
      bytes += job->bytes;
      last_in[job->user] = commits;
    }
    most_bytes = std::max(most_bytes, bytes);
  };
  for (int i = 0; i < 5'000; ++i) add("alice", 300);
  commit();
  add("bob", 1);
  add("carol", 900);
  commit();
  EXPECT_EQ(last_in["bob"], 2);
  EXPECT_EQ(last_in["carol"], 2);
  EXPECT_LE(most_bytes, 1'000U - 1 + 900);
  while (!queue.empty()) commit();
  EXPECT_GE(last_in["alice"], 1'250);
}

}  // namespace
}  // namespace strawberry::bridge

#include "bridge/adapters/sqlite/disk_floor.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1024 * 1024;

class DiskFloorTest : public testing::Test {
 protected:
  DiskFloor floor(std::int64_t free_min_mib) {
    return {clock_,
            [this] {
              ++looks_;
              return free_;
            },
            [this](const DiskFloor::State& state) { changes_.push_back(state.is_low); },
            {free_min_mib}};
  }

  test::FakeClock clock_;
  std::optional<std::uint64_t> free_ = 1'000 * mib;
  int looks_ = 0;
  std::vector<bool> changes_;
};

TEST_F(DiskFloorTest, RefusesBelowTheFloorAndNotAtIt) {
  auto floor = this->floor(200);
  free_ = 200 * mib;
  EXPECT_FALSE(floor.refusal());
  clock_.advance(1s);
  free_ = 200 * mib - 1;
  const auto refused = floor.refusal();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::quota_exceeded);
  EXPECT_EQ(refused->details, nlohmann::json({{"limit", "disk_free_min_mib"}, {"min", 200}, {"free", 199}}));
}

TEST_F(DiskFloorTest, AsksTheFileSystemOnceASecondAtMost) {
  auto floor = this->floor(200);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(floor.refusal());
    (void)floor.look();
  }
  EXPECT_EQ(looks_, 1);
  free_ = 0;
  clock_.advance(999ms);
  EXPECT_FALSE(floor.refusal());
  clock_.advance(1ms);
  EXPECT_TRUE(floor.refusal());
  EXPECT_EQ(looks_, 2);
}

TEST_F(DiskFloorTest, BeginsAndEndsOnceAndEndsALittleAboveTheFloor) {
  auto floor = this->floor(200);
  for (const std::uint64_t free : {201, 199, 198, 200, 219, 199, 220, 219, 200, 199}) {
    free_ = free * mib;
    (void)floor.look();
    clock_.advance(1s);
  }
  EXPECT_EQ(changes_, (std::vector<bool>{true, false, true}));
}

TEST_F(DiskFloorTest, StaysAsItWasWhileTheFileSystemDoesNotSay) {
  auto floor = this->floor(200);
  free_.reset();
  EXPECT_FALSE(floor.refusal());
  EXPECT_EQ(floor.look(), DiskFloor::State());
  clock_.advance(1s);
  free_ = 1 * mib;
  EXPECT_TRUE(floor.refusal());
  clock_.advance(1s);
  free_.reset();
  EXPECT_TRUE(floor.refusal());
  EXPECT_EQ(floor.look().free_bytes, 1 * mib);
}

TEST_F(DiskFloorTest, ZeroTurnsItOffAndTheFreeBytesAreKnownAllTheSame) {
  auto floor = this->floor(0);
  free_ = 0;
  EXPECT_FALSE(floor.refusal());
  EXPECT_EQ(looks_, 0);
  EXPECT_EQ(floor.look(), (DiskFloor::State{false, 0}));
}

TEST(FreeBytes, AreThoseOfTheFileSystemThatTheFileIsOn) {
  const test::TempDir directory;
  const auto free = free_bytes_beside(directory.file("hub.db"))();
  ASSERT_TRUE(free);
  EXPECT_LE(*free, std::filesystem::space(directory.path()).capacity);
  EXPECT_GT(*free, 0U);
  EXPECT_FALSE(free_bytes_beside(directory.file("none/hub.db"))());
}

}  // namespace
}  // namespace strawberry::bridge

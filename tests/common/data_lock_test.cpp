#include "common/identity/data_lock.h"

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "tests/support/failing_call.h"
#include "tests/support/temp_dir.h"

namespace strawberry {
namespace {

using testing::HasSubstr;

TEST(ADataLock, IsHeldByOneAtATime) {
  const test::TempDir directory;
  {
    const auto first = DataLock::take(directory.path());
    ASSERT_TRUE(first);
    const auto second = DataLock::take(directory.path());
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("another bridge, or a restore, is using data directory"));
  }
  EXPECT_TRUE(DataLock::take(directory.path()));
}

TEST(ADataLock, ThatTheFileSystemDoesNotGiveIsNotTakenForAnotherBridge) {
  const test::TempDir directory;
  const auto take = [&] {
    const bool fails = test::let_call_fail(SYS_flock, ENOLCK);
    const auto lock = DataLock::take(directory.path());
    std::cerr << (!fails ? "No locks available: not to be tried here" : lock ? "taken" : lock.error().message) << "\n";
    ::_exit(0);
  };
  EXPECT_EXIT(take(), testing::ExitedWithCode(0), "No locks available");
}

}  // namespace
}  // namespace strawberry

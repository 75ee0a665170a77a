#include "cli/run/hub_directory.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/support/child_process.h"
#include "tests/support/failing_call.h"
#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AHubDirectory : public testing::Test {
 protected:
  std::string path() const { return directory_.path() / "var"; }
  HubDirectory take() const {
    auto taken = take_hub_directory(path());
    EXPECT_TRUE(taken) << taken.error().message;
    return taken ? std::move(*taken) : HubDirectory();
  }
  test::TempDir directory_;
};

TEST_F(AHubDirectory, IsMadeForItsUserAloneAndTakenOnce) {
  const HubDirectory taken = take();
  EXPECT_TRUE(taken.is_new);
  EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_all);
  EXPECT_TRUE(check_private(taken));
  const auto second = take_hub_directory(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("(process " + std::to_string(::getpid()) + "): stop that one"));
}

TEST_F(AHubDirectory, ThatCannotBeLockedIsNotSaidToBeInUse) {
  const auto refused_take = [this] {
    const bool fails = test::let_call_fail(SYS_flock, ENOLCK);
    const auto taken = take_hub_directory(path());
    std::cerr << (!fails  ? "No locks available: not to be tried here"
                  : taken ? "taken"
                          : taken.error().message)
              << "\n";
    ::_exit(0);
  };
  EXPECT_EXIT(refused_take(), testing::ExitedWithCode(0), "cannot lock .*No locks available|not to be tried here");
}

TEST_F(AHubDirectory, IsFreeAgainWhenItsOwnerIsGone) {
  { const HubDirectory first = take(); }
  take();
}

TEST_F(AHubDirectory, IsNewUntilItHasKeys) {
  EXPECT_TRUE(take().is_new);
  EXPECT_TRUE(take().is_new) << "made, but the run ended before there were keys";
  std::ofstream(path() + "/keys.json") << "{}";
  EXPECT_FALSE(take().is_new);
}

TEST_F(AHubDirectory, IsNotTakenFromOtherUsers) {
  const HubDirectory taken = take();
  fs::permissions(path(), fs::perms::owner_all | fs::perms::group_exec);
  ASSERT_FALSE(check_private(taken));
  EXPECT_THAT(check_private(taken).error().message, HasSubstr("chmod 700"));
}

TEST_F(AHubDirectory, KnowsWhatAnEarlierRunLeftBehind) {
  const HubDirectory taken = take();
  test::ChildProcess::Options options;
  options.argv = {"/bin/sh", "-c", "echo up; sleep 1000; :", taken.file("bridge.toml")};
  test::ChildProcess process(options);
  ASSERT_TRUE(process.wait_for_output("up", std::chrono::seconds(10)));
  std::ofstream(taken.pid_file("bridge")) << process.pid() << "\n";
  const auto leftover = find_leftover(taken, "bridge", "sh");
  ASSERT_TRUE(leftover);
  EXPECT_FALSE(find_leftover(taken, "bridge", "strawberry-bridge")) << "another program has that number now";
  EXPECT_FALSE(find_leftover(taken, "broker", "sh")) << "there is no file";
  ASSERT_EQ(::syscall(SYS_pidfd_send_signal, leftover->get(), SIGKILL, nullptr, 0), 0);
  EXPECT_TRUE(process.wait_for_exit(std::chrono::seconds(10)));
  EXPECT_FALSE(find_leftover(taken, "bridge", "sh"));
}

TEST_F(AHubDirectory, ReadsNoRubbishAsANumber) {
  const HubDirectory taken = take();
  for (const char* text : {"", "x", "-1", "0", "1x", "99999999999999999999999", "\n"}) {
    std::ofstream(taken.pid_file("bridge"), std::ios::trunc) << text;
    EXPECT_FALSE(find_leftover(taken, "bridge", "systemd")) << text;
  }
}

TEST_F(AHubDirectory, HasNoSocketWhereThePathIsTooLong) {
  HubDirectory taken = take();
  EXPECT_EQ(free_socket(taken).value_or("?"), taken.file("broker.sock"));
  taken.path += "/" + std::string(100, 'x');
  EXPECT_EQ(free_socket(taken).value_or("?"), "");
}

}  // namespace
}  // namespace strawberry::cli

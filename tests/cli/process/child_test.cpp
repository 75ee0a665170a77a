#include "cli/process/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace strawberry::cli {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
  }
  /// Reads until all writers have closed.
  std::string read() {
    writer = FileDescriptor();
    std::string text(64 * 1024, '\0');
    text.resize(read_up_to(reader.get(), text.data(), text.size()).value_or(0));
    return text;
  }
  FileDescriptor reader;
  FileDescriptor writer;
};

ChildOptions shell(const std::string& script, const Pipe& output) {
  ChildOptions options;
  options.argv = {"sh", "-c", script};
  options.environment = {"PATH=/usr/bin:/bin", "NAME=box"};
  options.output = output.writer.get();
  return options;
}

TEST(AChild, HasWhatItIsGivenAndNothingElse) {
  Pipe output;
  ChildOptions options = shell("echo $NAME; pwd; cat; ls /proc/self/fd | tr '\\n' ' '; env | wc -l", output);
  options.directory = "/usr";
  auto child = start_child(options);
  ASSERT_TRUE(child) << child.error().message;
  // ls has its own descriptor for the directory; PATH, NAME and what the shell adds: PWD (and perhaps OLDPWD, _).
  const std::string text = output.read();
  EXPECT_EQ(reap(child->pid), 0);
  EXPECT_THAT(text, testing::StartsWith("box\n/usr\n0 1 2 3 "));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("3 4 ")));
}

TEST(AChild, WritesToItsThirdDescriptorWhenItHasOne) {
  Pipe output;
  Pipe third;
  ChildOptions options = shell("echo here; echo there >&3", output);
  options.third = third.writer.get();
  auto child = start_child(options);
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(output.read(), "here\n");
  EXPECT_EQ(third.read(), "there\n");
  EXPECT_EQ(reap(child->pid), 0);
}

TEST(AChild, IsReadableWhenItHasEnded) {
  Pipe output;
  auto child = start_child(shell("exit 3", output));
  ASSERT_TRUE(child) << child.error().message;
  pollfd ended{child->process.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  EXPECT_TRUE(has_ended(child->pid));
  const int status = reap(child->pid);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(AChild, HasNoSignalBlockedOrIgnored) {
  Pipe output;
  std::signal(SIGTERM, SIG_IGN);
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &before);
  auto child = start_child(shell("kill -TERM $$; echo alive", output));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::signal(SIGTERM, SIG_DFL);
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(output.read(), "");
  EXPECT_EQ(WTERMSIG(reap(child->pid)), SIGTERM);
}

TEST(AChild, LeadsASessionOrAGroup) {
  for (const bool own_session : {false, true}) {
    Pipe output;
    ChildOptions options = shell("read line </dev/null; exec sleep 1000", output);
    options.own_session = own_session;
    auto child = start_child(options);
    ASSERT_TRUE(child) << child.error().message;
    EXPECT_EQ(::getpgid(child->pid), child->pid);
    EXPECT_EQ(::getsid(child->pid) == child->pid, own_session);
    ::kill(child->pid, SIGKILL);
    EXPECT_EQ(WTERMSIG(reap(child->pid)), SIGKILL);
  }
}

TEST(AChild, EndsWithItsParentWhenItIsToldTo) {
  Pipe output;
  const pid_t parent = ::fork();
  if (parent == 0) {
    ChildOptions options = shell("trap 'echo told; exit' TERM; echo up; while :; do sleep 0.1; done", output);
    options.own_session = true;
    options.signal_at_parents_end = SIGTERM;
    const auto child = start_child(options);
    ::pause();
    ::_exit(child ? 0 : 1);
  }
  ASSERT_GT(parent, 0);
  std::string up(3, '\0');
  ASSERT_EQ(read_up_to(output.reader.get(), up.data(), up.size()), 3U);
  ::kill(parent, SIGKILL);
  (void)reap(parent);
  EXPECT_EQ(output.read(), "told\n");
}

TEST(AChild, ThatCannotBeStartedSaysWhy) {
  ChildOptions options;
  options.argv = {"/no/such/program"};
  EXPECT_EQ(start_child(options).error().message, "cannot start '/no/such/program': No such file or directory");
  options.argv = {"/etc/passwd"};
  EXPECT_EQ(start_child(options).error().message, "cannot start '/etc/passwd': Permission denied");
  options.argv = {"true"};
  options.directory = "/no/such/directory";
  EXPECT_EQ(start_child(options).error().message, "cannot start 'true': No such file or directory");
}

}  // namespace
}  // namespace strawberry::cli

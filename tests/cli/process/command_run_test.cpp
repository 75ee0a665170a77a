#include "cli/process/command_run.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ACommandRun : public testing::Test {
 protected:
  Command shell(const std::string& script) const {
    Command command;
    command.argv = {"sh", "-c", script};
    command.environment = {"PATH=/usr/bin:/bin", "NAME=box"};
    command.directory = directory_.path().string();
    command.timeout = 20s;
    command.output_bytes_max = 100'000;
    return command;
  }
  CommandEnd run(Command command) {
    std::optional<CommandEnd> end;
    auto started = CommandRun::start(loop_, std::move(command), [&](CommandEnd ended) { end = std::move(ended); });
    if (!started) return {false, "", started.error().message};
    loop_.restart();
    loop_.run();
    EXPECT_TRUE(end);
    return end.value_or(CommandEnd{});
  }
  std::string content(const std::string& name) const {
    std::ifstream file(directory_.file(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Whether the process that wrote its number into this file has ended, or ends soon.
  bool is_gone(const std::string& name) const {
    const pid_t pid = std::stoi(content(name));
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (::kill(pid, 0) == 0 && !is_zombie(pid)) {
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
    return true;
  }
  static bool is_zombie(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string stat{std::istreambuf_iterator<char>(file), {}};
    return stat.find(") Z ") != std::string::npos;
  }

  test::TempDir directory_;
  asio::io_context loop_;
};

TEST_F(ACommandRun, GivesWhatTheProgramWrote) {
  const CommandEnd end = run(shell("printf 'a\\nb'; echo problem >&2"));
  EXPECT_TRUE(end.success);
  EXPECT_EQ(end.output, "a\nb");
}

TEST_F(ACommandRun, HasNothingToReadAndOnlyItsOwnEnvironmentAndFiles) {
  EXPECT_EQ(run(shell("cat; echo end")).output, "end\n");
  EXPECT_THAT(run(shell("env | grep -v ^PWD= | grep -v ^_= | grep -v ^SHLVL= | sort")).output,
              "NAME=box\nPATH=/usr/bin:/bin\n");
  EXPECT_EQ(run(shell("pwd")).output, directory_.path().string() + "\n");
  // 0, 1, 2, and the directory that ls reads.
  EXPECT_EQ(run(shell("exec ls /proc/self/fd")).output, "0\n1\n2\n3\n");
}

TEST_F(ACommandRun, ThatFailsSaysItsCodeAndTheEndOfItsComplaint) {
  EXPECT_EQ(run(shell("echo half; echo 'no such song' >&2; exit 3")).error, "exit code 3: no such song");
  EXPECT_EQ(run(shell("exit 1")).error, "exit code 1");
  EXPECT_EQ(run(shell("kill -TERM $$")).error, "it was ended by signal 15");
  const std::string error = run(shell("yes 'a long complaint' | head -c 1000000 >&2; echo last >&2; exit 1")).error;
  EXPECT_THAT(error, HasSubstr("exit code 1: …"));
  EXPECT_THAT(error, HasSubstr("last"));
  EXPECT_LT(error.size(), 2 * CommandRun::error_bytes_max);
  EXPECT_EQ(run(shell("printf 'a\\033[31mb\\n\\n' >&2; exit 1")).error, "exit code 1: a\\x1b[31mb");
}

TEST_F(ACommandRun, ThatCannotBeStartedSaysWhy) {
  Command command = shell("");
  command.argv = {"/no/such/program"};
  EXPECT_EQ(run(command).error, "cannot start '/no/such/program': No such file or directory");
  command.argv = {directory_.path().string()};
  EXPECT_THAT(run(command).error, HasSubstr("Permission denied"));
  command.argv = {"sh"};
  command.directory = "/no/such/directory";
  EXPECT_THAT(run(command).error, HasSubstr("No such file or directory"));
}

TEST_F(ACommandRun, IsKilledAtItsTimeoutWithAllItStarted) {
  Command command = shell("sleep 1000 & echo $! > child; trap '' TERM; sleep 1000");
  command.timeout = 2s;  // on a busy machine the shell takes a while to start its child
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run(command).error, "it did not end within 2000 ms and was killed");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
  ASSERT_NE(content("child"), "");
  EXPECT_TRUE(is_gone("child"));
}

TEST_F(ACommandRun, ThatLeavesAChildWithItsOutputOpenEndsWithTheProgram) {
  const CommandEnd end = run(shell("sleep 1000 & echo $! > child; echo done"));
  EXPECT_TRUE(end.success);
  EXPECT_EQ(end.output, "done\n");
  EXPECT_TRUE(is_gone("child"));
}

TEST_F(ACommandRun, LetsGoOfWhoLeftItsGroup) {
  const CommandEnd end =
      run(shell("setsid sh -c 'echo $$ > child; exec sleep 1000' & "
                "while [ ! -s child ]; do sleep 0.01; done; echo done"));
  EXPECT_EQ(end.output, "done\n");
  const pid_t pid = std::stoi(content("child"));
  EXPECT_EQ(::kill(pid, SIGKILL), 0) << "it is still there";
}

TEST_F(ACommandRun, WritesExactlyAsMuchAsItMay) {
  Command command = shell("head -c 100000 /dev/zero");
  EXPECT_EQ(run(command).output.size(), 100'000u);
  command.argv.back() = "head -c 100001 /dev/zero";
  EXPECT_EQ(run(command).error, "it wrote more than 100000 bytes and was killed");
  command.argv.back() = "yes";
  EXPECT_EQ(run(command).error, "it wrote more than 100000 bytes and was killed");
}

TEST_F(ACommandRun, ThatIsStoppedIsGoneAndSaysNothing) {
  bool said = false;
  auto started =
      CommandRun::start(loop_, shell("echo $$ > child; sleep 1000"), [&](const CommandEnd&) { said = true; });
  ASSERT_TRUE(started);
  while (content("child").find('\n') == std::string::npos) {
  }
  (*started)->stop();
  EXPECT_TRUE(is_gone("child"));
  loop_.run();
  EXPECT_FALSE(said);
}

/// Kills nothing, and records the group: returns `error` as for a program that runs as another user, or 0.
CommandRun::Kill instead_of_kill(int error, pid_t& group) {
  return [error, &group](pid_t pid, int) {
    group = -pid;
    errno = error;
    return error == 0 ? 0 : -1;
  };
}

TEST_F(ACommandRun, OfAnotherUserIsAnsweredForAtItsTimeoutAndReapedLater) {
  Command command = shell("exec sleep 1000");
  command.timeout = 300ms;
  pid_t pid = 0;
  std::string error;
  const auto end = [&](const CommandEnd& ended) {
    error = ended.error;
    EXPECT_EQ(::kill(pid, SIGKILL), 0) << "it is still there";
  };
  ASSERT_TRUE(CommandRun::start(loop_, command, end, instead_of_kill(EPERM, pid)));
  loop_.run();
  EXPECT_EQ(error, "it did not end within 300 ms and cannot be killed: it runs as another user");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

TEST_F(ACommandRun, OfAnotherUserIsAnsweredForOnceWhenItWritesTooMuch) {
  pid_t pid = 0;
  int answers = 0;
  const auto end = [&](const CommandEnd& ended) {
    ++answers;
    EXPECT_THAT(ended.error, HasSubstr("100000 bytes and cannot be killed"));
    EXPECT_EQ(::kill(-pid, SIGKILL), 0);
  };
  ASSERT_TRUE(CommandRun::start(loop_, shell("yes; exec sleep 1000"), end, instead_of_kill(EPERM, pid)));
  loop_.run();
  EXPECT_EQ(answers, 1);
}

TEST_F(ACommandRun, ThatCannotBeKilledKeepsNobodyWaiting) {
  for (const int error : {EPERM, 0}) {
    pid_t pid = 0;
    auto started = CommandRun::start(
        loop_, shell("exec sleep 1000"), [](const CommandEnd&) {}, instead_of_kill(error, pid));
    ASSERT_TRUE(started);
    (*started)->stop();
    loop_.restart();
    loop_.run();
    EXPECT_EQ(::kill(pid, SIGKILL), 0) << "it is still there";
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  }
}

TEST_F(ACommandRun, ThatDoesNotEndThoughItIsKilledIsAnsweredFor) {
  Command command = shell("exec sleep 1000");
  command.timeout = 300ms;
  pid_t pid = 0;
  std::string error;
  const auto end = [&](const CommandEnd& ended) {
    error = ended.error;
    EXPECT_EQ(::kill(pid, SIGKILL), 0) << "it is still there";
  };
  ASSERT_TRUE(CommandRun::start(loop_, command, end, instead_of_kill(0, pid)));
  loop_.run();
  EXPECT_EQ(error, "it did not end within 300 ms and cannot be killed");
}

TEST_F(ACommandRun, LosesNothingOfWhatWasWrittenLast) {
  for (int i = 0; i < 300; ++i) {
    const CommandEnd end = run(shell("head -c 20000 /dev/zero; head -c 20000 /dev/zero >&2; echo last >&2; exit 1"));
    ASSERT_THAT(end.error, HasSubstr("last")) << i;
    ASSERT_EQ(run(shell("head -c 20000 /dev/zero; echo last")).output.size(), 20'005u) << i;
  }
}

TEST_F(ACommandRun, IsNotTakenForTheOneThatEndedBeforeIt) {
  // Each starts in the handler of another's end, with the descriptors that it has just closed.
  int left = 300;
  int killed = 0;
  std::function<void(CommandEnd)> next = [&](const CommandEnd& end) {
    if (!end.success) ++killed;
    if (left-- <= 0) return;
    EXPECT_TRUE(CommandRun::start(loop_, shell("echo x >> lines"), next));
  };
  for (int at_once = 0; at_once < 4; ++at_once) EXPECT_TRUE(CommandRun::start(loop_, shell("echo x >> lines"), next));
  loop_.run();
  EXPECT_EQ(killed, 0);
  EXPECT_EQ(content("lines").size(), 2u * 304);
}

TEST_F(ACommandRun, LeavesNoZombie) {
  run(shell("true"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace strawberry::cli

#include "cli/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <thread>

#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

std::size_t files_in(const std::filesystem::path& path) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
}

class Files : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) {
    std::ofstream(directory_.file(name), std::ios::binary) << content;
  }
  DataDir dir() const { return {directory_.path()}; }
  test::TempDir directory_;
};

TEST_F(Files, EndpointIsTheDefaultWithoutAFile) {
  const auto endpoint = read_endpoint(dir());
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->host, "127.0.0.1");
  EXPECT_EQ(endpoint->port, 1883);
}

TEST_F(Files, AnInstalledProgramMeansTheInstalledHub) {
  EXPECT_EQ(default_data_dir("/usr/bin/strawberryctl"), "/var/lib/strawberry");
  EXPECT_EQ(default_data_dir("/home/alice/usr/hub/build/release/bin/strawberryctl"), "./var");
  EXPECT_EQ(default_data_dir(""), "./var");
}

TEST_F(Files, EndpointIsReadFromItsFile) {
  write("endpoint", "127.0.0.2 2883\n");
  const auto endpoint = read_endpoint(dir());
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->host, "127.0.0.2");
  EXPECT_EQ(endpoint->port, 2883);
}

TEST_F(Files, EndpointWithTlsTrustsTheHubsOwnCa) {
  write("endpoint", "127.0.0.1 8883 tls\n");
  const auto endpoint = read_endpoint(dir());
  ASSERT_TRUE(endpoint);
  EXPECT_TRUE(endpoint->tls);
  EXPECT_EQ(endpoint->ca_file, directory_.path() / "tls" / "ca.crt");
  write("endpoint", "127.0.0.1 1883\n");
  EXPECT_FALSE(read_endpoint(dir())->tls);
}

TEST_F(Files, EndpointHasTheDataDirectorysSocketForABrokerOnThisMachine) {
  const std::string own = directory_.file("broker.sock");
  EXPECT_EQ(read_endpoint(dir())->socket, own);
  write("endpoint", "127.0.0.1 2883\n");
  EXPECT_EQ(read_endpoint(dir())->socket, own);
  write("endpoint", "hub.lan 8883 tls\n");
  EXPECT_EQ(read_endpoint(dir())->socket, "");
}

TEST_F(Files, EndpointSaysInItsSecondLineWhereTheSocketIs) {
  write("endpoint", "broker 1883\nsocket /shared/a b.sock\n");
  EXPECT_EQ(read_endpoint(dir())->socket, "/shared/a b.sock");
  EXPECT_EQ(read_endpoint(dir())->host, "broker");
  write("endpoint", "127.0.0.1 8883 tls\nsocket off\n");
  EXPECT_EQ(read_endpoint(dir())->socket, "");
  EXPECT_TRUE(read_endpoint(dir())->tls);
}

TEST_F(Files, BadEndpointIsAnErrorNotTheDefault) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1 x", "127.0.0.1 0", "127.0.0.1 65536", "127.0.0.1 -1",
                           "127.0.0.1 1883 ssl", "127.0.0.1 1883\nrubbish\n"}) {
    write("endpoint", text);
    const auto endpoint = read_endpoint(dir());
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code, ExitCode::local);
  }
}

TEST_F(Files, EndpointMayGoWhileItIsRead) {
  std::atomic<bool> is_over{false};
  auto changes = std::async(std::launch::async, [&] {
    while (!is_over) {
      write("draft", "127.0.0.1 2883\n");
      std::filesystem::rename(directory_.file("draft"), directory_.file("endpoint"));
      std::filesystem::remove(directory_.file("endpoint"));
    }
  });
  constexpr int reads = 20'000;
  for (int i = 0; i < reads; ++i) {
    const auto endpoint = read_endpoint(dir());
    if (endpoint) continue;
    ADD_FAILURE() << i << ": " << endpoint.error().message;
    break;
  }
  is_over = true;
  changes.get();
}

TEST_F(Files, EndpointIsTheDefaultForAUserWhoMayNotEnterTheDirectory) {
  write("endpoint", "127.0.0.1 2883\n");
  const auto port = [this] {
    const auto endpoint = read_endpoint(dir());
    return endpoint ? int{endpoint->port} : -1;
  };
  const auto as_another_user = [&](auto look) {
    std::promise<int> seen;
    // The ids of one thread alone: the kernel's call changes no others.
    std::thread([&] {
      constexpr uid_t nobody = 65534;
      const bool is_other = ::geteuid() != 0 || ::syscall(SYS_setresuid, nobody, nobody, nobody) == 0;
      seen.set_value(is_other ? look() : -2);
    }).join();
    return seen.get_future().get();
  };
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0));
  EXPECT_EQ(as_another_user(port), 1883);
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(directory_.file("endpoint"), std::filesystem::perms(0));
  EXPECT_EQ(as_another_user(port), -1) << "there is one, which is not to be passed over";
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0700));
}

TEST_F(Files, SecretIsReadableByItsOwnerOnlyWhateverTheUmask) {
  const mode_t before = ::umask(0);
  const auto written = write_secret_file(directory_.file("secret"), "s", false);
  ::umask(before);
  ASSERT_TRUE(written);
  EXPECT_EQ(mode_of(directory_.file("secret")), 0600u);
  EXPECT_EQ(read_file(directory_.file("secret")).value(), "s");
}

TEST_F(Files, SecretNeverOverwritesUnlessToldSo) {
  write("secret", "old");
  const auto refused = write_secret_file(directory_.file("secret"), "new", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::local);
  EXPECT_EQ(read_file(directory_.file("secret")).value(), "old");
  EXPECT_EQ(files_in(directory_.path()), 1u) << "a temporary file stayed behind";
  ASSERT_TRUE(write_secret_file(directory_.file("secret"), "new", true));
  EXPECT_EQ(read_file(directory_.file("secret")).value(), "new");
  EXPECT_EQ(mode_of(directory_.file("secret")), 0600u);
}

TEST_F(Files, SecretDoesNotFollowALink) {
  std::filesystem::create_symlink(directory_.file("elsewhere"), directory_.file("secret"));
  EXPECT_FALSE(write_secret_file(directory_.file("secret"), "s", false));
  EXPECT_FALSE(std::filesystem::exists(directory_.file("elsewhere")));
}

TEST_F(Files, LargeFileIsRefused) {
  write("large", std::string(64 * 1024 + 1, 'x'));
  EXPECT_FALSE(read_file(directory_.file("large")));
  write("fits", std::string(64 * 1024, 'x'));
  EXPECT_TRUE(read_file(directory_.file("fits")));
}

TEST_F(Files, PrivateDirectoryIsMadeWithThoseAboveIt) {
  const auto path = directory_.path() / "a" / "b";
  EXPECT_TRUE(make_private_directory(path).value());
  EXPECT_EQ(mode_of(path), 0700u);
  EXPECT_FALSE(make_private_directory(path).value());
}

TEST_F(Files, PrivateDirectoryThatSeveralMakeAtOnceIsUsedByAll) {
  constexpr int rounds = 100;
  constexpr int makers = 4;
  for (int round = 0; round < rounds; ++round) {
    const auto path = directory_.path() / std::to_string(round) / "var";
    std::latch start(makers);
    std::vector<std::future<Outcome<bool>>> made;
    for (int maker = 0; maker < makers; ++maker) {
      made.push_back(std::async(std::launch::async, [&] {
        start.arrive_and_wait();
        return make_private_directory(path);
      }));
    }
    int created = 0;
    for (auto& outcome : made) {
      const Outcome<bool> one = outcome.get();
      ASSERT_TRUE(one) << one.error().message;
      created += *one ? 1 : 0;
    }
    ASSERT_EQ(created, 1);
  }
}

TEST_F(Files, OpenDirectoryIsTakenOverOnlyWhenEmpty) {
  const auto path = directory_.path() / "open";
  std::filesystem::create_directory(path);
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  EXPECT_FALSE(make_private_directory(path).value());
  EXPECT_EQ(mode_of(path), 0700u);

  std::ofstream(path / "something") << "else";
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  const auto refused = make_private_directory(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::local);
  EXPECT_EQ(mode_of(path), 0755u);
}

/// How often this process has opened it.
std::size_t times_open(const std::filesystem::path& path) {
  std::size_t times = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(file.path(), gone) == path) ++times;
  }
  return times;
}

TEST_F(Files, LockIsOfTheDirectoryThatIsInPlaceWhenItIsGiven) {
  constexpr std::chrono::seconds patience{20};
  const auto place = directory_.path() / "var";
  ASSERT_TRUE(make_private_directory(place));
  auto first = lock_directory({place}, patience);
  ASSERT_TRUE(first);
  auto waiting = std::async(std::launch::async, [&] { return lock_directory({place}, patience); });
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (times_open(place) < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  std::filesystem::rename(place, directory_.path() / "aside");
  ASSERT_TRUE(make_private_directory(place));
  *first = FileDescriptor();
  const auto second = waiting.get();
  ASSERT_TRUE(second) << second.error().message;
  struct stat locked {};
  struct stat there {};
  ASSERT_EQ(::fstat(second->get(), &locked), 0);
  ASSERT_EQ(::stat(place.c_str(), &there), 0);
  EXPECT_EQ(locked.st_ino, there.st_ino) << "the lock of a directory that nobody uses any more";
}

TEST_F(Files, FileInPlaceOfADirectoryIsRefused) {
  write("file", "");
  EXPECT_FALSE(make_private_directory(directory_.path() / "file"));
  EXPECT_FALSE(make_private_directory(directory_.path() / "file" / "below"));
}

}  // namespace
}  // namespace strawberry::cli

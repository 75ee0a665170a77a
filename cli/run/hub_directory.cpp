#include "cli/run/hub_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/doctor/facts.h"
#include "cli/doctor/gather.h"
#include "cli/files.h"
#include "cli/run/policy.h"
#include "cli/text.h"
#include "common/contract/broker_socket.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t pid_digits_max = 20;
constexpr std::size_t command_line_bytes_max = 64 * 1024;
constexpr std::size_t shown_path_bytes_max = 400;

tl::unexpected<CliError> refuse(std::string message) { return cli_error(ExitCode::refused, std::move(message)); }

/// How long the process that has just taken the lock may need to write its number.
constexpr int number_tries_max = 50;
constexpr std::chrono::milliseconds number_wait{10};

std::string first_word(const std::string& path) {
  std::string word;
  std::ifstream(path) >> word;
  return printable(word.substr(0, pid_digits_max), pid_digits_max);
}

std::string holder_of(const std::string& lock_path) {
  std::string number = first_word(lock_path);
  for (int tries = 1; number.empty() && tries < number_tries_max; ++tries) {
    std::this_thread::sleep_for(number_wait);
    number = first_word(lock_path);
  }
  return number;
}

Outcome<FileDescriptor> lock(const std::string& directory) {
  const std::string path = directory + "/run.lock";
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open())
    return refuse("cannot write " + printable(path, shown_path_bytes_max) + ": " + std::strerror(errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return refuse("cannot lock " + printable(path, shown_path_bytes_max) + ": " + std::strerror(errno));
    return refuse(printable(directory, shown_path_bytes_max) + " is in use by another strawberryctl run (process " +
                  holder_of(path) + "): stop that one, or choose another --data-dir");
  }
  if (::ftruncate(file.get(), 0) != 0 || !write_all(file.get(), std::to_string(::getpid()) + "\n")) {
    return refuse("cannot write " + printable(path, shown_path_bytes_max) + ": " + std::strerror(errno));
  }
  return file;
}

}  // namespace

Outcome<HubDirectory> take_hub_directory(const std::string& typed) {
  HubDirectory taken;
  if (auto made = make_private_directory(typed); !made) return refuse(made.error().message);
  std::error_code failed;
  taken.path = fs::canonical(typed, failed);
  if (failed) return refuse("cannot use " + printable(typed, shown_path_bytes_max) + ": " + failed.message());
  taken.shown = shown_path(taken.path, fs::current_path(failed));
  ::umask(077);
  auto locked = lock(taken.path);
  if (!locked) return tl::unexpected(locked.error());
  taken.lock = std::move(*locked);
  taken.is_new = !fs::exists(DataDir{taken.path}.keys(), failed);
  return taken;
}

Outcome<void> check_private(const HubDirectory& directory) {
  struct stat info {};
  if (::stat(directory.path.c_str(), &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return refuse(printable(directory.path, shown_path_bytes_max) +
                " may be entered by other users: chmod 700 it if it is the hub's alone, or choose another --data-dir");
}

std::optional<FileDescriptor> find_leftover(const HubDirectory& directory, const std::string& name,
                                            const std::string& program) {
  const std::string text = first_word(directory.pid_file(name));
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) return std::nullopt;
  // Opened first, so that the data read next belongs to this process and not to a later one with its number.
  FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.is_open()) return std::nullopt;
  ::fcntl(process.get(), F_SETFD, FD_CLOEXEC);
  const auto command_line = read_file_text("/proc/" + text + "/cmdline", command_line_bytes_max);
  if (!command_line || !is_leftover(*command_line, program, directory.path)) return std::nullopt;
  return process;
}

Outcome<std::string> free_socket(const HubDirectory& directory) {
  SocketFacts socket;
  socket.path = directory.file(std::string(broker_socket_name));
  if (socket.path.size() > broker_socket_bytes_max) return std::string();
  std::error_code missing;
  if (!fs::exists(fs::symlink_status(socket.path, missing))) return socket.path;
  try_socket(socket);
  const std::string shown = printable(socket.path, shown_path_bytes_max);
  const std::string todo = " (move it away, or choose another --data-dir)";
  if (!socket.is_socket) return refuse("there is a file where the broker's Unix socket belongs: " + shown + todo);
  if (socket.is_listening) {
    return refuse("another broker listens there: " + shown + " (stop that one, or choose another --data-dir)");
  }
  if (!socket.is_stale) return refuse("cannot use the broker's Unix socket: " + shown + ": " + socket.problem + todo);
  ::unlink(socket.path.c_str());  // left behind by a broker that was killed
  return socket.path;
}

}  // namespace strawberry::cli

#include "cli/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

#include "common/contract/broker_socket.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 64 * 1024;
constexpr std::chrono::milliseconds lock_retry{20};

tl::unexpected<CliError> cannot(const std::string& what, const std::string& path, int error) {
  std::string hint;
  if (error == EACCES || error == EPERM) hint = "; run this as the user who owns the data directory";
  return cli_error(ExitCode::local, "cannot " + what + " " + path + ": " + std::strerror(error) + hint);
}

/// Uses the descriptor, and refuses files with several names: users who may write to the directory could put a link in
/// the file's place.
bool hand_over(const std::string& path, gid_t group, mode_t mode) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) return false;
  if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
    errno = EINVAL;
    return false;
  }
  const bool is_so = info.st_uid == 0 && info.st_gid == group && (info.st_mode & 07777) == mode;
  return is_so || (::fchown(file.get(), 0, group) == 0 && ::fchmod(file.get(), mode) == 0);
}

/// True when `path` leads to the directory that was opened, and not to another that was put in its place.
bool is_still(const FileDescriptor& directory, const fs::path& path) {
  struct stat opened {};
  struct stat there {};
  if (::fstat(directory.get(), &opened) != 0 || ::stat(path.c_str(), &there) != 0) return false;
  return opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

tl::unexpected<CliError> cannot_read(const std::string& path, int error) {
  if (error == EFBIG) return cli_error(ExitCode::local, path + " is larger than 64 KiB");
  return cannot("read", path, error);
}

/// `error` of reading a file in the directory: true when there is none for this user, who may be one that speaks with a
/// token and may not enter the hub's directory.
bool has_no_file(const DataDir& dir, int error) {
  if (error == EACCES) return ::access(dir.path.c_str(), X_OK) != 0;
  return error == ENOENT || error == ENOTDIR;
}

constexpr std::string_view socket_word = "socket ";

/// `host port` or `host port tls`.
bool read_address(const std::string& text, Endpoint& endpoint) {
  std::istringstream words(text);
  int port = 0;
  std::string tls;
  if (!(words >> endpoint.host >> port) || port < 1 || port > 65535) return false;
  endpoint.port = static_cast<std::uint16_t>(port);
  endpoint.tls = static_cast<bool>(words >> tls);
  return !endpoint.tls || tls == "tls";
}

}  // namespace

DataDir choose_data_dir(const std::string& option) {
  if (!option.empty()) return {option};
  const char* environment = std::getenv("STRAWBERRY_DATA_DIR");
  if (environment != nullptr && *environment != '\0') return {environment};
  std::error_code unknown;
  return {default_data_dir(fs::read_symlink("/proc/self/exe", unknown).string())};
}

std::string default_data_dir(std::string_view program) {
  return program.starts_with("/usr/") ? package_data_dir : "./var";
}

Outcome<Endpoint> read_endpoint(const DataDir& dir) {
  std::string setting(broker_socket_auto);
  Endpoint endpoint;
  const auto text = read_file_text(dir.endpoint(), file_bytes_max);
  if (!text && !has_no_file(dir, errno)) return cannot_read(dir.endpoint(), errno);
  if (text) {
    std::istringstream lines(*text);
    std::string first;
    std::string second;
    std::getline(lines, first);
    std::getline(lines, second);
    if (!read_address(first, endpoint) || (!second.empty() && !second.starts_with(socket_word))) {
      return cli_error(ExitCode::local, dir.endpoint() +
                                            " is not 'host port' or 'host port tls', with 'socket PATH' below it or "
                                            "not: delete it, or say --host and --port");
    }
    if (!second.empty()) setting = second.substr(socket_word.size());
  }
  if (endpoint.tls) endpoint.ca_file = dir.ca();
  endpoint.socket = choose_broker_socket(setting, dir.path.string(), endpoint.host).path;
  return endpoint;
}

Outcome<std::string> read_file(const std::string& path) {
  auto content = read_file_text(path, file_bytes_max);
  if (content) return std::move(*content);
  return cannot_read(path, errno);
}

Outcome<void> write_secret_file(const std::string& path, std::string_view content, bool replace) {
  if (put_private_file(path, content, replace)) return {};
  return cannot("write", path, errno);
}

Outcome<void> check_new_file(const std::string& path) {
  if (look_at_file(path).error == 0) return cannot("write", path, EEXIST);
  const fs::path parent = fs::path(path).parent_path();
  if (::access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) != 0) return cannot("write", path, errno);
  return {};
}

Outcome<void> write_mosquitto_options(const std::string& directory, const Endpoint& endpoint, const std::string& id,
                                      const std::string& token) {
  auto made = make_private_directory(directory);
  if (!made) return tl::unexpected(made.error());
  std::string options = "-h " + endpoint.host + "\n-p " + std::to_string(endpoint.port) + "\n-V 5\n-q 1\n-u " + id +
                        "\n-P " + token + "\n";
  if (endpoint.tls && endpoint.ca_file.empty()) options += "--tls-use-os-certs\n";
  if (!endpoint.socket.empty())
    options += std::string(socket_comment) + fs::absolute(endpoint.socket).lexically_normal().string() + "\n";
  if (endpoint.tls && !endpoint.ca_file.empty())
    options += "--cafile " + fs::absolute(endpoint.ca_file).lexically_normal().string() + "\n";
  for (const char* client : {"mosquitto_sub", "mosquitto_pub", "mosquitto_rr"}) {
    auto written = write_secret_file(fs::path(directory) / client, options, /*replace=*/true);
    if (!written) return written;
  }
  return {};
}

Outcome<bool> make_private_directory(const fs::path& path) {
  std::error_code error;
  // Made before it is looked at: another process may make it at the same moment, which is no error.
  if (::mkdir(path.c_str(), 0700) == 0) return true;
  if (errno == ENOENT && path.has_parent_path()) {
    fs::create_directories(path.parent_path(), error);
    if (error) return cannot("create", path.parent_path(), error.value());
    if (::mkdir(path.c_str(), 0700) == 0) return true;
  }
  if (errno != EEXIST) return cannot("create", path, errno);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return cannot("use", path, errno);
  if (!S_ISDIR(info.st_mode)) return cannot("use", path, ENOTDIR);
  const bool is_shared_by_root = info.st_uid == 0 && (info.st_mode & S_IRWXG) == S_IRWXG;
  if ((info.st_mode & S_IRWXO) == 0 && ((info.st_mode & S_IRWXG) == 0 || is_shared_by_root)) return false;
  const bool empty = fs::is_empty(path, error);
  if (error) return cannot("read", path, error.value());
  if (!empty) {
    return cli_error(ExitCode::local, path.string() +
                                          " may be entered by other users: chmod 700 it if it is the hub's " +
                                          "alone, or choose another --data-dir");
  }
  if (::chmod(path.c_str(), 0700) != 0) return cannot("chmod 700", path, errno);
  return false;
}

Outcome<FileDescriptor> lock_directory(const DataDir& dir, std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (true) {
    FileDescriptor lock(::open(dir.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock.is_open()) return cannot("use", dir.path, errno);
    while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return cannot("lock", dir.path, errno);
      if (std::chrono::steady_clock::now() >= give_up) {
        return cli_error(ExitCode::local,
                         "cannot lock " + dir.path.string() + ": another command is changing its keys or tokens");
      }
      std::this_thread::sleep_for(lock_retry);
    }
    // A restore puts another directory in the place of the one that we waited for: what is written belongs into that.
    if (is_still(lock, dir.path)) return lock;
  }
}

Outcome<void> share_with_group(const DataDir& dir) {
  struct stat info {};
  if (::stat(dir.path.c_str(), &info) != 0) return cannot("use", dir.path, errno);
  if ((info.st_mode & S_IRWXG) == 0 || ::geteuid() != 0) return {};
  for (const auto& [file, mode] : {std::pair(dir.keys(), mode_t{0640}), std::pair(dir.database(), mode_t{0660})}) {
    if (!hand_over(file, info.st_gid, mode)) return cannot("share", file, errno);
  }
  return {};
}

}  // namespace strawberry::cli

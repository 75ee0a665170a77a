#include "common/text/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "common/text/file_descriptor.h"
#include "common/text/ids.h"

namespace strawberry {
namespace {

constexpr std::int64_t recent_ns = 2'000'000'000;

std::string system_error() { return std::strerror(errno); }

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
}

FileState state_of(const struct stat& status) {
  FileState state;
  state.device = status.st_dev;
  state.inode = status.st_ino;
  state.mode = status.st_mode;
  state.owner = status.st_uid;
  state.size = status.st_size;
  state.modified_ns = nanoseconds(status.st_mtim);
  state.changed_ns = nanoseconds(status.st_ctim);
  return state;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_folder_of(const std::string& path) {
  const FileDescriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return fail(path + " may not be on disk: " + system_error());
  return {};
}

/// The complete content under a temporary name beside `path`; removed unless it was moved to `path`.
class Draft {
 public:
  explicit Draft(const std::string& path) : path_(path + ".new-" + new_id()) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    const int kept = errno;
    ::unlink(path_.c_str());
    errno = kept;
  }
  const char* path() const { return path_.c_str(); }

  /// With `old`, the file gets the same owner, if that is another one, and the same readers.
  bool write(std::string_view content, const struct stat* old) const {
    const FileDescriptor file(::open(path(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) return false;
    struct stat own {};
    // Set explicitly, because a strict umask would lock the hub out of its own file.
    if (::fchmod(file.get(), 0600) != 0 || ::fstat(file.get(), &own) != 0) return false;
    const bool is_theirs = old == nullptr || (own.st_uid == old->st_uid && own.st_gid == old->st_gid);
    if (!is_theirs && ::fchown(file.get(), old->st_uid, old->st_gid) != 0) return false;
    const bool is_shared = old != nullptr && (old->st_mode & S_IRGRP) != 0 && is_private(old->st_mode, old->st_uid);
    if (is_shared && ::fchmod(file.get(), 0640) != 0) return false;
    return write_all(file.get(), content) && ::fsync(file.get()) == 0;
  }

 private:
  std::string path_;
};

}  // namespace

FileState look_at_file(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return state_of(status);
  FileState state;
  state.error = errno;
  return state;
}

bool is_recent(const FileState& state) {
  if (state.error != 0) return false;
  timespec now{};
  // The clock that the kernel uses for file times.
  if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) return true;
  return std::llabs(nanoseconds(now) - state.changed_ns) < recent_ns;
}

bool is_private(mode_t mode, uid_t owner) {
  const mode_t open_to = mode & (S_IRWXG | S_IRWXO);
  return open_to == 0 || (owner == 0 && open_to == S_IRGRP);
}

Result<PrivateFile> read_private_file(const std::string& path, std::size_t bytes_max) {
  // O_NONBLOCK: a pipe in place of the file must not block the broker.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) return fail(errno == ELOOP ? "is a symbolic link" : "cannot be opened: " + system_error());

  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail("cannot be examined: " + system_error());
  if (!S_ISREG(status.st_mode)) return fail("is not a regular file");
  if (!is_private(status.st_mode, status.st_uid)) {
    return fail("is open to other users: it must have mode 0600 or 0400, or be root's and have mode 0640");
  }

  PrivateFile read{std::string(bytes_max + 1, '\0'), state_of(status)};
  std::string& content = read.content;
  const auto size = read_up_to(file.get(), content.data(), content.size());
  if (!size) return fail("cannot be read: " + system_error());
  if (*size > bytes_max) return fail("is larger than " + std::to_string(bytes_max / 1024) + " KiB");
  content.resize(*size);
  return read;
}

bool put_private_file(const std::string& path, std::string_view content, bool replaces) {
  const Draft draft(path);
  if (!draft.write(content, nullptr)) return false;
  // link() fails on an existing name where rename() replaces it.
  return (replaces ? ::rename(draft.path(), path.c_str()) : ::link(draft.path(), path.c_str())) == 0;
}

Result<void> write_new_private_file(const std::string& path, std::string_view content) {
  if (put_private_file(path, content, /*replaces=*/false)) return sync_folder_of(path);
  if (errno == EEXIST) return fail(path + " exists; keys are never overwritten");
  return fail(path + " cannot be written: " + system_error());
}

Result<void> replace_private_file(const std::string& path, std::string_view content) {
  struct stat old {};
  if (::lstat(path.c_str(), &old) != 0) return fail(path + " cannot be examined: " + system_error());
  if (!S_ISREG(old.st_mode)) return fail(path + " is not a regular file");
  const Draft draft(path);
  if (!draft.write(content, &old)) return fail(path + " cannot be written: " + system_error());
  if (::rename(draft.path(), path.c_str()) != 0) return fail(path + " cannot be replaced: " + system_error());
  return sync_folder_of(path);
}

}  // namespace strawberry

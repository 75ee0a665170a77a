#include "cli/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <vector>

#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<CliError> cannot_copy(const fs::path& path, const std::string& why) {
  return cli_error(ExitCode::local, "cannot copy " + path.string() + ": " + why);
}
tl::unexpected<CliError> cannot_copy(const fs::path& path) { return cannot_copy(path, std::strerror(errno)); }

class TreeCopy {
 public:
  Outcome<void> copy(int from, int to, const std::string& name, const fs::path& path, int depth) {
    if (++entries_ > copy_tree_entries_max) return cannot_copy(path, "there is too much beside it");
    const FileDescriptor source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source.is_open() && errno == ELOOP) return copy_link(from, to, name, path);
    if (!source.is_open()) return cannot_copy(path);
    struct stat info {};
    if (::fstat(source.get(), &info) != 0) return cannot_copy(path);
    if (S_ISREG(info.st_mode)) return copy_file(source.get(), to, name, path, info.st_mode & 07777);
    if (!S_ISDIR(info.st_mode)) return cannot_copy(path, "it is neither file nor directory");
    if (depth == copy_tree_depth_max) return cannot_copy(path, "it is too deep below");
    return copy_directory(source.get(), to, name, path, info.st_mode & 07777, depth);
  }

 private:
  static Outcome<void> copy_link(int from, int to, const std::string& name, const fs::path& path) {
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(from, name.c_str(), target, sizeof target);
    if (size < 0 || size == sizeof target) return cannot_copy(path);
    if (::symlinkat(std::string(target, static_cast<std::size_t>(size)).c_str(), to, name.c_str()) != 0) {
      return cannot_copy(path);
    }
    return {};
  }

  static Outcome<void> copy_file(int source, int to, const std::string& name, const fs::path& path, mode_t mode) {
    const FileDescriptor target(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target.is_open()) return cannot_copy(path);
    std::string piece(64 * 1024, '\0');
    for (std::size_t copied = 0;;) {
      const auto got = read_up_to(source, piece.data(), piece.size());
      if (!got) return cannot_copy(path);
      if (*got == 0) break;
      copied += *got;
      if (copied > copy_tree_file_bytes_max) return cannot_copy(path, "it is too large");
      if (!write_all(target.get(), {piece.data(), *got})) return cannot_copy(path);
    }
    if (::fchmod(target.get(), mode) != 0) return cannot_copy(path);
    return {};
  }

  Outcome<void> copy_directory(int source, int to, const std::string& name, const fs::path& path, mode_t mode,
                               int depth) {
    if (::mkdirat(to, name.c_str(), 0700) != 0) return cannot_copy(path);
    const FileDescriptor target(::openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!target.is_open()) return cannot_copy(path);
    auto names = names_in(source, path);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& below : *names) {
      if (auto copied = copy(source, target.get(), below, path / below, depth + 1); !copied) return copied;
    }
    if (::fchmod(target.get(), mode) != 0) return cannot_copy(path);
    return {};
  }

  static Outcome<std::vector<std::string>> names_in(int directory, const fs::path& path) {
    FileDescriptor own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* const list = own.is_open() ? ::fdopendir(own.get()) : nullptr;
    if (list == nullptr) return cannot_copy(path);
    (void)own.release();  // closed with the list
    std::vector<std::string> names;
    // One entry above the limit is enough to refuse.
    while (names.size() <= copy_tree_entries_max) {
      const dirent* const entry = ::readdir(list);
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(list);
    return names;
  }

  std::size_t entries_ = 0;
};

}  // namespace

Outcome<void> copy_tree(const fs::path& from, const std::string& name, const fs::path& to) {
  const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!source.is_open()) return cannot_copy(from);
  const FileDescriptor target(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!target.is_open()) return cannot_copy(to);
  struct stat info {};
  if (::fstatat(source.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return cannot_copy(from / name);
  }
  return TreeCopy().copy(source.get(), target.get(), name, from / name, 0);
}

}  // namespace strawberry::cli

#include "common/text/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace strawberry {

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<std::size_t> read_up_to(int fd, char* to, std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t now = ::read(fd, to + got, size - got);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return std::nullopt;
    if (now == 0) break;
    got += static_cast<std::size_t>(now);
  }
  return got;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::optional<std::string> read_file_text(const std::string& path, std::size_t bytes_max) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  constexpr std::size_t block_bytes = 16 * 1024;  // not all that it may be: the dashboard's files stay in memory
  std::string text;
  while (true) {
    const std::size_t before = text.size();
    text.resize(std::min(before + block_bytes, bytes_max + 1));
    const auto size = read_up_to(file.get(), text.data() + before, text.size() - before);
    if (!size) return std::nullopt;
    const bool is_end = *size < text.size() - before;
    text.resize(before + *size);
    if (is_end) break;
    if (text.size() > bytes_max) {
      errno = EFBIG;
      return std::nullopt;
    }
  }
  text.shrink_to_fit();
  return text;
}

}  // namespace strawberry

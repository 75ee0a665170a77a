#include "bridge/config/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/text/file_descriptor.h"
#include "common/text/private_file.h"

namespace strawberry::bridge {

bool is_plausible_key(std::string_view key) {
  return !key.empty() && key.size() <= secret_bytes_max &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<std::string> read_secret_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return fail(path + " cannot be read: " + std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(path + " cannot be read: " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail(path + " is not a file");
  if (!is_private(status.st_mode, status.st_uid)) {
    return fail(path + " is open to others: make it your own with `chmod 600 " + path + "`");
  }
  std::string text(secret_bytes_max + 2, '\0');
  const ssize_t length = ::read(file.get(), text.data(), text.size());
  if (length < 0) return fail(path + " cannot be read: " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(length));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (!is_plausible_key(text)) return fail(path + " must hold one key on one line, at most 4096 bytes");
  return text;
}

}  // namespace strawberry::bridge

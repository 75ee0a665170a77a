#include "cli/web_door.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t door_file_bytes_max = 256;
constexpr const char* package_door_file = "/run/strawberry-gateway/http-endpoint";

/// The file may belong to another user: follows no symbolic links, and never blocks.
std::optional<std::string> first_line_of(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::string text(door_file_bytes_max, '\0');
  const auto size = read_up_to(file.get(), text.data(), text.size());
  if (!size) return std::nullopt;
  text.resize(*size);
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::optional<WebDoor> find_web_door(const std::string& data_dir, bool is_package) {
  for (const std::string& path : {data_dir + "/http-endpoint", std::string(is_package ? package_door_file : "")}) {
    if (path.empty()) continue;
    if (auto url = first_line_of(path)) return WebDoor{path, std::move(*url)};
  }
  return std::nullopt;
}

}  // namespace strawberry::cli

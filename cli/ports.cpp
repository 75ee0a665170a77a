#include "cli/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>

#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

bool connects(const sockaddr* address, socklen_t size) {
  const FileDescriptor fd(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address, size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd connected{fd.get(), POLLOUT, 0};
  if (::poll(&connected, 1, static_cast<int>(connect_timeout.count())) <= 0) return false;
  int failed = 0;
  socklen_t length = sizeof failed;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failed, &length) == 0 && failed == 0;
}

/// The columns of /proc/net/tcp.
constexpr int address_column = 1;
constexpr int state_column = 3;
constexpr int inode_column = 9;
constexpr std::string_view listening = "0A";

}  // namespace

std::set<std::string> listening_sockets(std::uint16_t port) {
  std::set<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);  // the heading
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string local, state, inode;
      std::string word;
      for (int column = 0; column <= inode_column && words >> word; ++column) {
        if (column == address_column) local = word;
        if (column == state_column) state = word;
        if (column == inode_column) inode = word;
      }
      unsigned number = 0;
      const std::size_t colon = local.rfind(':');
      if (state != listening || colon == std::string::npos) continue;
      std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
      if (number == port) sockets.insert("socket:[" + inode + "]");
    }
  }
  return sockets;
}

std::optional<bool> has_one_of(const std::filesystem::path& process, const std::set<std::string>& sockets) {
  namespace fs = std::filesystem;
  std::error_code failed;
  auto file = fs::directory_iterator(process / "fd", failed);
  if (failed) return std::nullopt;
  for (; !failed && file != fs::directory_iterator(); file.increment(failed)) {
    std::error_code gone;
    if (sockets.contains(fs::read_symlink(file->path(), gone).string())) return true;
  }
  return false;
}

bool accepts_connections(const std::string& host, int port) {
  const auto number = htons(static_cast<std::uint16_t>(port));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = number;
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return connects(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = number;
  return ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1 &&
         connects(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

}  // namespace strawberry::cli

/// What is at the path of the broker's Unix socket.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/doctor/gather.h"
#include "common/contract/broker_socket.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {

void try_socket(SocketFacts& socket) {
  if (socket.path.empty()) return;
  socket.file = look(socket.path, W_OK);
  struct stat info {};
  socket.is_socket = ::stat(socket.path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
  if (!socket.is_socket || socket.path.size() > broker_socket_bytes_max) return;
  const FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(socket.path.begin(), socket.path.end(), address.sun_path);
  const bool connected = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // A full queue is one that somebody empties.
  socket.is_listening = connected || errno == EAGAIN;
  socket.is_stale = !socket.is_listening && errno == ECONNREFUSED;
  if (!socket.is_listening) socket.problem = std::strerror(errno);
}

}  // namespace strawberry::cli

/// What listens on the broker's port.
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "bridge/cli/doctor/gather.h"
#include "bridge/cli/text.h"
#include "common/ids.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t processes_max = 20'000;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

bool is_ready(int fd, short what, std::chrono::milliseconds timeout) {
  pollfd waiting{fd, what, 0};
  return ::poll(&waiting, 1, static_cast<int>(timeout.count())) == 1;
}

bool connect_within(int fd, const addrinfo& address, std::chrono::milliseconds timeout) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS || !is_ready(fd, POLLOUT, timeout)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/// CONNECT of MQTT 3.1.1 with a clean session and neither user name nor password.
std::string connect_packet() {
  const std::string client_id = "doctor-" + new_id();
  std::string body = std::string("\0\x04MQTT\x04\x02\0\x0a", 10);
  body += '\0';
  body += static_cast<char>(client_id.size());
  body += client_id;
  return std::string("\x10") + static_cast<char>(body.size()) + body;
}

LoginResult ask(int fd, std::chrono::milliseconds timeout) {
  const std::string packet = connect_packet();
  if (::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(packet.size()))
    return LoginResult::no_answer;
  std::array<unsigned char, 4> answer{};
  std::size_t size = 0;
  while (size < answer.size()) {
    if (!is_ready(fd, POLLIN, timeout)) break;
    const ssize_t got = ::recv(fd, answer.data() + size, answer.size() - size, 0);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == 0) return LoginResult::no_answer;
  if (size < answer.size() || answer[0] != 0x20 || answer[1] != 2) return LoginResult::not_mqtt;
  return answer[3] == 0 ? LoginResult::accepted : LoginResult::refused;
}

/// The numbers of the sockets that listen on `port`.
std::set<std::string> listening_inodes(std::uint16_t port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string slot, local, remote, state, queues, timer, retransmits, owner, timeout, inode;
      words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> owner >> timeout >> inode;
      const std::size_t colon = local.rfind(':');
      if (state != "0A" || colon == std::string::npos) continue;
      unsigned number = 0;
      std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
      if (number == port) inodes.insert("socket:[" + inode + "]");
    }
  }
  return inodes;
}

bool has_one_of(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code failed;
  for (auto file = fs::directory_iterator(process / "fd", failed); !failed && file != fs::directory_iterator();
       file.increment(failed)) {
    std::error_code gone;
    if (inodes.contains(fs::read_symlink(file->path(), gone).string())) return true;
  }
  return false;
}

std::optional<std::uint64_t> files_max_of(const fs::path& process) {
  std::ifstream limits(process / "limits");
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with("Max open files")) continue;
    std::uint64_t soft = 0;
    std::istringstream words(line.substr(std::string("Max open files").size()));
    if (words >> soft) return soft;
  }
  return std::nullopt;
}

}  // namespace

LoginResult login_anonymously(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found) != 0) return LoginResult::untried;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const Socket socket(
        ::socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol));
    if (socket.get() >= 0 && connect_within(socket.get(), *address, timeout)) return ask(socket.get(), timeout);
  }
  return LoginResult::untried;
}

void look_for_listener(BrokerFacts& broker) {
  const bool is_here = broker.host == "localhost" || broker.host == "::1" || broker.host.starts_with("127.");
  if (!is_here) return;
  const auto inodes = listening_inodes(broker.port);
  if (inodes.empty()) return;
  std::size_t seen = 0;
  std::error_code failed;
  for (auto entry = fs::directory_iterator("/proc", failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const std::string pid = entry->path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (++seen > processes_max) return;
    if (!has_one_of(entry->path(), inodes)) continue;
    std::string name;
    std::getline(std::ifstream(entry->path() / "comm") >> std::ws, name);
    broker.program = printable(name, 64) + " (process " + pid + ")";
    broker.files_max = files_max_of(entry->path());
    return;
  }
}

}  // namespace strawberry::cli

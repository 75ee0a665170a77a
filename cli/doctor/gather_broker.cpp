/// What listens on the broker's port.
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "cli/doctor/gather.h"
#include "cli/text.h"
#include "common/contract/broker_socket.h"
#include "common/runtime/mqtt/tls.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t processes_max = 20'000;

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
  const std::string client_id(doctor_client_id);
  std::string body = std::string("\0\x04MQTT\x04\x02\0\x0a", 10);
  body += '\0';
  body += static_cast<char>(client_id.size());
  body += client_id;
  return std::string("\x10") + static_cast<char>(body.size()) + body;
}

TlsTrouble trouble_with(int certificate_error) {
  switch (certificate_error) {
    case X509_V_OK: return TlsTrouble::no_tls;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TlsTrouble::other_name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return TlsTrouble::not_now;
    default: return TlsTrouble::certificate;
  }
}

/// A connection to the broker, with or without TLS.
class Stream {
 public:
  Stream(int fd, SteadyTime deadline) : fd_(fd), deadline_(deadline) {}

  /// Fills tls_problem and tls_trouble; both stay empty when there is TLS.
  void begin_tls(BrokerFacts& broker) {
    const auto fail_with = [&broker](TlsTrouble trouble, std::string problem) {
      broker.tls_trouble = trouble;
      broker.tls_problem = std::move(problem);
    };
    auto context = TlsContext::make(broker.ca_file, broker.host);
    if (!context) return fail_with(TlsTrouble::ca_file, context.error().message);
    context_ = std::move(*context);
    // OpenSSL writes to a connection that the broker has closed, as libmosquitto does, which ignores the signal, too.
    std::signal(SIGPIPE, SIG_IGN);
    ssl_.reset(SSL_new(context_->get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1)
      return fail_with(TlsTrouble::no_tls, "there is no memory for a TLS connection");
    ERR_clear_error();
    const int done = until_done([this] { return SSL_connect(ssl_.get()); });
    if (done == 1) return;
    if (std::chrono::steady_clock::now() >= deadline_)
      return fail_with(TlsTrouble::no_tls, "no TLS connection: the broker did not answer");
    std::array<char, 256> said{};
    const auto error = ERR_peek_last_error();
    if (error != 0) ERR_error_string_n(error, said.data(), said.size());
    fail_with(trouble_with(context_->certificate_error()), context_->why_failed(said.data()));
  }

  bool send(const std::string& bytes) {
    const auto size = static_cast<int>(bytes.size());
    if (ssl_) return until_done([&] { return SSL_write(ssl_.get(), bytes.data(), size); }) == size;
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == size;
  }

  /// How many bytes came; 0 at the end, and when nothing came in time.
  std::size_t receive(unsigned char* bytes, std::size_t size) {
    if (ssl_) return count(until_done([&] { return SSL_read(ssl_.get(), bytes, static_cast<int>(size)); }));
    return is_ready(fd_, POLLIN, left()) ? count(::recv(fd_, bytes, size, 0)) : 0;
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  static std::size_t count(ssize_t result) { return result > 0 ? static_cast<std::size_t>(result) : 0; }

  std::chrono::milliseconds left() const {
    const auto now = std::chrono::steady_clock::now();
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now), std::chrono::milliseconds(0));
  }

  /// What OpenSSL says in the end: it has to be asked again whenever the socket has something for it.
  template <class Step>
  int until_done(Step step) {
    while (true) {
      const int result = step();
      if (result > 0) return result;
      const int wants = SSL_get_error(ssl_.get(), result);
      if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return result;
      if (!is_ready(fd_, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, left())) return result;
    }
  }

  int fd_;
  SteadyTime deadline_;
  std::unique_ptr<TlsContext> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

LoginResult ask(Stream& stream) {
  if (!stream.send(connect_packet())) return LoginResult::no_answer;
  std::array<unsigned char, 4> answer{};
  std::size_t size = 0;
  while (size < answer.size()) {
    const std::size_t got = stream.receive(answer.data() + size, answer.size() - size);
    if (got == 0) break;
    size += got;
  }
  if (size == 0) return LoginResult::no_answer;
  // An alert of TLS, versions 1.x.
  if (size >= 2 && answer[0] == 0x15 && answer[1] == 3) return LoginResult::speaks_tls;
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

void login_anonymously(BrokerFacts& broker, std::chrono::milliseconds timeout) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(broker.host.c_str(), std::to_string(broker.port).c_str(), &wanted, &found)) {
    broker.host_problem = ::gai_strerror(error);
    return;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const FileDescriptor socket(
        ::socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol));
    if (socket.get() < 0 || !connect_within(socket.get(), *address, timeout)) continue;
    broker.is_listening = true;
    Stream stream(socket.get(), std::chrono::steady_clock::now() + timeout);
    if (broker.tls) stream.begin_tls(broker);
    if (broker.tls_problem.empty()) broker.anonymous = ask(stream);
    return;
  }
}

void look_for_listener(BrokerFacts& broker) {
  if (!is_this_machine(broker.host)) return;
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

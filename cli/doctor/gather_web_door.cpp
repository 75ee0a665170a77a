/// Where the web door says that it is, and whether it answers there.
#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <charconv>
#include <csignal>
#include <memory>

#include "cli/doctor/gather.h"
#include "cli/text.h"
#include "cli/web_door.h"
#include "common/contract/broker_socket.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t door_answer_bytes_max = 1024;

struct DoorAddress {
  std::string host;
  std::string port;
};

/// Of `http://127.0.0.1:8080` and `http://[::1]:8080`; nothing for another machine's, which the door cannot have.
std::optional<DoorAddress> address_of(const std::string& url) {
  const std::size_t begin = url.find("://");
  const std::size_t colon = url.rfind(':');
  const std::string scheme = url.substr(0, begin);
  if (begin == std::string::npos || colon <= begin || (scheme != "http" && scheme != "https")) return std::nullopt;
  DoorAddress address{url.substr(begin + 3, colon - begin - 3), url.substr(colon + 1)};
  unsigned port = 0;
  const char* end = address.port.data() + address.port.size();
  const auto [rest, error] = std::from_chars(address.port.data(), end, port);
  if (error != std::errc() || rest != end || port == 0 || port > 65'535) return std::nullopt;
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']')
    address.host = address.host.substr(1, address.host.size() - 2);
  const bool is_any = address.host == "0.0.0.0" || address.host == "::";
  if (!is_any && !is_this_machine(address.host)) return std::nullopt;
  return address;
}

FileDescriptor connected_to(const DoorAddress& address, std::chrono::milliseconds timeout) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &wanted, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> first(found, &::freeaddrinfo);
  FileDescriptor fd(::socket(first->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{timeout.count() / 1000, timeout.count() % 1000 * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // of connect(), too
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), first->ai_addr, first->ai_addrlen) != 0) return {};
  return fd;
}

/// The connection to the door, plain or TLS. The socket has time limits of its own.
class DoorStream {
 public:
  explicit DoorStream(int fd) : fd_(fd) {}

  /// Accepts every certificate: the door is this machine's, and its certificate may be for a name that only others use.
  bool begin_tls() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    context_.reset(SSL_CTX_new(TLS_client_method()));
    ssl_.reset(context_ ? SSL_new(context_.get()) : nullptr);
    return ssl_ && SSL_set_fd(ssl_.get(), fd_) == 1 && SSL_connect(ssl_.get()) == 1;
  }
  bool has_ended_certificate() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    return shown && X509_cmp_current_time(X509_get0_notAfter(shown.get())) < 0;
  }
  bool send(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    return (ssl_ ? SSL_write(ssl_.get(), bytes.data(), size) : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)) ==
           size;
  }
  ssize_t receive(char* bytes, std::size_t size) {
    return ssl_ ? SSL_read(ssl_.get(), bytes, static_cast<int>(size)) : ::recv(fd_, bytes, size, 0);
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  const int fd_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

/// The status of what is answered; 0 when that is no HTTP.
int ask_for_health(DoorStream& door, std::chrono::milliseconds timeout) {
  constexpr std::string_view request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (!door.send(request)) return 0;
  constexpr std::string_view version = "HTTP/1.1 ";
  constexpr std::size_t status_end = version.size() + 3;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::string answer;
  while (answer.size() < status_end && std::chrono::steady_clock::now() < deadline) {
    char piece[door_answer_bytes_max];
    const ssize_t count = door.receive(piece, sizeof piece);
    if (count <= 0) break;
    answer.append(piece, static_cast<std::size_t>(count));
  }
  if (answer.size() < status_end || !answer.starts_with(version)) return 0;
  int status = 0;
  std::from_chars(answer.data() + version.size(), answer.data() + status_end, status);
  return status;
}

}  // namespace

void look_at_web_door(WebDoorFacts& door, const std::string& data_dir, bool is_package,
                      std::chrono::milliseconds timeout) {
  const auto written = find_web_door(data_dir, is_package);
  if (written) door.file = written->file;
  const auto address = written ? address_of(written->url) : std::nullopt;
  if (!address) return;
  door.url = written->url;
  const FileDescriptor fd = connected_to(*address, timeout);
  door.is_listening = fd.is_open();
  if (!door.is_listening) return;
  DoorStream stream(fd.get());
  if (door.url.starts_with("https:")) {
    if (!stream.begin_tls()) return;
    door.has_ended_certificate = stream.has_ended_certificate();
  }
  door.status = ask_for_health(stream, timeout);
}

}  // namespace strawberry::cli

/// Reads the web door's address, and checks whether it answers there.
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <charconv>
#include <csignal>
#include <ctime>
#include <memory>

#include "cli/doctor/gather.h"
#include "cli/ports.h"
#include "cli/web_door.h"
#include "common/contract/broker_socket.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t door_answer_bytes_max = 1024;
constexpr int door_timeout_s = 2;
constexpr unsigned door_nap_ms = 10;

struct DoorAddress {
  bool is_tls = false;
  std::string authority;  // host:port
  std::string host;
  int port = 0;
};

/// Parses `http://127.0.0.1:8080` and `http://[::1]:8080`; nullopt for another machine, where the door cannot be.
std::optional<DoorAddress> address_of(const std::string& url) {
  DoorAddress address;
  address.is_tls = url.starts_with("https://");
  if (!address.is_tls && !url.starts_with("http://")) return std::nullopt;
  address.authority = url.substr(url.find("//") + 2);
  const std::size_t colon = address.authority.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  address.host = address.authority.substr(0, colon);
  const char* const end = address.authority.data() + address.authority.size();
  const auto [rest, error] = std::from_chars(address.authority.data() + colon + 1, end, address.port);
  if (error != std::errc() || rest != end || address.port < 1 || address.port > 65'535) return std::nullopt;
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  const bool is_any = address.host == "0.0.0.0" || address.host == "::";
  if (!is_any && !is_this_machine(address.host)) return std::nullopt;
  return address;
}

/// Requests /health, over TLS with any certificate: the door is on this machine, and its certificate may be for a name
/// that only other machines use. Leaves door.status 0 when the answer is not HTTP.
void ask_for_health(const DoorAddress& address, WebDoorFacts& door) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> stream(
      address.is_tls ? BIO_new_ssl_connect(context.get()) : BIO_new(BIO_s_connect()), &BIO_free_all);
  if (!stream) return;
  BIO_set_conn_hostname(stream.get(), address.authority.c_str());
  if (BIO_do_connect_retry(stream.get(), door_timeout_s, door_nap_ms) != 1) return;
  SSL* ssl = nullptr;
  if (address.is_tls && BIO_get_ssl(stream.get(), &ssl) == 1 && ssl != nullptr) {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl), &X509_free);
    door.has_ended_certificate = shown && X509_cmp_current_time(X509_get0_notAfter(shown.get())) < 0;
  }
  constexpr std::string_view version = "HTTP/1.1 ";
  constexpr std::size_t status_end = version.size() + 3;
  if (BIO_puts(stream.get(), "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") <= 0) return;
  const std::time_t deadline = std::time(nullptr) + door_timeout_s;
  std::string answer;
  while (answer.size() < status_end) {
    char piece[door_answer_bytes_max];
    const int count = BIO_read(stream.get(), piece, sizeof piece);
    if (count > 0) {
      answer.append(piece, static_cast<std::size_t>(count));
    } else if (!BIO_should_retry(stream.get()) || BIO_wait(stream.get(), deadline, door_nap_ms) != 1) {
      return;
    }
  }
  if (answer.starts_with(version))
    std::from_chars(answer.data() + version.size(), answer.data() + status_end, door.status);
}

}  // namespace

void look_at_web_door(WebDoorFacts& door, const std::string& data_dir, bool is_package) {
  const auto written = find_web_door(data_dir, is_package);
  if (written) door.file = written->file;
  const auto address = written ? address_of(written->url) : std::nullopt;
  if (!address) return;
  door.url = written->url;
  const std::string host = address->host == "localhost" ? "127.0.0.1" : address->host;
  door.is_listening = accepts_connections(host, address->port);
  if (door.is_listening) ask_for_health(*address, door);
}

}  // namespace strawberry::cli

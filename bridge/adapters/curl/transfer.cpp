#include "bridge/adapters/curl/transfer.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace strawberry::bridge {
namespace {

constexpr std::size_t header_count_max = 128;
constexpr std::size_t header_bytes_max = 64 * 1024;

bool is_header_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
  });
}

/// A line break in a value would start another header, or the body.
bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 ? c != '\t' : c == 0x7f; });
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](unsigned char c) { return std::tolower(c); });
  return lowered;
}

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::string host_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  return lower(part(parsed.get(), CURLUPART_HOST));
}

/// No proxy reaches the machine that the hub itself runs on.
bool is_this_machine(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host == "::1") return true;
  return host.starts_with("127.") &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

}  // namespace

std::string printable_url(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  const std::string scheme = part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return {};
  const std::string port = part(parsed.get(), CURLUPART_PORT);
  return scheme + "://" + part(parsed.get(), CURLUPART_HOST) + (port.empty() ? "" : ":" + port) +
         part(parsed.get(), CURLUPART_PATH);
}

CurlTransfer::CurlTransfer(const asio::any_io_executor& executor, HttpRequest request)
    : request_(std::move(request)),
      easy_(curl_easy_init(), &curl_easy_cleanup),
      headers_(nullptr, &curl_slist_free_all),
      done_(executor) {}

/// Empty: none; nothing: what curl finds in the environment.
std::optional<std::string> CurlTransfer::proxy_of(const CurlClient::Options& options) const {
  if (request_.proxy) return request_.proxy;
  if (!options.proxy.empty() || !options.proxy_from_environment || is_this_machine(host_of(request_.url)))
    return options.proxy;
  return std::nullopt;
}

std::optional<HttpError> CurlTransfer::prepare(const CurlClient::Options& options) {
  const auto wrong = [](std::string message) { return HttpError{HttpError::Kind::protocol, std::move(message)}; };
  if (!easy_) return wrong("libcurl: no handle");
  shown_url_ = printable_url(request_.url);
  if (shown_url_.empty() || request_.url.find('\0') != std::string::npos)
    return wrong("the URL is not a valid http or https URL");
  if (!is_header_token(request_.method)) return wrong("the HTTP method is not valid");

  // Without this, curl asks before it sends a large body and waits a second for servers that do not answer.
  // A stream that is packed comes late: nobody is asked to, but it is unpacked all the same (CURLOPT_ACCEPT_ENCODING).
  std::vector<std::string> lines = {"Expect:", "Accept-Encoding:"};
  for (const auto& [name, value] : request_.headers) {
    if (!is_header_token(name) || !is_header_value(value))
      return wrong("the HTTP header " + (is_header_token(name) ? name : std::string("name")) + " is not valid");
    lines.push_back(value.empty() ? name + ";" : name + ": " + value);
  }
  for (const auto& line : lines) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (!longer) return wrong("out of memory");
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }

  CURL* easy = easy_.get();
  const auto ms = [](std::chrono::milliseconds time) { return std::max<long>(1, static_cast<long>(time.count())); };
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // Giving up on a name that does not resolve must not wait for the resolver's thread: that would stop the loop.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms(request_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms(request_.total_timeout));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "strawberry-hub");
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (const auto proxy = proxy_of(options)) {
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy->c_str());  // "" also keeps the environment out
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");            // the environment's list is for the environment's proxy
    shown_proxy_ = printable_url(*proxy);
  }
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (request_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (request_.method == "POST" || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != "GET" && request_.method != "POST" && request_.method != "HEAD")
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  if (options.may_connect) {
    may_connect_ = options.may_connect;
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  }
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  return std::nullopt;
}

curl_socket_t CurlTransfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  char name[NI_MAXHOST] = {};
  const bool has_name =
      ::getnameinfo(&address->addr, address->addrlen, name, sizeof name, nullptr, 0, NI_NUMERICHOST) == 0;
  if (!has_name || !static_cast<CurlTransfer*>(self)->may_connect_(name)) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Called when the connection, with TLS where there is any, is there and the request is about to be sent. The times
/// that curl keeps do not tell: newer versions set some although the connection never came about.
int CurlTransfer::on_connected(void* self, char*, char*, int, int) {
  static_cast<CurlTransfer*>(self)->is_connected_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take_body({data, size * count});
}

/// Anything but the number of its bytes ends the transfer.
std::size_t CurlTransfer::take_body(std::string_view bytes) {
  const std::size_t stop = bytes.size() + 1;
  if (bytes.size() > request_.response_bytes_max - body_bytes_) {
    too_large_ = true;
    return stop;
  }
  body_bytes_ += bytes.size();
  if (!request_.on_body || status() < 200 || status() > 299) {
    response_.body.append(bytes);
    return bytes.size();
  }
  try {
    if (request_.on_body(bytes)) return bytes.size();
    ended_by_reader_ = true;
  } catch (...) {
    reader_failure_ = std::current_exception();  // not through curl, which is C: result() throws it
  }
  return stop;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  const std::string_view line = trim({data, bytes});
  auto& headers = transfer.response_.headers;
  transfer.header_bytes_ += bytes;
  if (transfer.header_bytes_ > header_bytes_max || headers.size() >= header_count_max) {
    transfer.too_large_ = true;
    return bytes + 1;
  }
  if (line.starts_with("HTTP/")) {
    headers.clear();  // an interim response (1xx) came before
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos && colon > 0) {
    headers.emplace_back(lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return bytes;
}

HttpError CurlTransfer::describe(CURLcode code) const {
  if (too_large_) return {HttpError::Kind::too_large, "the response of " + shown_url_ + " is too large"};
  long proxy_status = 0;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status) == CURLE_OK && proxy_status >= 300)
    return {HttpError::Kind::connect, shown_url_ + ": the proxy answered HTTP " + std::to_string(proxy_status)};
  // curl's own sentence for the code, not its error buffer: that one may quote what the server or the URL said.
  std::string reason = curl_easy_strerror(code);
  HttpError::Kind kind = HttpError::Kind::protocol;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      kind = is_connected_ ? HttpError::Kind::timeout : HttpError::Kind::connect_timeout;
      break;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: kind = HttpError::Kind::connect; break;
    case CURLE_ABORTED_BY_CALLBACK: return {HttpError::Kind::connect, "the HTTP client has been stopped"};
    default: break;
  }
  long os_error = 0;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error) == CURLE_OK && os_error != 0 &&
      code == CURLE_COULDNT_CONNECT)
    reason += std::string(" (") + std::strerror(static_cast<int>(os_error)) + ")";
  if (kind != HttpError::Kind::protocol && !shown_proxy_.empty()) reason += " (through the proxy " + shown_proxy_ + ")";
  return {kind, shown_url_ + ": " + reason};
}

long CurlTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

Task<Result<HttpResponse, HttpError>> CurlTransfer::result() {
  const std::optional<CURLcode> code = co_await done_.wait();
  if (reader_failure_) std::rethrow_exception(reader_failure_);
  if (!code) co_return tl::unexpected<HttpError>(HttpError{HttpError::Kind::protocol, "cancelled"});
  if (*code != CURLE_OK && !ended_by_reader_) co_return tl::unexpected<HttpError>(describe(*code));
  response_.status = static_cast<int>(status());
  co_return std::move(response_);
}

}  // namespace strawberry::bridge

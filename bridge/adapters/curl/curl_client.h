/// HTTP on the event loop through libcurl's multi-socket interface: curl says which sockets and which timeout it waits
/// for, asio waits for them, and no thread is ever blocked.
///
/// Threading: loop only (asserted).
/// Lifetime: fetch() may outlive the client: destroying the client ends every transfer with an error. Cancelling or
/// destroying the coroutine ends its own transfer at once.
/// Bodies that come packed (gzip, deflate and what else libcurl can do) are unpacked; none is asked for packed, since
/// packing delays a stream.
/// Errors: HttpError in Result. Messages name scheme, host, port and path, also of a proxy, never user info, query,
/// header or body.
/// What on_body throws, fetch() throws. on_body must not destroy the coroutine; cancelling it is fine.
/// Bounds: Options; the request's response_bytes_max (too_large) of the unpacked body, connect_timeout
/// (connect_timeout) and total_timeout (timeout), 128 response headers of 64 KiB together (too_large).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bridge/ports/http.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {

class CurlClient final : public HttpClient {
 public:
  struct Options {
    std::size_t transfers_max = 2'048;      // one more fails with `connect`: nothing is queued
    std::size_t idle_connections_max = 64;  // kept open for reuse
    std::size_t request_bytes_max = 8 * 1024 * 1024;
    std::string proxy;  // URL; empty: none. The request's wins.
    /// http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY as curl reads them, but never for
    /// this machine itself (localhost, 127.0.0.0/8, ::1). `proxy` wins, and so does the request's.
    bool proxy_from_environment = false;
    std::string ca_file;  // PEM; empty: the system's
    /// Asked before each connection, with the address in numbers: false fails the request with `connect`. Empty: any.
    std::function<bool(const std::string& address)> may_connect;
  };

  /// Throws std::runtime_error when libcurl cannot start.
  CurlClient(const asio::any_io_executor& executor, Options options);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  Task<Result<HttpResponse, HttpError>> fetch(HttpRequest request) override;
  /// Transfers under way.
  std::size_t transfers() const;

 private:
  class Multi;
  std::shared_ptr<Multi> multi_;
};

/// `url` as it may appear in a message: scheme, host, port and path. Empty unless it is http or https and well formed.
std::string printable_url(const std::string& url);

}  // namespace strawberry::bridge

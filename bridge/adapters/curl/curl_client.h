/// HTTP on the event loop through libcurl's multi-socket interface: curl names the sockets and the timeout it waits
/// for, asio waits for them, and no thread is ever blocked.
///
/// Threading: loop only (asserted).
/// Lifetime: fetch() may outlive the client: destroying the client ends every transfer with an error. Cancelling or
/// destroying the coroutine ends its own transfer at once.
/// Compressed bodies (gzip, deflate and what else libcurl supports) are decompressed. Requests do not ask for
/// compression, which delays streams.
/// Errors: HttpError in Result. Messages name scheme, host, port and path, also of a proxy, never user info, query,
/// header or body.
/// fetch() rethrows exceptions of on_body. on_body must not destroy the coroutine; it may cancel it.
/// Bounds: Options; the request's response_bytes_max (too_large) of the decompressed body, connect_timeout
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
    std::size_t transfers_max = 2'048;      // one more fails with `connect`: there is no queue
    std::size_t idle_connections_max = 64;  // kept open for reuse
    std::size_t request_bytes_max = 8 * 1024 * 1024;
    std::string proxy;  // URL; empty: none. The request's proxy has precedence.
    /// Uses http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY as curl reads them, but
    /// never for this machine itself (localhost, 127.0.0.0/8, ::1). `proxy` and the request's proxy have precedence.
    bool proxy_from_environment = false;
    std::string ca_file;  // PEM; empty: the system's
    /// Called before each connection with the numeric address: false fails the request with `connect`. Empty: any
    /// address.
    std::function<bool(const std::string& address)> may_connect;
  };

  /// Throws std::runtime_error when libcurl cannot start.
  CurlClient(const asio::any_io_executor& executor, Options options);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  Task<Result<HttpResponse, HttpError>> fetch(HttpRequest request) override;
  /// Returns the number of transfers in progress.
  std::size_t transfers() const;

 private:
  class Multi;
  std::shared_ptr<Multi> multi_;
};

/// Returns `url` without what must not appear in a message: scheme, host, port and path. Empty unless it is a valid
/// http or https URL.
std::string printable_url(const std::string& url);

}  // namespace strawberry::bridge

/// HTTP as the providers need it. Implemented by adapters/curl/ on the event loop, by fakes in tests.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/runtime/task.h"
#include "common/text/result.h"

namespace strawberry::bridge {

struct HttpRequest {
  std::string method = "POST";
  std::string url;  // http or https only
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{60'000};
  std::size_t response_bytes_max = 4 * 1024 * 1024;  // of the body, unpacked, collected or not
  /// Told of each piece of a successful (2xx) body as it arrives, on the loop, instead of having it collected. False
  /// ends the transfer, which then counts as complete. May be empty.
  std::function<bool(std::string_view bytes)> on_body;
  /// The proxy to go through: a URL, perhaps with a user and a password (a secret); empty: none; nothing: as the client
  /// is set up.
  std::optional<std::string> proxy = std::nullopt;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // empty when it went to on_body
};

struct HttpError {
  enum class Kind { connect, connect_timeout, timeout, too_large, request_too_large, protocol };
  Kind kind = Kind::protocol;  // connect_timeout: no connection in time; timeout: a connection, but no end in time;
                               // too_large: the response; request_too_large: nothing was sent
  std::string message;         // for people; never contains a header or the body
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any status is a response; only what prevents one is an error. Redirects are not followed: they would carry the key
  /// elsewhere. Cancelling the coroutine ends the transfer.
  virtual Task<Result<HttpResponse, HttpError>> fetch(HttpRequest request) = 0;
};

}  // namespace strawberry::bridge

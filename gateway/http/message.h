/// An HTTP request and its answer as the gateway's services use them, free of library types.
///
/// Threading: plain data.   Bounds: the server (http/server.h) applies its limits before it creates a Request.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strawberry::gateway {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Request() = default;                        // no aggregate: g++ 12 copies those badly into coroutines
  std::string method;                         // as sent: methods are case-sensitive
  std::string path;                           // percent-decoded; always begins with a slash
  Fields query;                               // percent-decoded
  Fields headers;                             // names in lower case
  std::string body;                           // bytes
  std::string peer;                           // the client's address
  std::map<std::string, std::string> places;  // values of the route's `{name}` segments

  /// Returns the first of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
  std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
  Response() = default;  // likewise
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  Fields headers;
};

/// Splits a request target into path and query and decodes both. Returns false for a target that is not an absolute
/// path, has `.` or `..` segments (also encoded), control characters, a bad percent-encoding, or invalid UTF-8: then
/// the path is as it was sent, and may only be used to choose the shape of the error.
bool read_target(std::string_view target, Request& request);

/// Decodes `name=value&…` (application/x-www-form-urlencoded) into `fields`. Returns false as read_target() does.
bool read_form(std::string_view text, Fields& fields);

}  // namespace strawberry::gateway

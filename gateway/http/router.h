/// Finds the code that answers a request: a table of methods and paths.
///
/// Threading: built once, then read only.   Errors: see find().
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/runtime/task.h"
#include "gateway/http/exchange.h"
#include "gateway/http/message.h"

namespace strawberry::gateway {

using Handler = std::function<Task<void>(Exchange&)>;

/// The shape of errors for the clients of a route.
enum class ErrorShape {
  hub,     // {"error":{"code","message","details"?}}: REST, and paths without a route
  openai,  // {"error":{"message","type","param","code"}}
  spoke,   // {"detail"}: the Spoke API
};

struct Route {
  std::string method;
  std::string pattern;  // `/api/v1/devices/{device_id}`: each `{name}` stands for one segment that is not empty
  ErrorShape errors = ErrorShape::hub;
  Handler handler;
};

class Router {
 public:
  /// Routes that were added earlier win.
  void add(Route route) { routes_.push_back(std::move(route)); }
  void add(std::vector<Route> routes);

  struct Found {
    const Route* route = nullptr;  // null: `allowed` has the methods of the path, none if there is no such path
    std::vector<std::string> allowed;
    ErrorShape errors = ErrorShape::hub;
  };
  /// Also sets `request.places`. HEAD is answered by the route of GET. A path that a pattern matches literally is never
  /// matched against patterns with places, for any method: OpenAPI reads its paths in the same way.
  Found find(Request& request) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace strawberry::gateway

/// What a service is to the rest of the bridge: a table of operations, and one reply to each request.
///
/// Before a handler runs, the request pipeline (pipeline/request_pipeline.h) has checked the sender, the envelope, the
/// request's JSON Schema and the row of the operation (pipeline/operation.h). It takes care of duplicates, the
/// deadline, the envelope of the reply and where it goes.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "bridge/pipeline/operation.h"
#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/contract/rights.h"
#include "common/contract/topics.h"
#include "common/identity/token_stamp.h"
#include "common/runtime/task.h"
#include "common/text/clock.h"
#include "common/text/ids.h"

namespace strawberry::bridge {

struct Request {
  Principal sender;
  /// Whose data the request is about, as permit() has decided: the sender's user or the one that an admin named. Empty
  /// for an admin that acts for all users, or for nobody.
  std::string acting_user;
  Service service = Service::skills;
  std::string op;
  nlohmann::json body;         // the whole JSON object, valid by its schema
  std::string correlation_id;  // empty when there was none
  /// What the log calls it: the correlation id, else the Correlation Data, else nothing. Untrusted.
  std::string log_id;
  /// What tells this request from all others, and stays the same when it is sent again, to whichever bridge: sender,
  /// service and correlation id. Empty when there was no correlation id.
  std::string identity;
  /// IncomingRequest::published_at.
  std::optional<WallTime> published_at;
  /// The token it was made with, of a request to the services `devices` and `users`; nothing when the plugin does not
  /// say.
  std::optional<AskingToken> token;
  Rights rights;        // what it may do, within the role of the sender's user
  Rights token_rights;  // what its token says alone
  /// Whose devices and skills it may see: the acting user's, or those of the host of a guest.
  std::string house;
  const std::string& house_or_user() const { return house.empty() ? acting_user : house; }
  SteadyTime deadline;  // when the sender stops waiting
  /// Publishes `{"v":1,"correlation_id":…,"seq":n,"event":event,"data":data}` to where the reply will go.
  std::function<void(const std::string& event, nlohmann::json data)> emit;
};

/// An id for what the request makes. It is the same when the broker delivers the request again, as it does after a
/// crash between storing and acknowledging; a request without a correlation id gets a random one.
inline std::string id_for(const Request& request) {
  if (request.identity.empty() || !request.published_at) return new_id();
  return id_from(request.identity + '\n' + std::to_string(to_unix_ms(*request.published_at)));
}

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// Several handlers may have operations of one service.
  virtual const OperationTable& table() const = 0;
  /// How long a request may take when it does not say (contract timeout_ms).
  virtual std::chrono::milliseconds default_timeout() const = 0;
};

namespace operation_detail {

template <class Class, class Result>
struct MethodShape {
  using Service = Class;
  static constexpr bool is_at_once = std::is_same_v<Result, Reply<nlohmann::json>>;
};
template <class Class, class Result>
MethodShape<Class, Result> shape_of(Result (Class::*)(Request));
template <class Class, class Result>
MethodShape<Class, Result> shape_of(Result (Class::*)(const Request&));
template <class Class, class Result>
MethodShape<Class, Result> shape_of(Result (Class::*)(const Request&) const);

template <auto method, class Class>
Task<Reply<nlohmann::json>> run_at_once(Class& service, Request request) {
  co_return (service.*method)(request);
}

}  // namespace operation_detail

/// A service's method as the handler of a row: `Task<Reply<json>> method(Request)`, or `Reply<json> method(const
/// Request&)` for what needs no waiting. It completes once, at the latest shortly after the deadline.
template <auto method>
Task<Reply<nlohmann::json>> handled_by(RequestHandler& handler, Request request) {
  using Shape = decltype(operation_detail::shape_of(method));
  auto& service = static_cast<typename Shape::Service&>(handler);
  if constexpr (Shape::is_at_once) {
    return operation_detail::run_at_once<method>(service, std::move(request));
  } else {
    return (service.*method)(std::move(request));
  }
}

}  // namespace strawberry::bridge

/// What a service is to the rest of the bridge: requests in, one reply each.
///
/// The request pipeline (pipeline/request_pipeline.h) has already checked the sender, the envelope and the request's
/// JSON Schema, and takes care of duplicates, the deadline, the envelope of the reply and where it goes.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"
#include "common/identity/token_stamp.h"
#include "common/runtime/task.h"
#include "common/text/clock.h"

namespace strawberry {

struct Request {
  Principal sender;
  Service service = Service::skills;
  std::string op;
  nlohmann::json body;         // the whole JSON object, valid by its schema
  std::string correlation_id;  // empty when there was none
  /// What the log calls it: the correlation id, else the Correlation Data, else nothing. Untrusted.
  std::string log_id;
  /// What tells this request from all others, and stays the same when it is sent again, to whichever bridge: sender,
  /// service and correlation id. Empty when there was no correlation id.
  std::string identity;
  /// The token it was made with, of a request to the `devices` service; nothing when the plugin does not say.
  std::optional<AskingToken> token;
  SteadyTime deadline;  // when the sender stops waiting
  /// Publishes `{"v":1,"correlation_id":…,"seq":n,"event":event,"data":data}` to where the reply will go.
  std::function<void(const std::string& event, nlohmann::json data)> emit;
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual Service service() const = 0;
  /// Completes once, at the latest shortly after the deadline. Never throws.
  virtual Task<Reply<nlohmann::json>> handle(Request request) = 0;
  /// How long a request may take when it does not say (contract timeout_ms).
  virtual std::chrono::milliseconds default_timeout(const std::string& op) const = 0;
};

}  // namespace strawberry

/// What happens to requests, for Events (common/runtime/events.h). Views and references are good while a listener runs.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"

namespace strawberry::bridge {

/// One request got its answer; not published when an answer is given again from memory.
struct RequestAnswered {
  Service service;
  std::string_view op;             // as the sender wrote it: untrusted, empty when it could not be read
  std::optional<ErrorCode> error;  // nothing: it succeeded
  std::chrono::nanoseconds took;   // since it arrived at the pipeline
  std::string_view limit = {};     // details.limit of a refusal by a quota or rate; else empty
};

/// An answer that an admin should hear of: `forbidden`, or what an admin was given of somebody else's conversations.
struct RequestAudited {
  const Principal& principal;
  std::string_view action;
  std::string_view subject;       // the device or user it was about, where the request names one
  const Error* refusal;           // null when it was done
  std::string_view user_id = {};  // for whom, where that is known
};

}  // namespace strawberry::bridge

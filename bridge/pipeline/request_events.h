/// Events about requests (common/runtime/events.h). Views and references are valid while a listener runs.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"

namespace strawberry::bridge {

/// A request was answered. Not published when a reply is repeated from memory.
struct RequestAnswered {
  Service service;
  std::string_view op;             // as the client wrote it: untrusted, empty when it could not be read
  std::optional<ErrorCode> error;  // nothing: it succeeded
  std::chrono::nanoseconds took;   // time since it arrived at the pipeline
  std::string_view limit = {};     // details.limit of a refusal by a quota or rate; else empty
};

/// An answer for the audit: `forbidden`, or what an admin received of another user's conversations.
struct RequestAudited {
  const Principal& principal;
  std::string_view action;
  std::string_view subject;       // the device or user that the request names, if any
  const Error* refusal;           // null when it was done
  std::string_view user_id = {};  // the user it was for, where known
};

}  // namespace strawberry::bridge

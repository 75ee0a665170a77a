/// Log lines with the fields of a service's request.
#pragma once

#include "bridge/pipeline/service.h"
#include "common/runtime/request_log.h"

namespace strawberry::bridge {

using strawberry::log_for;  // the overload below must not hide it

/// Lifetime: refers to `request`.
inline RequestLog log_for(const Request& request) {
  return RequestLog({request.log_id, request.sender.id, to_string(request.service), request.op});
}

}  // namespace strawberry::bridge

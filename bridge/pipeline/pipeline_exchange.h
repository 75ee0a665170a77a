/// The pipeline's own record of one request, from its arrival until it is answered and its work has ended.
///
/// Threading: loop only.   Lifetime: shared by the pipeline and the two parts that end it, the service's work and the
/// answer.   Bounds: as many as the pipeline lets be open (RequestPipeline::Options).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/pipeline/request_log.h"
#include "bridge/pipeline/request_pipeline.h"

namespace strawberry::bridge {

/// One active request: the way of its reply, and the key under which it is remembered.
struct RequestPipeline::Exchange {
  Principal sender;
  Service service = Service::skills;
  std::unique_ptr<ReplySink> sink;
  std::string op;
  const OperationIndex::Entry* operation = nullptr;  // null until it is known
  std::string acting_user;
  Allowance allowance;
  Rights token_rights;
  std::optional<std::string> transport_id;
  std::optional<std::string> correlation_id;
  std::string reply_key;        // empty: the request cannot be recognised
  std::uint64_t content = 0;    // hash of the content, to distinguish requests under the same key
  std::string subject;          // the device or user that the request names, for the audit
  bool is_for_another = false;  // an admin acts for a user
  SteadyTime sent_at;           // as exactly as it is known
  SteadyTime arrived_at;        // at the pipeline
  std::uint64_t events = 0;
  bool answered = false;
  int open_parts = 2;                                                   // the service's work, and the answer
  std::multimap<SteadyTime, std::shared_ptr<Exchange>>::iterator open;  // while it is not answered

  std::string_view log_id() const {
    if (correlation_id) return *correlation_id;
    return transport_id ? std::string_view(*transport_id) : std::string_view();
  }
  RequestLog log() const { return RequestLog({log_id(), sender.id, to_string(service), op}); }
};

}  // namespace strawberry::bridge

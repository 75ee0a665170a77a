/// Selects the messages that belong to one request: itself, the hub's calls for it with the devices' results, its
/// events and its response, a question with its answer, its cancellation.
///
/// The hub's own ids are computed: that of a call follows from the request (docs/contract.md, section 4), and a call of
/// a chat contains the chat's. Threading: one thread.   Bounds: ids_max of each kind, the oldest are dropped first.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/tail/recent_map.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"

namespace strawberry::cli {

class Follow {
 public:
  static constexpr std::size_t ids_max = 1'000;

  /// `wanted`: the request's correlation id, or its Correlation Data, or the hub's own id of the call.
  explicit Follow(std::string wanted) : wanted_(std::move(wanted)) {}

  using Id = std::optional<std::string>;
  /// `sender`: the principal that the broker added; nullopt if it did not.
  bool request(const std::optional<Principal>& sender, Service service, const Id& correlation_id,
               const Id& correlation_data, const nlohmann::json& body);
  bool response(const Id& correlation_id, const Id& correlation_data, const nlohmann::json& body);
  /// `request_id`: of the chat that makes this call.
  bool call(const std::string& call_id, const Id& request_id);
  bool result(const std::string& call_id);

 private:
  struct Nothing {};
  bool is_wanted(const Id& id) { return id && (*id == wanted_ || correlation_ids_.find(*id) != nullptr); }

  std::string wanted_;
  RecentMap<Nothing> correlation_ids_{ids_max};  // of messages of the request: a `cancel`, a `confirm`
  RecentMap<Nothing> request_ids_{ids_max};      // the hub's
  RecentMap<Nothing> call_ids_{ids_max};
  RecentMap<Nothing> questions_{ids_max};
};

}  // namespace strawberry::cli

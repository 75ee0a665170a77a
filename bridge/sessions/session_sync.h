/// What a Spoke kept while it was offline, as the store takes it: the request of the op `sync` read and bounded. Pure.
///
/// Errors: bad_request with the place (details.path).   Bounds: the request's schema; times from sync_earliest until
/// sync_ahead_max from now, since a Spoke without network may not know what time it is.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/pipeline/service.h"
#include "bridge/ports/conversation_store.h"

namespace strawberry::bridge {

inline constexpr WallTime sync_earliest = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
inline constexpr std::chrono::hours sync_ahead_max{24};

/// The sessions of a valid request, each the acting user's. A title that is missing is the earliest user message's;
/// activity is never later than `now`.
Reply<std::vector<SessionUpload>> read_uploads(const Request& request, WallTime now);

/// In the order of the request.
nlohmann::json sync_result(const nlohmann::json& request_body, const std::vector<SyncCount>& counts);

}  // namespace strawberry::bridge

/// What this server says of itself, and how its results look in each era.
///
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/mcp/era.h"

namespace strawberry::gateway::mcp {

/// For how long a client may keep the list without asking, should it not listen for changes.
inline constexpr int list_ttl_ms = 10'000;

/// Of `initialize` (legacy).
nlohmann::json initialize_result(const nlohmann::json& params, const std::string& version);
/// Of `server/discover` (modern).
nlohmann::json discover_result();
/// Of `tools/list`. `next_cursor`: null on the last page.
nlohmann::json list_result(nlohmann::json tools, const nlohmann::json& next_cursor, const Spoken& spoken);
/// With what every result of the era has.
nlohmann::json completed(nlohmann::json result, const Spoken& spoken, const std::string& version);

enum class Method { initialize, ping, discover, list, call, listen, unknown };
Method method_of(const std::string& name, const Spoken& spoken);
/// 404 in the modern era.
RpcError unknown_method(const std::string& name, const Spoken& spoken);

}  // namespace strawberry::gateway::mcp

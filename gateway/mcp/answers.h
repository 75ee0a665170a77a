/// The server's description of itself, and the form of its results in each era.
///
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/mcp/era.h"

namespace strawberry::gateway::mcp {

/// Time in which a client that does not listen for changes may use its list without asking again.
inline constexpr int list_ttl_ms = 10'000;

/// The result of `initialize` (legacy).
nlohmann::json initialize_result(const nlohmann::json& params, const std::string& version);
/// The result of `server/discover` (modern).
nlohmann::json discover_result();
/// The result of `tools/list`. `next_cursor`: null on the last page.
nlohmann::json list_result(nlohmann::json tools, const nlohmann::json& next_cursor, const Spoken& spoken);
/// Adds the members that every result of the era has.
nlohmann::json completed(nlohmann::json result, const Spoken& spoken, const std::string& version);

enum class Method { initialize, ping, discover, list, call, listen, unknown };
Method method_of(const std::string& name, const Spoken& spoken);
/// The error for an unknown method; its status is 404 in the modern era.
RpcError unknown_method(const std::string& name, const Spoken& spoken);

}  // namespace strawberry::gateway::mcp

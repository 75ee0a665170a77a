/// Server-sent events, as every door's streams have them: `data:` and one JSON object each.
///
/// Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gateway/http/json.h"

namespace strawberry::gateway {

inline constexpr std::string_view sse_content_type = "text/event-stream; charset=utf-8";
/// A comment: clients do not read it, and neither they nor a proxy take the stream for dead.
inline constexpr std::string_view sse_keep_alive = ": keep-alive\n\n";

inline std::string sse(const nlohmann::json& data) { return "data: " + to_text(data) + "\n\n"; }

}  // namespace strawberry::gateway

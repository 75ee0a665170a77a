/// Estimates tokens from the texts, for a provider that does not count them: about four bytes each.
///
/// Pure.
#pragma once

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

inline constexpr std::size_t estimated_bytes_per_token = 4;

/// Counts the messages and tools of the request, and the answer. Marked `estimated`.
Usage estimate_usage(const ModelRequest& request, const ModelReply& reply);

}  // namespace strawberry::bridge

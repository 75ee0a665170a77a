/// Tokens, counted from the texts for a provider that does not say how many there were: about four bytes each.
///
/// Pure.
#pragma once

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

inline constexpr std::size_t estimated_bytes_per_token = 4;

/// Of what was asked, messages and tools, and of what was answered. Marked `estimated`.
Usage estimate_usage(const ModelRequest& request, const ModelReply& reply);

}  // namespace strawberry::bridge

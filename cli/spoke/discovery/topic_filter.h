/// Checks MQTT topics and filters for use at a foreign broker.
///
/// Pure functions.   Bounds: foreign_topic_bytes_max.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strawberry::cli::discovery {

inline constexpr std::size_t foreign_topic_bytes_max = 512;

bool has_wildcard(std::string_view filter);
/// Returns why the topic cannot be published to; empty if it can.
std::string fault_of_topic(std::string_view topic);
/// Returns why it cannot be subscribed to. A filter names at least one level: `#` and `+/+` would match all messages.
std::string fault_of_filter(std::string_view filter);
bool matches(std::string_view filter, std::string_view topic);

}  // namespace strawberry::cli::discovery

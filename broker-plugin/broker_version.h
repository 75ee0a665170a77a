/// What the plugin says of the broker that loads it: which versions it was tested with, and which interface it needs.
///
/// Pure functions.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace strawberry::plugin {

struct MosquittoVersion {
  int major = 0;
  int minor = 0;
  int revision = 0;
  auto operator<=>(const MosquittoVersion&) const = default;
};

inline constexpr MosquittoVersion oldest_mosquitto{2, 0, 11};
/// The newest one tested (docs/systems.md). Another revision of it counts as tested, too.
inline constexpr MosquittoVersion newest_mosquitto{2, 1, 2};

/// `number` as the library has it: 2'001'002 for 2.1.2.
MosquittoVersion mosquitto_version_of(int number);
std::string to_string(const MosquittoVersion& version);

/// One line for each thing that may go wrong with the broker `running` and a plugin built with the headers of
/// `built_for`; none when both are as tested.
std::vector<std::string> version_warnings(const MosquittoVersion& running, const MosquittoVersion& built_for);

/// Why a broker that offers the plugin interfaces `offered` cannot load this plugin, which needs version `needed`.
std::string interface_refusal(const std::vector<int>& offered, int needed);

}  // namespace strawberry::plugin

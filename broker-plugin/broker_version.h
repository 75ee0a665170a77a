/// Checks the version of the broker that loads the plugin: the versions it was tested with, and the interface it needs.
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
/// The newest version tested (docs/systems.md). Other revisions of that release count as tested, too.
inline constexpr MosquittoVersion newest_mosquitto{2, 1, 2};

/// `number` as the library returns it: 2'001'002 for 2.1.2.
MosquittoVersion mosquitto_version_of(int number);
std::string to_string(const MosquittoVersion& version);

/// Returns one line for each problem that the broker `running`, with a plugin built with the headers of `built_for`,
/// may have; none when both versions were tested.
std::vector<std::string> version_warnings(const MosquittoVersion& running, const MosquittoVersion& built_for);

/// Returns why a broker that offers the plugin interfaces `offered` cannot load this plugin, which needs version
/// `needed`.
std::string interface_refusal(const std::vector<int>& offered, int needed);

}  // namespace strawberry::plugin

#include "broker-plugin/broker_version.h"

#include <utility>

namespace strawberry::plugin {
namespace {

/// Revisions of one release differ in mistakes mended, not in what a plugin sees.
std::pair<int, int> release_of(const MosquittoVersion& version) { return {version.major, version.minor}; }

}  // namespace

MosquittoVersion mosquitto_version_of(int number) {
  return {number / 1'000'000, number / 1'000 % 1'000, number % 1'000};
}

std::string to_string(const MosquittoVersion& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.revision);
}

std::vector<std::string> version_warnings(const MosquittoVersion& running, const MosquittoVersion& built_for) {
  std::vector<std::string> warnings;
  const std::string tested = to_string(oldest_mosquitto) + " to " + to_string(newest_mosquitto);
  if (running < oldest_mosquitto) {
    warnings.push_back("Mosquitto is older than the tested versions " + tested + ": " + to_string(running) +
                       " (upgrade the broker)");
  } else if (release_of(running) > release_of(newest_mosquitto)) {
    warnings.push_back("Mosquitto is newer than the tested versions " + tested + ": " + to_string(running) +
                       " (upgrade strawberry-hub, or use a tested broker)");
  }
  if (release_of(running) != release_of(built_for)) {
    warnings.push_back("the plugin was built for Mosquitto " + to_string(built_for) + ", the broker is " +
                       to_string(running) + " (build the plugin on this system, or install the package made for it)");
  }
  return warnings;
}

std::string interface_refusal(const std::vector<int>& offered, int needed) {
  std::string versions;
  for (const int version : offered) versions += (versions.empty() ? "" : ", ") + std::to_string(version);
  return "the broker does not offer plugin interface " + std::to_string(needed) + ": it has " +
         (versions.empty() ? "none" : versions) + " (install Mosquitto " + to_string(oldest_mosquitto) + " to " +
         to_string(newest_mosquitto) + ")";
}

}  // namespace strawberry::plugin

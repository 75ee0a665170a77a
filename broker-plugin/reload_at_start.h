/// Has the broker reload its configuration once, as soon as it is able to.
///
/// Mosquitto 2.0 tells its plugins of a stored session only when something is delivered to it, and when it reloads:
/// then it asks about each. So the plugin asks for that itself, by the signal an admin would send. Threading: a thread
/// of its own, which ends by itself, at the latest with this object; it only looks and signals.
#pragma once

#include <thread>

namespace strawberry::plugin {

/// Asks for it now. False when the process has no handler for the signal yet, which would end it.
bool request_reload();

class ReloadAtStart {
 public:
  /// Waits, at most for a few seconds, until the request can be made.
  ReloadAtStart();

 private:
  std::jthread thread_;
};

}  // namespace strawberry::plugin

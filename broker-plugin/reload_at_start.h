/// Makes the broker reload its configuration once, as soon as it can.
///
/// Mosquitto 2.0 asks its plugins about a stored session only when a message is delivered to it, and about every
/// session when it reloads. So the plugin sends itself the signal that an admin would send. Threading: a thread of its
/// own, which ends by itself, at the latest with this object; it only waits and signals.
#pragma once

#include <thread>

namespace strawberry::plugin {

/// Sends the signal now. Returns false when the process has no handler for it yet, since it would end the process.
bool request_reload();

class ReloadAtStart {
 public:
  /// Waits, at most for a few seconds, until the signal can be sent.
  ReloadAtStart();

 private:
  std::jthread thread_;
};

}  // namespace strawberry::plugin

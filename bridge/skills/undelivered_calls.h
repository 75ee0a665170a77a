/// Calls whose message the broker could give to nobody: after a restart of the broker the hub still takes a device to
/// be there that is on its way back, and a device that has just connected has not subscribed yet. Such a message is
/// sent again, at growing intervals, until the device hears it, the call ends, or `patience` is over.
///
/// Plain code, by the clock of who asks.   Bounds: one entry for each open call; messages_bytes_max of what waits.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/contract/mqtt_message.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class UndeliveredCalls {
 public:
  struct Options {
    std::chrono::milliseconds pause_min{20};
    std::chrono::milliseconds pause_max{250};
    /// Longer than the broker's plugin takes to say, after a start, which devices did not come back.
    std::chrono::milliseconds patience{5'000};
    std::size_t messages_bytes_max = 32 * 1024 * 1024;
  };

  explicit UndeliveredCalls(Options options) : options_(options) {}

  /// Keeps the message until it is due. False, and nothing is kept: the call must be given up.
  bool keep(const std::string& call_id, const std::string& target, MqttMessage message, SteadyTime now);
  /// The messages to send now. Each comes back by keep() when nobody hears it again.
  std::vector<MqttMessage> take_due(SteadyTime now);
  std::optional<SteadyTime> next_due() const;
  /// Those calls to a device of which nobody has heard so far.
  std::vector<std::string> waiting_for(const std::string& target) const;
  /// The call has ended.
  void forget(const std::string& call_id);

 private:
  struct Entry {
    std::string target;
    SteadyTime first;
    std::chrono::milliseconds pause;
    std::optional<MqttMessage> message;  // while it waits
    std::multimap<SteadyTime, std::string>::iterator due;
  };

  MqttMessage take(Entry& entry);

  Options options_;
  std::unordered_map<std::string, Entry> entries_;  // by call id
  std::multimap<SteadyTime, std::string> due_;      // of those that wait
  std::size_t bytes_ = 0;
};

}  // namespace strawberry::bridge

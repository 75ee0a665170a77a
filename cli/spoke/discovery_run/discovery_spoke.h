/// `strawberryctl spoke --discovery`: connects a broker with Home Assistant's MQTT discovery to the hub. Reads the
/// broker's messages at the rate that MessageQueue allows, and updates the Fleet from the DiscoveredHome.
///
/// Devices that a Strawberry hub announces are left out, since they already are Spokes. When the broker is lost for
/// longer than broker_away_patience, its devices are disconnected. Threading: loop only.   Lifetime: close() before
/// destruction; then do not run the loop any more.   Errors: open() fails if it cannot work at all; later errors are
/// printed and retried. Bounds: DiscoveredHome's, MessageQueue's and Fleet's; lines_max lines in lines_period.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "cli/spoke/discovery/discovered_home.h"
#include "cli/spoke/discovery_run/fleet.h"
#include "cli/spoke/discovery_run/foreign_broker.h"
#include "cli/spoke/discovery_run/line_limit.h"
#include "cli/spoke/discovery_run/message_queue.h"
#include "common/runtime/asio.h"

namespace strawberry::cli::discovery {

class DiscoverySpoke {
 public:
  struct Options {
    ForeignBroker::Options broker;  // address and login; the other members are set here
    DiscoveredHome::Options home;
    MessageQueue::Options queue;
    Fleet::Options fleet;                         // endpoint and timeout; the other members are set here
    std::chrono::milliseconds settle{400};        // time after the last change of a burst until a device is announced
    std::chrono::milliseconds settle_max{2'000};  // time after the first
    std::chrono::milliseconds broker_away_patience{15'000};
    std::chrono::milliseconds status_pause{3'000};  // between two status lines
    std::chrono::milliseconds ask_again_pause{30'000};
    std::function<void(const std::string& line)> say;
  };

  DiscoverySpoke(asio::io_context& loop, DeviceFiles& files, Enrollment& enrollment, Options options);
  ~DiscoverySpoke();

  Outcome<void> open();
  Task<void> close();

 private:
  void connected();
  void lost();
  void received(MqttMessage message);
  void drain_soon();
  void drain();
  void take(const MessageQueue::Message& message);
  bool is_ours(const MessageQueue::Message& message);
  void ask_again();
  void settle_soon();
  void settle();
  void announce(const std::string& key);
  bool is_available(const std::string& key) const;
  void all_available_again();
  void say(const std::string& line);
  void status_soon();
  void show_status();
  std::string status() const;
  void after(asio::steady_timer& timer, std::chrono::nanoseconds time, void (DiscoverySpoke::*what)());

  asio::io_context& loop_;
  const Options options_;
  SystemClock clock_;
  LineLimit lines_;
  DiscoveredHome home_;
  ForeignBroker broker_;
  MessageQueue queue_;
  Fleet fleet_;
  Changes pending_;
  asio::steady_timer drain_timer_;
  asio::steady_timer settle_timer_;
  asio::steady_timer away_timer_;
  asio::steady_timer status_timer_;
  SteadyTime settle_by_{};
  SteadyTime asked_again_at_{};
  bool is_draining_ = false;
  bool is_settling_ = false;
  bool is_broker_there_ = false;  // connected, or lost only a moment ago
  bool broker_is_going_ = false;  // lost, but within broker_away_patience
  bool has_overflowed_ = false;   // since the queue was last empty
  bool is_status_due_ = false;
  bool closing_ = false;
  std::set<std::string> problems_;  // lines
  std::set<std::string> ours_;      // topics of a Strawberry hub
  std::string last_status_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace strawberry::cli::discovery

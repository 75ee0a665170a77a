/// All devices of a fleet, connected, as raw sockets in one epoll loop.
///
/// Threading: one thread.   Errors: throws.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/skill_mix.h"

namespace strawberry::bench {

/// Raises this process's limit of open files if possible; returns how many devices may connect, at most `wanted`.
std::size_t possible_devices(std::size_t wanted);

class Crowd {
 public:
  /// Connects the devices from number `first` on, each with subscriptions to its calls and to its responses.
  Crowd(const Fleet& fleet, int port, std::size_t first, bool with_tokens = true);

  /// Devices are counted from the crowd's first.
  std::size_t size() const { return clients_.size(); }
  void send(std::size_t device, std::string_view packet) { clients_[device]->send(packet); }
  using OnMessage = std::function<void(std::size_t device, std::string_view payload)>;
  /// Passes on the messages that have arrived, acknowledged. Returns false when none has within `timeout`.
  bool receive(std::chrono::milliseconds timeout, const OnMessage& on_message);

  struct Storm {
    double seconds = 0;              // until the last is answered
    std::vector<double> answered_s;  // each, since the beginning
    std::size_t sent_again = 0;      // answered `busy`, and repeated after a second
  };
  /// Registers the skills of all devices at once.
  Storm register_all(Mix mix, std::size_t first_skill_of = 0);

  void disconnect() { clients_.clear(); }

 private:
  const Fleet& fleet_;
  std::size_t first_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  Poller poller_;
  int storms_ = 0;
};

}  // namespace strawberry::bench

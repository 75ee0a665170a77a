/// All devices of a fleet, connected, as raw sockets in one epoll loop.
///
/// Threading: one thread.   Errors: throws.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/skill_mix.h"

namespace strawberry::bench {

/// Raises this process's limit of open files as far as it may; how many devices may connect then, at most `wanted`.
std::size_t possible_devices(std::size_t wanted);

class Crowd {
 public:
  /// Connects the devices from number `first` on, each with subscriptions to its calls and to its responses.
  Crowd(const Fleet& fleet, int port, std::size_t first, bool with_tokens = true);

  struct Storm {
    double seconds = 0;              // until the last is answered
    std::vector<double> answered_s;  // each, since the beginning
    std::size_t sent_again = 0;      // told `busy`, and came again after a second
  };
  /// All of them register their skills at once.
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

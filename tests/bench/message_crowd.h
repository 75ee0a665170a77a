/// Publishers and subscribers at one broker, and what goes from these to those: fan-in or fan-out.
///
/// Life: connected and subscribed when constructed; fleet and broker must outlive it.   Errors: throws; also when a
/// message does not come in 30 s.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/report.h"

namespace strawberry::bench {

struct Scenario {
  const char* name;
  int qos;
  std::size_t publishers;
  std::size_t subscribers;
  std::size_t messages_at_a_time;  // of all publishers, so few that no socket is ever full and no queue ever long
  std::size_t messages_a_write;
};

/// Fan-in: 50 devices on `chat/{id}/request` and a subscriber as the bridge is. Fan-out: one device on its status and
/// 100 subscribers of the same user.
inline constexpr Scenario message_scenarios[] = {
    {"fan-in", 0, 50, 1, 400, 4},
    {"fan-in", 1, 50, 1, 400, 4},
    {"fan-out", 0, 1, 100, 16, 4},
    {"fan-out", 1, 1, 100, 16, 4},
};
/// All of one user.
inline constexpr std::size_t message_devices = 101;

class MessageCrowd {
 public:
  MessageCrowd(const Scenario& scenario, const Fleet& fleet, test::BrokerProcess& broker, bool with_tokens);

  /// Counts deliveries, since those are the broker's work.
  Rate run(std::chrono::milliseconds time);
  /// The same until so many messages are published and delivered to all.
  void run_messages(std::size_t messages);

 private:
  template <class GoesOn>
  void run_while(GoesOn goes_on);
  void connect(const wire::Credentials& credentials);
  void drain();
  void publish();
  std::uint16_t next_packet_id();
  bool handle_ready(std::chrono::milliseconds timeout);

  const Scenario& scenario_;
  test::BrokerProcess& broker_;
  std::vector<std::unique_ptr<RawClient>> clients_;  // the publishers come first
  std::vector<std::string> packets_;                 // one PUBLISH for each publisher
  Poller poller_;
  std::string burst_;
  std::size_t turn_ = 0;
  std::uint16_t packet_id_ = 0;
  std::size_t sent_ = 0;  // in this run, as the next two
  std::size_t received_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace strawberry::bench

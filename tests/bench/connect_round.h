/// Clients that connect to a broker, say goodbye and connect again, 48 at a time.
///
/// Life: the broker and `packets`, one CONNECT for each device, must outlive it.   Errors: throws; also when the broker
/// does not answer in 30 s.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/raw_client.h"
#include "tests/bench/report.h"
#include "tests/support/broker_process.h"

namespace strawberry::bench {

class ConnectRound {
 public:
  static constexpr std::size_t at_a_time = 48;

  ConnectRound(test::BrokerProcess& broker, const std::vector<std::string>& packets);

  Rate run(std::chrono::milliseconds time);
  void run_connections(std::size_t connections);

 private:
  template <class GoesOn>
  void run_while(GoesOn goes_on);
  void begin(std::size_t place);
  bool serve(std::size_t place);

  test::BrokerProcess& broker_;
  const std::vector<std::string>& packets_;
  std::vector<std::unique_ptr<RawClient>> places_;  // each starts anew when the broker has closed its connection
  Poller poller_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

}  // namespace strawberry::bench

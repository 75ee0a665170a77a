#include "tests/bench/connect_round.h"

#include <stdexcept>

#include "tests/bench/wire.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds patience{30'000};  // under valgrind, on a machine that does other things

}  // namespace

ConnectRound::ConnectRound(test::BrokerProcess& broker, const std::vector<std::string>& packets)
    : broker_(broker), packets_(packets), places_(at_a_time) {}

Rate ConnectRound::run(milliseconds time) {
  const Stopwatch watch(broker_.process().pid());
  const auto end = steady_clock::now() + time;
  run_while([end] { return steady_clock::now() < end; });
  return watch.stop(done_);
}

void ConnectRound::run_connections(std::size_t connections) {
  run_while([this, first = next_, connections] { return next_ - first < connections; });
}

template <class GoesOn>
void ConnectRound::run_while(GoesOn goes_on) {
  for (std::size_t place = 0; place < at_a_time; ++place) begin(place);
  for (std::size_t open = at_a_time; open > 0;) {
    const auto& ready = poller_.wait(patience);
    if (ready.empty()) throw std::runtime_error("connects: the broker does not answer");
    for (const std::uint32_t place : ready) {
      if (serve(place)) continue;
      ++done_;
      places_[place].reset();
      goes_on() ? begin(place) : void(--open);
    }
  }
}

void ConnectRound::begin(std::size_t place) {
  places_[place] = std::make_unique<RawClient>(broker_.port());
  places_[place]->send(packets_[next_++ % packets_.size()]);
  poller_.add(*places_[place], static_cast<std::uint32_t>(place));
}

/// False when the connection has come to its end.
bool ConnectRound::serve(std::size_t place) {
  RawClient& client = *places_[place];
  return client.receive([&](const wire::Packet& packet) {
    wire::check_accepted(packet);
    client.send(wire::disconnect);
  });
}

}  // namespace strawberry::bench

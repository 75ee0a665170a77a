#include "tests/bench/connects.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t devices = 500;
constexpr std::size_t devices_per_user = 10;
constexpr std::size_t at_a_time = 48;
constexpr int rounds = 7;
constexpr milliseconds round_time{500};
constexpr milliseconds warm_up_time{150};
constexpr milliseconds patience{5'000};

struct Way {
  std::string name;
  test::BrokerProcess* broker;
  std::vector<std::string> packets;  // one CONNECT for each device
  std::vector<Rate> rates;
};

/// Connects for `time`; each of the `at_a_time` places starts anew when the broker has closed its connection.
class ConnectRound {
 public:
  explicit ConnectRound(const Way& way) : way_(way), places_(at_a_time) {}

  Rate run(milliseconds time) {
    const Stopwatch watch(way_.broker->process().pid());
    const auto end = steady_clock::now() + time;
    for (std::size_t place = 0; place < at_a_time; ++place) begin(place);
    for (std::size_t open = at_a_time; open > 0;) {
      const auto& ready = poller_.wait(patience);
      if (ready.empty()) throw std::runtime_error(way_.name + ": the broker does not answer");
      const bool goes_on = steady_clock::now() < end;
      for (const std::uint32_t place : ready) {
        if (serve(place)) continue;
        ++done_;
        places_[place].reset();
        goes_on ? begin(place) : void(--open);
      }
    }
    return watch.stop(done_);
  }

 private:
  void begin(std::size_t place) {
    places_[place] = std::make_unique<RawClient>(way_.broker->port());
    places_[place]->send(way_.packets[next_++ % way_.packets.size()]);
    poller_.add(*places_[place], static_cast<std::uint32_t>(place));
  }

  /// False when the connection has come to its end.
  bool serve(std::size_t place) {
    RawClient& client = *places_[place];
    return client.receive([&](const wire::Packet& packet) {
      wire::check_accepted(packet);
      client.send(wire::disconnect);
    });
  }

  const Way& way_;
  std::vector<std::unique_ptr<RawClient>> places_;
  Poller poller_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

/// A broker that lets anybody in would be fast.
void check_refuses(const test::BrokerProcess& broker, wire::Credentials credentials) {
  credentials.password.back() = credentials.password.back() == 'A' ? 'Q' : 'A';
  RawClient client(broker.port());
  client.send(wire::connect(credentials));
  try {
    client.expect(wire::check_accepted);
  } catch (const std::runtime_error&) {
    return;
  }
  throw std::runtime_error("a broker takes wrong credentials");
}

}  // namespace

void measure_connects() {
  const Fleet fleet(devices, devices_per_user);
  const auto bare = fleet.start_bare();
  const auto with_passwords = fleet.start_with_passwords();
  const auto with_plugin = fleet.start_with_plugin();
  check_refuses(*with_passwords, fleet.with_password(0));
  check_refuses(*with_plugin, fleet.with_token(0));

  const Rights limited{scopes_in("skills:read skills:call skills:register chat").without(Scope::any_skill),
                       {"MusicControlSkill.*", "LightSkill.turn_*"}};
  std::vector<Way> ways{
      {"bare, anonymous", bare.get(), {}, {}},      {"password file", with_passwords.get(), {}, {}},
      {"plugin, HS256", with_plugin.get(), {}, {}}, {"plugin, HS256, limited", with_plugin.get(), {}, {}},
      {"plugin, RS256", with_plugin.get(), {}, {}}, {"plugin, ES256", with_plugin.get(), {}, {}}};
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    ways[0].packets.push_back(wire::connect(fleet.anonymous(i)));
    ways[1].packets.push_back(wire::connect(fleet.with_password(i)));
    ways[2].packets.push_back(wire::connect(fleet.with_token(i, "HS256")));
    ways[3].packets.push_back(wire::connect(fleet.with_token(i, "HS256", limited)));
    ways[4].packets.push_back(wire::connect(fleet.with_token(i, "RS256")));
    ways[5].packets.push_back(wire::connect(fleet.with_token(i, "ES256")));
  }
  for (const Way& way : ways) ConnectRound(way).run(warm_up_time);
  for (int i = 0; i < rounds; ++i) {
    for (Way& way : ways) way.rates.push_back(ConnectRound(way).run(round_time));
  }

  std::vector<RateRow> rows;
  for (const Way& way : ways) rows.push_back({way.name, "", way.rates, ways.front().rates});
  std::printf("%s\n", rate_table("connects", rows).c_str());
}

}  // namespace strawberry::bench

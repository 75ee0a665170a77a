#include "tests/bench/connects.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/connect_round.h"
#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t devices = 500;
constexpr std::size_t devices_per_user = 10;
constexpr int rounds = 7;
constexpr milliseconds round_time{500};
constexpr milliseconds warm_up_time{150};

struct Way {
  std::string name;
  test::BrokerProcess* broker;
  std::vector<std::string> packets;  // one CONNECT for each device
  std::vector<Rate> rates;
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
  for (const Way& way : ways) ConnectRound(*way.broker, way.packets).run(warm_up_time);
  for (int i = 0; i < rounds; ++i) {
    for (Way& way : ways) way.rates.push_back(ConnectRound(*way.broker, way.packets).run(round_time));
  }

  std::vector<RateRow> rows;
  for (const Way& way : ways) rows.push_back({way.name, "", way.rates, ways.front().rates});
  std::printf("%s\n", rate_table("connects", rows).c_str());
}

}  // namespace strawberry::bench

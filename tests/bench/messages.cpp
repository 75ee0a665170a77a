#include "tests/bench/messages.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/contract/topics.h"
#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t devices = 101;  // all of one user
constexpr std::size_t fan_in_publishers = 50;
constexpr std::size_t fan_out_subscribers = 100;
constexpr int rounds = 5;
constexpr milliseconds round_time{600};
constexpr milliseconds warm_up_time{100};
constexpr milliseconds patience{5'000};

/// The publishers and the subscribers. The publishers come first among the clients.
struct Scenario {
  const char* name;
  int qos;
  std::size_t publishers;
  std::size_t subscribers;
  std::size_t messages_at_a_time;  // of all publishers, so few that no socket is ever full and no queue ever long
  std::size_t messages_a_write;
};

constexpr Scenario scenarios[] = {
    {"fan-in", 0, fan_in_publishers, 1, 400, 4},
    {"fan-in", 1, fan_in_publishers, 1, 400, 4},
    {"fan-out", 0, 1, fan_out_subscribers, 16, 4},
    {"fan-out", 1, 1, fan_out_subscribers, 16, 4},
};

std::string chat_request(const std::string& id) {
  return R"({"op":"chat","correlation_id":")" + id +
         R"(","messages":[{"role":"user","content":"Turn on the light in the kitchen"}]})";
}

std::string status(const std::string& id) {
  return R"({"v":1,"state":"online","device_id":")" + id +
         R"(","name":"Speaker 100","since":"2026-01-31T12:00:00.000Z","reason":"connected"})";
}

/// One scenario at one broker, connected and subscribed.
class Crowd {
 public:
  Crowd(const Scenario& scenario, const Fleet& fleet, test::BrokerProcess& broker, bool with_tokens)
      : scenario_(scenario), broker_(broker) {
    const bool fan_in = scenario.subscribers == 1;
    const std::size_t publisher_offset = fan_in ? 0 : fan_out_subscribers;
    for (std::size_t i = 0; i < scenario.publishers; ++i) {
      const std::size_t device = publisher_offset + i;
      const std::string& id = fleet.id(device);
      connect(with_tokens ? fleet.with_token(device) : fleet.anonymous(device));
      packets_.push_back(fan_in ? wire::publish(request_topic(Service::chat, id), chat_request(id), scenario.qos)
                                : wire::publish(status_topic(id), status(id), scenario.qos));
    }
    const std::string filter = fan_in ? std::string("chat/+/request") : status_topic(fleet.id(publisher_offset));
    for (std::size_t i = 0; i < scenario.subscribers; ++i) {
      const wire::Credentials known = fan_in ? fleet.bridge() : fleet.with_token(i);
      connect(with_tokens ? known : wire::Credentials{known.client_id, {}, {}});
      clients_.back()->send(wire::subscribe({filter}, scenario.qos));
      clients_.back()->expect(wire::check_subscribed);
    }
    for (std::size_t i = 0; i < clients_.size(); ++i) poller_.add(*clients_[i], static_cast<std::uint32_t>(i));
    drain();
  }

  /// Deliveries, since those are the broker's work.
  Rate run(milliseconds time) {
    received_ = 0;
    acknowledged_ = 0;
    std::size_t sent = 0;
    const Stopwatch watch(broker_.process().pid());
    const auto end = steady_clock::now() + time;
    const auto complete = [&] {
      return received_ == sent * scenario_.subscribers && (scenario_.qos == 0 || acknowledged_ == sent);
    };
    while (true) {
      const bool goes_on = steady_clock::now() < end;
      if (!goes_on && complete()) break;
      while (goes_on &&
             sent + scenario_.messages_a_write <= received_ / scenario_.subscribers + scenario_.messages_at_a_time) {
        publish();
        sent += scenario_.messages_a_write;
      }
      if (!handle_ready(patience)) throw std::runtime_error(std::string(scenario_.name) + ": a message did not come");
    }
    return watch.stop(received_);
  }

 private:
  void connect(const wire::Credentials& credentials) {
    clients_.push_back(std::make_unique<RawClient>(broker_.port()));
    clients_.back()->send(wire::connect(credentials));
    clients_.back()->expect(wire::check_accepted);
  }

  /// Reads what a new connection receives, until nothing more comes.
  void drain() {
    while (handle_ready(milliseconds(100))) {
    }
  }

  void publish() {
    std::string& packet = packets_[turn_];
    burst_.clear();
    for (std::size_t i = 0; i < scenario_.messages_a_write; ++i) {
      if (scenario_.qos > 0) wire::set_packet_id(packet, next_packet_id());
      burst_ += packet;
    }
    clients_[turn_]->send(burst_);
    turn_ = (turn_ + 1) % scenario_.publishers;
  }

  std::uint16_t next_packet_id() {
    packet_id_ = packet_id_ == 65'535 ? std::uint16_t{1} : static_cast<std::uint16_t>(packet_id_ + 1);
    return packet_id_;
  }

  bool handle_ready(milliseconds timeout) {
    const auto& ready = poller_.wait(timeout);
    for (const std::uint32_t number : ready) {
      RawClient& client = *clients_[number];
      burst_.clear();
      const bool open = client.receive([&](const wire::Packet& packet) {
        if (packet.type == wire::Type::puback) ++acknowledged_;
        if (packet.type != wire::Type::publish) return;
        ++received_;
        wire::acknowledge(packet, burst_);
      });
      if (!open) throw std::runtime_error("the broker has closed a connection");
      if (!burst_.empty()) client.send(burst_);
    }
    return !ready.empty();
  }

  const Scenario& scenario_;
  test::BrokerProcess& broker_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  std::vector<std::string> packets_;  // one PUBLISH for each publisher
  Poller poller_;
  std::string burst_;
  std::size_t turn_ = 0;
  std::uint16_t packet_id_ = 0;
  std::size_t received_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace

void measure_messages() {
  const Fleet fleet(devices, devices);
  const auto bare = fleet.start_bare();
  const auto with_plugin = fleet.start_with_plugin();
  std::vector<RateRow> rows;
  for (const Scenario& scenario : scenarios) {
    Crowd bare_crowd(scenario, fleet, *bare, /*with_tokens=*/false);
    Crowd plugin_crowd(scenario, fleet, *with_plugin, /*with_tokens=*/true);
    bare_crowd.run(warm_up_time);
    plugin_crowd.run(warm_up_time);
    std::vector<Rate> bare_rates;
    std::vector<Rate> plugin_rates;
    for (int i = 0; i < rounds; ++i) {
      bare_rates.push_back(bare_crowd.run(round_time));
      plugin_rates.push_back(plugin_crowd.run(round_time));
    }
    const std::string which = std::string(scenario.name) + " QoS " + std::to_string(scenario.qos);
    rows.push_back({which, "bare", bare_rates, bare_rates});
    rows.push_back({which, "plugin", plugin_rates, bare_rates});
  }
  std::printf("%s\n", rate_table("messages", rows).c_str());
}

}  // namespace strawberry::bench

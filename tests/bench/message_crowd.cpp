#include "tests/bench/message_crowd.h"

#include <stdexcept>

#include "common/contract/topics.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds patience{30'000};  // under valgrind, on a machine that does other things

std::string chat_request(const std::string& id) {
  return R"({"op":"chat","correlation_id":")" + id +
         R"(","messages":[{"role":"user","content":"Turn on the light in the kitchen"}]})";
}

std::string status(const std::string& id) {
  return R"({"v":1,"state":"online","device_id":")" + id +
         R"(","name":"Speaker 100","since":"2026-01-31T12:00:00.000Z","reason":"connected"})";
}

}  // namespace

MessageCrowd::MessageCrowd(const Scenario& scenario, const Fleet& fleet, test::BrokerProcess& broker, bool with_tokens)
    : scenario_(scenario), broker_(broker) {
  const bool fan_in = scenario.subscribers == 1;
  const std::size_t publisher_offset = fan_in ? 0 : scenario.subscribers;
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

Rate MessageCrowd::run(milliseconds time) {
  const Stopwatch watch(broker_.process().pid());
  const auto end = steady_clock::now() + time;
  run_while([end] { return steady_clock::now() < end; });
  return watch.stop(received_);
}

void MessageCrowd::run_messages(std::size_t messages) {
  run_while([this, messages] { return sent_ < messages; });
}

template <class GoesOn>
void MessageCrowd::run_while(GoesOn goes_on) {
  sent_ = received_ = acknowledged_ = 0;
  const auto complete = [&] {
    return received_ == sent_ * scenario_.subscribers && (scenario_.qos == 0 || acknowledged_ == sent_);
  };
  while (true) {
    const bool more = goes_on();
    if (!more && complete()) return;
    while (more && goes_on() &&
           sent_ + scenario_.messages_a_write <= received_ / scenario_.subscribers + scenario_.messages_at_a_time) {
      publish();
      sent_ += scenario_.messages_a_write;
    }
    if (!handle_ready(patience)) throw std::runtime_error(std::string(scenario_.name) + ": a message did not come");
  }
}

void MessageCrowd::connect(const wire::Credentials& credentials) {
  clients_.push_back(std::make_unique<RawClient>(broker_.port()));
  clients_.back()->send(wire::connect(credentials));
  clients_.back()->expect(wire::check_accepted);
}

/// What comes when one connects and subscribes is over when nothing more comes.
void MessageCrowd::drain() {
  while (handle_ready(milliseconds(100))) {
  }
}

void MessageCrowd::publish() {
  std::string& packet = packets_[turn_];
  burst_.clear();
  for (std::size_t i = 0; i < scenario_.messages_a_write; ++i) {
    if (scenario_.qos > 0) wire::set_packet_id(packet, next_packet_id());
    burst_ += packet;
  }
  clients_[turn_]->send(burst_);
  turn_ = (turn_ + 1) % scenario_.publishers;
}

std::uint16_t MessageCrowd::next_packet_id() {
  packet_id_ = packet_id_ == 65'535 ? std::uint16_t{1} : static_cast<std::uint16_t>(packet_id_ + 1);
  return packet_id_;
}

bool MessageCrowd::handle_ready(milliseconds timeout) {
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

}  // namespace strawberry::bench

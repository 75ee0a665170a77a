#include "cli/spoke/discovery_run/discovery_spoke.h"

#include <algorithm>
#include <utility>

#include "cli/spoke/discovery_run/discovered_skills.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t messages_at_once_max = 1'000;  // read at once
constexpr milliseconds busy_max{5};                  // then other work gets its turn
constexpr std::size_t ours_max = 10'000;
constexpr std::size_t problems_max = 1'000;              // remembered, so that each is reported once
constexpr std::string_view our_name = "Strawberry Hub";  // bridge/home_assistant/announcement.cpp

std::string count_of(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

ForeignBroker::Options with(ForeignBroker::Options options, const std::function<void(ForeignBroker::Options&)>& more) {
  more(options);
  return options;
}

Fleet::Options with(Fleet::Options options, const std::function<void(Fleet::Options&)>& more) {
  more(options);
  return options;
}

}  // namespace

DiscoverySpoke::DiscoverySpoke(asio::io_context& loop, DeviceFiles& files, Enrollment& enrollment, Options options)
    : loop_(loop),
      options_(std::move(options)),
      lines_(clock_, {}, options_.say),
      home_(options_.home, clock_),
      broker_(loop, with(options_.broker,
                         [this](ForeignBroker::Options& broker) {
                           broker.say = [this](const std::string& line) { say(line); };
                           broker.filters = [this] {
                             auto filters = home_.discovery_filters();
                             const auto topics = home_.topics();
                             filters.insert(filters.end(), topics.begin(), topics.end());
                             return filters;
                           };
                           broker.on_connected = [this] { connected(); };
                           broker.on_lost = [this] { lost(); };
                           broker.on_message = [this](MqttMessage message) { received(std::move(message)); };
                         })),
      queue_(clock_, options_.queue),
      fleet_(loop, clock_, files, enrollment,
             with(options_.fleet,
                  [this](Fleet::Options& fleet) {
                    fleet.skills = [this](const std::string& key) {
                      return std::make_unique<DiscoveredSkills>(loop_, home_, broker_, key);
                    };
                    fleet.say = [this](const std::string& line) { say(line); };
                    fleet.say_call = fleet.say;
                    fleet.on_change = [this] { status_soon(); };
                  })),
      drain_timer_(loop),
      settle_timer_(loop),
      away_timer_(loop),
      status_timer_(loop) {
  for (const std::string& problem : files.problems()) say(problem);
}

DiscoverySpoke::~DiscoverySpoke() { *alive_ = false; }

Outcome<void> DiscoverySpoke::open() { return broker_.start(); }

Task<void> DiscoverySpoke::close() {
  closing_ = true;
  for (auto* timer : {&drain_timer_, &settle_timer_, &away_timer_, &status_timer_}) timer->cancel();
  co_await fleet_.close();
  co_await broker_.stop();
}

void DiscoverySpoke::after(asio::steady_timer& timer, std::chrono::nanoseconds time, void (DiscoverySpoke::*what)()) {
  timer.expires_after(time);
  timer.async_wait([this, alive = alive_, what](const boost::system::error_code& cancelled) {
    if (!cancelled && *alive && !closing_) (this->*what)();
  });
}

// --- the broker ---

void DiscoverySpoke::connected() {
  if (closing_) return;
  broker_is_going_ = false;
  away_timer_.cancel();
  all_available_again();
}

void DiscoverySpoke::lost() {
  if (closing_ || !is_broker_there_ || broker_is_going_) return;
  broker_is_going_ = true;
  after(away_timer_, options_.broker_away_patience, &DiscoverySpoke::all_available_again);
}

void DiscoverySpoke::all_available_again() {
  broker_is_going_ = false;
  is_broker_there_ = broker_.is_connected();
  for (const std::string& key : home_.device_keys()) fleet_.set_available(key, is_available(key));
  status_soon();
}

bool DiscoverySpoke::is_available(const std::string& key) const {
  return is_broker_there_ && home_.online(key).value_or(true);
}

// --- its messages ---

void DiscoverySpoke::received(MqttMessage message) {
  if (closing_) return;
  const std::size_t bytes = message.payload.size();
  const std::string topic = in_quotes(message.topic, 200);
  switch (queue_.offer(std::move(message.topic), std::move(message.payload))) {
    case MessageQueue::Offered::queued: break;
    case MessageQueue::Offered::too_large:
      say("a message is left out: " + topic + " has " + std::to_string(bytes) + " bytes (at most " +
          std::to_string(options_.queue.message_bytes_max) + ")");
      return;
    case MessageQueue::Offered::no_room:
      if (std::exchange(has_overflowed_, true)) return;
      say("the broker sends more than can be read: messages are dropped, the first on " + topic +
          " (what is retained is asked for again)");
      return;
  }
  drain_soon();
}

void DiscoverySpoke::drain_soon() {
  if (std::exchange(is_draining_, true)) return;
  asio::post(loop_, [this, alive = alive_] {
    if (*alive && !closing_) drain();
  });
}

void DiscoverySpoke::drain() {
  is_draining_ = false;
  const SteadyTime until = clock_.steady_now() + busy_max;
  for (std::size_t taken = 0; taken < messages_at_once_max && clock_.steady_now() < until; ++taken) {
    const auto message = queue_.next();
    if (!message) break;
    take(*message);
  }
  if (queue_.is_empty()) {
    if (has_overflowed_) ask_again();
    return;
  }
  is_draining_ = true;
  after(drain_timer_, queue_.pause(), &DiscoverySpoke::drain);
}

/// Retained messages arrive again when a subscription is repeated.
void DiscoverySpoke::ask_again() {
  const SteadyTime now = clock_.steady_now();
  if (now < asked_again_at_ + options_.ask_again_pause) {
    is_draining_ = true;
    return after(drain_timer_, asked_again_at_ + options_.ask_again_pause - now, &DiscoverySpoke::drain);
  }
  has_overflowed_ = false;
  asked_again_at_ = now;
  broker_.change_filters(home_.discovery_filters(), {});
  broker_.change_filters(home_.topics(), {});
}

void DiscoverySpoke::take(const MessageQueue::Message& message) {
  if (is_ours(message)) return status_soon();
  Changes changes = home_.take(message.topic, message.payload);
  if (changes.is_empty()) return;
  broker_.change_filters(std::exchange(changes.subscribe, {}), std::exchange(changes.unsubscribe, {}));
  const auto problems = std::exchange(changes.problems, {});
  for (const std::string& problem : problems) {
    const bool is_new = problems_.size() >= problems_max || problems_.insert(problem).second;
    if (is_new) say(problem);
  }
  if (changes.is_empty()) return status_soon();
  pending_.append(std::move(changes));
  settle_soon();
}

/// True for a discovery message that a Strawberry hub published: this one, or one whose broker is bridged to this one.
bool DiscoverySpoke::is_ours(const MessageQueue::Message& message) {
  if (!message.topic.starts_with(options_.home.prefix + "/device/") || !message.topic.ends_with("/config"))
    return false;
  if (message.payload.find(our_name) == std::string::npos)
    return ours_.erase(message.topic) > 0 && message.payload.empty();
  const auto config = parse_json(message.payload);
  if (!config || !config->is_object()) return false;
  const auto origin = config->contains("o") ? config->find("o") : config->find("origin");
  if (origin == config->end() || !origin->is_object() || text_member(*origin, "name") != our_name) return false;
  if (ours_.size() < ours_max) ours_.insert(message.topic);
  return true;
}

// --- the devices ---

void DiscoverySpoke::settle_soon() {
  const SteadyTime now = clock_.steady_now();
  if (!std::exchange(is_settling_, true)) settle_by_ = now + options_.settle_max;
  after(settle_timer_, std::clamp<std::chrono::nanoseconds>(settle_by_ - now, {}, options_.settle),
        &DiscoverySpoke::settle);
}

void DiscoverySpoke::settle() {
  is_settling_ = false;
  const Changes changes = std::exchange(pending_, {});
  for (const std::string& key : changes.gone) fleet_.remove(key);
  for (const std::string& key : changes.added) announce(key);
  for (const std::string& key : changes.changed) announce(key);
  for (const std::string& key : changes.presence) fleet_.set_available(key, is_available(key));
  status_soon();
}

void DiscoverySpoke::announce(const std::string& key) {
  const DiscoveredDevice* device = home_.device(key);
  if (device != nullptr) fleet_.announce({key, device->name, device->identities, is_available(key)});
}

// --- output ---

void DiscoverySpoke::say(const std::string& line) { lines_.say(line); }

void DiscoverySpoke::status_soon() {
  if (closing_ || std::exchange(is_status_due_, true)) return;
  after(status_timer_, options_.status_pause, &DiscoverySpoke::show_status);
}

void DiscoverySpoke::show_status() {
  is_status_due_ = false;
  std::string now = status();
  if (now == last_status_) return;
  say(now);
  last_status_ = std::move(now);
}

std::string DiscoverySpoke::status() const {
  const Fleet::Numbers numbers = fleet_.numbers();
  std::size_t entities = 0;
  for (const std::string& key : home_.device_keys()) entities += home_.read(key).size();
  std::string line = count_of(numbers.devices, "device", "devices") + " with " +
                     count_of(entities, "entity", "entities") + ": " + std::to_string(numbers.connected) + " connected";
  if (numbers.unavailable > 0) line += ", " + std::to_string(numbers.unavailable) + " not available";
  if (numbers.refused > 0) line += ", " + std::to_string(numbers.refused) + " refused by the hub";
  if (!problems_.empty()) line += "; " + count_of(problems_.size(), "thing", "things") + " not understood";
  if (!ours_.empty()) line += "; " + count_of(ours_.size(), "device", "devices") + " of a Strawberry hub left out";
  return line;
}

}  // namespace strawberry::cli::discovery

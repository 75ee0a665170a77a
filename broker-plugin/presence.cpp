#include "broker-plugin/presence.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/strict_json.h"
#include "common/topics.h"

namespace strawberry {
namespace {

constexpr std::size_t claim_bytes_max = 64 * 1024;
constexpr std::size_t claim_depth_max = 16;

/// What a status says: `{"state":"online",…}`, or just the word. Empty when it says nothing we understand.
std::string claimed_state(std::string_view payload) {
  if (payload == "online" || payload == "offline") return std::string(payload);
  if (payload.size() > claim_bytes_max) return {};
  const auto status = parse_strict_object(payload, claim_depth_max);
  if (!status) return {};
  const auto state = status->find("state");
  return state != status->end() && state->is_string() ? state->get<std::string>() : std::string();
}

}  // namespace

Presence::Presence(Broker& broker, const DeviceDirectory& directory, const Clock& clock, Options options)
    : broker_(broker), directory_(directory), clock_(clock), options_(options), started_(clock.steady_now()) {}

void Presence::connected(const std::string& device_id) {
  const WallTime now = clock_.wall_now();
  if (online_since_.emplace(device_id, now).second) publish(device_id, true, now, "connected");
}

void Presence::disconnected(const std::string& device_id, std::size_t others, bool taken_over,
                            std::string_view reason) {
  if (others > 0) {
    if (taken_over) publish_truth(device_id);
    return;
  }
  online_since_.erase(device_id);
  publish(device_id, false, clock_.wall_now(), reason);
}

void Presence::claimed(const std::string& device_id, std::string_view payload) {
  const std::string_view truth = online_since_.contains(device_id) ? "online" : "offline";
  if (claimed_state(payload) == truth || directory_.find(device_id) == nullptr) return;
  if (std::find(contradicted_.begin(), contradicted_.end(), device_id) == contradicted_.end()) {
    contradicted_.push_back(device_id);
  }
}

void Presence::forget(const std::string& device_id) {
  online_since_.erase(device_id);
  broker_.publish_retained(status_topic(device_id), "");
}

void Presence::tick() {
  for (const std::string& device_id : std::exchange(contradicted_, {})) publish_truth(device_id);
  declare_the_gone();
}

void Presence::declare_the_gone() {
  if (!knows_the_gone_) {
    if (clock_.steady_now() < started_ + options_.grace_after_start) return;
    knows_the_gone_ = true;
    for (const DeviceRecord* device : directory_.all()) presumed_gone_.push_back(device->device_id);
  }
  for (std::size_t n = 0; n < options_.declared_gone_per_tick_max && !presumed_gone_.empty(); ++n) {
    const std::string device_id = std::move(presumed_gone_.back());
    presumed_gone_.pop_back();
    if (!spoken_of_.contains(device_id)) publish(device_id, false, clock_.wall_now(), "broker_restart");
  }
  if (all_gone_declared()) spoken_of_.clear();
}

void Presence::publish_truth(const std::string& device_id) {
  const auto online = online_since_.find(device_id);
  if (online != online_since_.end()) {
    publish(device_id, true, online->second, "connected");
  } else {
    publish(device_id, false, clock_.wall_now(), "disconnected");
  }
}

void Presence::publish(const std::string& device_id, bool online, WallTime since, std::string_view reason) {
  const DeviceRecord* device = directory_.find(device_id);
  if (device == nullptr) {
    forget(device_id);
    return;
  }
  if (!all_gone_declared()) spoken_of_.insert(device_id);
  nlohmann::ordered_json status;
  status["v"] = 1;
  status["state"] = online ? "online" : "offline";
  status["device_id"] = device_id;
  status["name"] = device->name;
  status["since"] = format_rfc3339(since);
  status["reason"] = reason;
  broker_.publish_retained(status_topic(device_id),
                           status.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace strawberry

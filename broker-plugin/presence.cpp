#include "broker-plugin/presence.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/contract/topics.h"
#include "common/text/json_text.h"
#include "common/text/strict_json.h"

namespace strawberry::plugin {
namespace {

constexpr std::size_t claim_bytes_max = 64 * 1024;
constexpr std::size_t claim_depth_max = 16;

/// Returns the state in a status: `{"state":"online",…}`, or just the word. Empty when it has no known state.
std::string claimed_state(std::string_view payload) {
  if (payload == "online" || payload == "offline") return std::string(payload);
  if (payload.size() > claim_bytes_max) return {};
  const auto status = parse_strict_object(payload, claim_depth_max);
  if (!status) return {};
  const auto state = status->find("state");
  return state != status->end() && state->is_string() ? state->get<std::string>() : std::string();
}

std::string write(const DeviceRecord& device, bool online, WallTime since, std::string_view reason) {
  return JsonObject()
      .add("v", 1)
      .add("state", online ? "online" : "offline")
      .add("device_id", device.device_id)
      .add("name", device.name)
      .add("since", format_rfc3339(since))
      .add("reason", reason)
      .text();
}

}  // namespace

Presence::Presence(Broker& broker, const DeviceDirectory& directory, const Clock& clock, Options options)
    : broker_(broker), directory_(directory), clock_(clock), options_(options), started_(clock.steady_now()) {}

void Presence::connected(const std::string& device_id) {
  const auto known = statuses_.find(device_id);
  if (known == statuses_.end() || !known->second.online) change(device_id, {true, clock_.wall_now(), "connected"});
}

void Presence::disconnected(const std::string& device_id, std::size_t others, bool taken_over,
                            std::string_view reason) {
  if (others == 0) {
    change(device_id, {false, clock_.wall_now(), reason});
  } else if (taken_over) {
    Status& status = statuses_[device_id];
    status.reason = reason;
    publish(device_id, status);
  }
}

void Presence::left_a_will(const std::string& device_id) {
  const auto known = statuses_.find(device_id);
  if (known == statuses_.end() || known->second.online || known->second.reason != "disconnected") return;
  change(device_id, {false, known->second.since, "connection_lost"});
}

void Presence::claimed(const std::string& device_id, std::string_view payload) {
  const auto known = statuses_.find(device_id);
  const bool online = known != statuses_.end() && known->second.online;
  if (claimed_state(payload) == (online ? "online" : "offline") || directory_.find(device_id) == nullptr) return;
  if (std::find(contradicted_.begin(), contradicted_.end(), device_id) == contradicted_.end()) {
    contradicted_.push_back(device_id);
  }
}

void Presence::forget(const std::string& device_id) {
  statuses_.erase(device_id);
  broker_.publish_retained(status_topic(device_id), "");
}

void Presence::tick() {
  for (const std::string& device_id : std::exchange(contradicted_, {})) {
    const auto known = statuses_.find(device_id);
    if (known != statuses_.end()) {
      publish(device_id, known->second);
    } else {
      change(device_id, {false, clock_.wall_now(), "disconnected"});
    }
  }
  declare_the_gone();
}

void Presence::forget_deleted() {
  std::erase_if(statuses_,
                [this](const auto& entry) { return !entry.second.online && directory_.find(entry.first) == nullptr; });
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
    if (!statuses_.contains(device_id)) change(device_id, {false, clock_.wall_now(), "broker_restart"});
  }
}

void Presence::change(const std::string& device_id, Status status) {
  publish(device_id, statuses_.insert_or_assign(device_id, status).first->second);
}

void Presence::publish(const std::string& device_id, const Status& status) {
  const DeviceRecord* device = directory_.find(device_id);
  if (device == nullptr) {
    forget(device_id);
    return;
  }
  broker_.publish_retained(status_topic(device_id), write(*device, status.online, status.since, status.reason));
}

}  // namespace strawberry::plugin

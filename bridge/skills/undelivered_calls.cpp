#include "bridge/skills/undelivered_calls.h"

#include <algorithm>
#include <utility>

namespace strawberry::bridge {

bool UndeliveredCalls::keep(const std::string& call_id, const std::string& target, MqttMessage message,
                            SteadyTime now) {
  const auto [place, is_new] = entries_.try_emplace(call_id, Entry{target, now, options_.pause_min, {}, due_.end()});
  Entry& entry = place->second;
  const bool is_hopeless = now >= entry.first + options_.patience ||
                           bytes_ + message.payload.size() > options_.messages_bytes_max || entry.message;
  if (is_hopeless) return false;
  if (!is_new) entry.pause = std::min(entry.pause * 2, options_.pause_max);
  bytes_ += message.payload.size();
  entry.message = std::move(message);
  entry.due = due_.emplace(now + entry.pause, call_id);
  return true;
}

MqttMessage UndeliveredCalls::take(Entry& entry) {
  MqttMessage message = std::move(*entry.message);
  entry.message.reset();
  bytes_ -= message.payload.size();
  due_.erase(entry.due);
  return message;
}

std::vector<MqttMessage> UndeliveredCalls::take_due(SteadyTime now) {
  std::vector<MqttMessage> due;
  while (!due_.empty() && due_.begin()->first <= now) due.push_back(take(entries_.at(due_.begin()->second)));
  return due;
}

std::optional<SteadyTime> UndeliveredCalls::next_due() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::vector<std::string> UndeliveredCalls::waiting_for(const std::string& target) const {
  std::vector<std::string> calls;
  for (const auto& [due, call_id] : due_) {
    if (entries_.at(call_id).target == target) calls.push_back(call_id);
  }
  return calls;
}

void UndeliveredCalls::forget(const std::string& call_id) {
  const auto entry = entries_.find(call_id);
  if (entry == entries_.end()) return;
  if (entry->second.message) take(entry->second);
  entries_.erase(entry);
}

}  // namespace strawberry::bridge

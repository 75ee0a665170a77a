#include "bridge/home_assistant/announcement_queue.h"

#include <algorithm>

namespace strawberry::bridge {

void AnnouncementQueue::add(const std::string& id, Need needs) {
  const auto [known, is_new] = changed_.try_emplace(id, needs);
  if (is_new) {
    order_.push_back(id);
  } else {
    known->second = known->second | needs;
  }
}

void AnnouncementQueue::add_later(const std::string& id, Need need, std::chrono::nanoseconds after) {
  if (in_later_.emplace(id, need).second) later_.emplace(clock_.steady_now() + after, Pending{id, need});
}

void AnnouncementQueue::resync(const std::string& user_id) {
  if (!users_in_resyncs_.insert(user_id).second) {
    std::erase_if(resyncs_, [&](const Resync& resync) { return resync.user_id == user_id; });
  }
  resyncs_.push_back({user_id, std::nullopt, 0});
}

void AnnouncementQueue::cancel_resyncs() {
  resyncs_.clear();
  users_in_resyncs_.clear();
}

void AnnouncementQueue::home_assistant_started(const std::string& user_id) {
  const auto now = clock_.steady_now();
  auto& not_before = next_resync_[user_id];
  if (not_before > now) return add_later(user_id, Need::resync, not_before - now);
  not_before = now + options_.resyncs_apart;
  resync(user_id);
}

void AnnouncementQueue::take_due() {
  const auto now = clock_.steady_now();
  while (!later_.empty() && later_.begin()->first <= now) {
    const auto [id, need] = std::move(later_.extract(later_.begin()).mapped());
    in_later_.erase({id, need});
    if (need == Need::resync) {
      home_assistant_started(id);
    } else {
      add(id, need);
    }
  }
  std::erase_if(next_resync_, [now](const auto& entry) { return entry.second <= now; });
}

std::vector<AnnouncementQueue::Pending> AnnouncementQueue::take() {
  std::vector<Pending> taken;
  if (clock_.steady_now() < next_turn_) return taken;
  take_due();
  while (!order_.empty() && taken.size() < options_.per_turn_max) {
    auto changed = changed_.extract(order_.front());
    order_.pop_front();
    taken.push_back({std::move(changed.key()), changed.mapped()});
  }
  take_from_resyncs(taken);
  if (!taken.empty()) next_turn_ = clock_.steady_now() + options_.turns_apart;
  return taken;
}

void AnnouncementQueue::take_from_resyncs(std::vector<Pending>& taken) {
  constexpr Need everything = Need::config | Need::state | Need::republish;
  while (!resyncs_.empty() && taken.size() < options_.per_turn_max) {
    auto resync = std::move(resyncs_.front());
    resyncs_.pop_front();
    if (!resync.ids) resync.ids = ids_of_(resync.user_id);
    if (resync.next == resync.ids->size()) {
      users_in_resyncs_.erase(resync.user_id);
      continue;
    }
    const auto& id = (*resync.ids)[resync.next++];
    const bool is_taken = std::any_of(taken.begin(), taken.end(), [&](const Pending& other) { return other.id == id; });
    if (is_taken) {
      add(id, everything);  // in another turn
    } else {
      taken.push_back({id, everything});
    }
    resyncs_.push_back(std::move(resync));
  }
}

std::optional<SteadyTime> AnnouncementQueue::next() const {
  if (!order_.empty() || !resyncs_.empty()) return std::max(next_turn_, clock_.steady_now());
  if (later_.empty()) return std::nullopt;
  return std::max(later_.begin()->first, next_turn_);
}

}  // namespace strawberry::bridge

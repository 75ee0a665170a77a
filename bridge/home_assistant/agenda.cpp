#include "bridge/home_assistant/agenda.h"

#include <algorithm>
#include <utility>

namespace strawberry {
namespace {

constexpr Look only_tidy{true, false, false, true};
constexpr Look everything_again{true, true, true, false};

}  // namespace

void Agenda::add(const std::string& id, const Look& look) {
  const auto [known, is_new] = news_.try_emplace(id, look);
  if (is_new) {
    order_.push_back(id);
  } else {
    known->second |= look;
  }
}

void Agenda::add_later(const std::string& id, std::chrono::milliseconds after, const Look& look, Ids& waiting) {
  if (waiting.insert(id).second) later_.emplace(clock_.steady_now() + after, Later{id, look, &waiting});
}

void Agenda::numbers_changed(const std::string& user_id) {
  add_later(user_id, options_.numbers_gathered_for, only_state, numbers_waiting_);
}

void Agenda::tidy_later(const std::string& id) { add_later(id, options_.gone_shown_for, only_tidy, tidy_waiting_); }

void Agenda::add_round(const std::string& user_id) {
  if (!users_with_round_.insert(user_id).second) {
    std::erase_if(rounds_, [&](const Round& round) { return round.user_id == user_id; });
  }
  rounds_.push_back({user_id, std::nullopt, 0});
}

void Agenda::drop_rounds() {
  rounds_.clear();
  users_with_round_.clear();
}

void Agenda::born(const std::string& user_id) {
  const auto now = clock_.steady_now();
  const auto [last, is_first] = births_.try_emplace(user_id, now);
  if (last->second > now) {  // too soon, or on the list already
    const bool waits = std::any_of(births_later_.begin(), births_later_.end(),
                                   [&](const auto& entry) { return entry.second == user_id; });
    if (!waits) births_later_.emplace(last->second, user_id);
    return;
  }
  last->second = now + options_.births_apart;
  add_round(user_id);
}

void Agenda::take_due() {
  const auto now = clock_.steady_now();
  while (!later_.empty() && later_.begin()->first <= now) {
    auto due = later_.extract(later_.begin());
    due.mapped().waiting->erase(due.mapped().id);
    add(due.mapped().id, due.mapped().look);
  }
  while (!births_later_.empty() && births_later_.begin()->first <= now) {
    const auto due = births_later_.extract(births_later_.begin());
    born(due.mapped());
  }
  std::erase_if(births_, [now](const auto& entry) { return entry.second <= now; });
}

std::vector<Agenda::Item> Agenda::take() {
  std::vector<Item> items;
  if (clock_.steady_now() < next_turn_) return items;
  take_due();
  while (!order_.empty() && items.size() < options_.looks_per_turn_max) {
    auto news = news_.extract(order_.front());
    order_.pop_front();
    items.push_back({std::move(news.key()), news.mapped()});
  }
  take_from_rounds(items);
  if (!items.empty()) next_turn_ = clock_.steady_now() + options_.turns_apart;
  return items;
}

void Agenda::take_from_rounds(std::vector<Item>& items) {
  while (!rounds_.empty() && items.size() < options_.looks_per_turn_max) {
    auto round = std::move(rounds_.front());
    rounds_.pop_front();
    if (!round.ids) round.ids = ids_of_(round.user_id);
    if (round.next == round.ids->size()) {
      users_with_round_.erase(round.user_id);
      continue;
    }
    const auto& id = (*round.ids)[round.next++];
    const bool is_taken = std::any_of(items.begin(), items.end(), [&](const Item& item) { return item.id == id; });
    if (is_taken) {
      add(id, everything_again);  // in another turn
    } else {
      items.push_back({id, everything_again});
    }
    rounds_.push_back(std::move(round));
  }
}

std::optional<SteadyTime> Agenda::next() const {
  if (!order_.empty() || !rounds_.empty()) return std::max(next_turn_, clock_.steady_now());
  std::optional<SteadyTime> next;
  if (!later_.empty()) next = later_.begin()->first;
  if (!births_later_.empty()) next = std::min(next.value_or(SteadyTime::max()), births_later_.begin()->first);
  if (next) next = std::max(*next, next_turn_);
  return next;
}

}  // namespace strawberry

#include "common/contract/recent_calls.h"

#include <utility>

namespace strawberry {

const std::string* RecentCalls::answer_to(const std::string& correlation_id) {
  expire();
  const auto found = by_id_.find(correlation_id);
  return found == by_id_.end() ? nullptr : &found->second->text;
}

void RecentCalls::remember(const std::string& correlation_id, std::string answer) {
  expire();
  if (by_id_.contains(correlation_id)) return;
  answers_.push_back({correlation_id, std::move(answer), clock_.steady_now()});
  by_id_.emplace(correlation_id, std::prev(answers_.end()));
  bytes_ += cost(answers_.back());
  while (answers_.size() > options_.answers_max || bytes_ > options_.bytes_max) forget_oldest();
}

void RecentCalls::expire() {
  const auto now = clock_.steady_now();
  while (!answers_.empty() && now - answers_.front().given_at >= options_.lifetime) forget_oldest();
}

void RecentCalls::forget_oldest() {
  bytes_ -= cost(answers_.front());
  by_id_.erase(answers_.front().correlation_id);
  answers_.pop_front();
}

}  // namespace strawberry

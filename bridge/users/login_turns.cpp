#include "bridge/users/login_turns.h"

#include <utility>

#include "bridge/users/login_limiter.h"

namespace strawberry::bridge {
namespace {

std::string user_at(std::string_view network, std::string_view user) {
  std::string place(user);
  place += ' ';
  place += network;
  return place;
}

std::size_t count_in(const ByText<std::size_t>& counts, std::string_view key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

void count_down(ByText<std::size_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

LoginTurns::Turn::Turn(std::shared_ptr<Counts> counts, std::string user, std::string network)
    : counts_(std::move(counts)), user_(std::move(user)), network_(std::move(network)) {
  ++counts_->by_network[network_];
  if (user_.empty()) return;
  ++counts_->by_user[user_];
  ++counts_->unproven;
}

LoginTurns::Turn::~Turn() {
  if (!counts_) return;
  count_down(counts_->by_network, network_);
  if (user_.empty()) return;
  count_down(counts_->by_user, user_);
  --counts_->unproven;
}

std::optional<LoginTurns::Turn> LoginTurns::take(std::string_view address, std::string_view user) {
  std::string network = place_of(address);
  if (count_in(counts_->by_network, network) >= options_.per_network_max) return std::nullopt;
  const bool is_proven = proven_by_key_.contains(user_at(network, user));
  const bool is_too_many =
      counts_->unproven >= options_.unproven_max || count_in(counts_->by_user, user) >= options_.per_user_max;
  if (!is_proven && is_too_many) return std::nullopt;
  return Turn(counts_, is_proven ? std::string() : std::string(user), std::move(network));
}

void LoginTurns::succeeded(std::string_view address, std::string_view user) {
  std::string place = user_at(place_of(address), user);
  if (const auto known = proven_by_key_.find(place); known != proven_by_key_.end()) {
    proven_.splice(proven_.begin(), proven_, known->second);
    return;
  }
  if (proven_.size() >= options_.proven_places_max) {
    proven_by_key_.erase(proven_.back());
    proven_.pop_back();
  }
  proven_.push_front(std::move(place));
  proven_by_key_.emplace(proven_.front(), proven_.begin());
}

}  // namespace strawberry::bridge

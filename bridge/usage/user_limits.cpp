#include "bridge/usage/user_limits.h"

#include <algorithm>

namespace strawberry::bridge {
namespace {

using std::chrono::milliseconds;

std::int64_t rounded_up_ms(std::chrono::nanoseconds time) { return std::chrono::ceil<milliseconds>(time).count(); }

}  // namespace

UtcDay utc_day(const Clock& clock) { return std::chrono::floor<std::chrono::days>(clock.wall_now()); }

std::optional<Error> UserLimits::admit(const std::string& user_id) {
  User& user = find(user_id, utc_day(clock_));
  if (auto refused = check_tokens(user)) return refused;
  auto refused = take_chat(user);
  if (!refused) ++user.chats;
  return refused;
}

void UserLimits::give_back(const std::string& user_id) {
  User& user = find(user_id, utc_day(clock_));
  user.chats = std::max<std::int64_t>(user.chats - 1, 0);
  if (const auto max = most(user_id, LimitKind::chats_per_minute); max > 0)
    user.chats_of_minute.give_back(std::chrono::minutes(1), max);
}

void UserLimits::add_chats(const std::string& user_id, UtcDay day, std::int64_t chats) {
  find(user_id, day).chats += chats;
}

UsedToday UserLimits::used_today(const std::string& user_id) const {
  const auto known = users_.find(user_id);
  if (known == users_.end() || known->second->day != utc_day(clock_)) return {};
  return {known->second->chats, known->second->tokens};
}

void UserLimits::add_tokens(const std::string& user_id, UtcDay day, std::int64_t tokens) {
  find(user_id, day).tokens += tokens;
}

UserLimits::User& UserLimits::find(const std::string& user_id, UtcDay day) {
  const auto known = users_.find(user_id);
  if (known != users_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, known->second);
  } else {
    if (users_.size() >= std::max<std::size_t>(options_.users_max, 1)) {
      users_.erase(by_use_.back().id);
      by_use_.pop_back();
    }
    by_use_.push_front({user_id});
    users_.emplace(by_use_.front().id, by_use_.begin());
  }
  User& user = by_use_.front();
  if (user.day != day) {
    user.day = day;
    user.tokens = user.chats = 0;
  }
  return user;
}

std::int64_t UserLimits::most(const std::string& user_id, LimitKind kind) const {
  if (options_.own != nullptr) return options_.own->of(user_id, kind);
  return kind == LimitKind::tokens_per_day ? options_.tokens_per_day_max : options_.chats_per_minute_max;
}

UserLimits::ChatsNow UserLimits::chats_now(const std::string& user_id) const {
  const auto known = users_.find(user_id);
  const auto max = most(user_id, LimitKind::chats_per_minute);
  if (known == users_.end() || max == 0) return {};
  const auto left = known->second->chats_of_minute.full_at - clock_.steady_now();
  if (left <= std::chrono::nanoseconds(0)) return {};
  const auto each = std::chrono::nanoseconds(std::chrono::minutes(1)) / max;
  return {std::min((left.count() + each.count() - 1) / each.count(), max), left};
}

bool UserLimits::is_out_of_tokens(const User& user) const {
  const auto max = most(user.id, LimitKind::tokens_per_day);
  return max > 0 && user.tokens >= max;
}

std::int64_t UserLimits::users_out_of_tokens() const {
  const UtcDay today = utc_day(clock_);
  return std::count_if(by_use_.begin(), by_use_.end(),
                       [&](const User& user) { return user.day == today && is_out_of_tokens(user); });
}

std::int64_t UserLimits::users_out_of_chats() const {
  return std::count_if(by_use_.begin(), by_use_.end(), [&](const User& user) {
    const auto max = most(user.id, LimitKind::chats_per_minute);
    return max > 0 && chats_now(user.id).used >= max;
  });
}

std::optional<Error> UserLimits::check_tokens(const User& user) const {
  if (!is_out_of_tokens(user)) return std::nullopt;
  const WallTime ends_at = user.day + std::chrono::days(1);
  return Error{ErrorCode::quota_exceeded,
               "the tokens of today are used up",
               {{"limit", name_of(LimitKind::tokens_per_day).option},
                {"max", most(user.id, LimitKind::tokens_per_day)},
                {"used", user.tokens},
                {"retry_after_ms", (ends_at - clock_.wall_now()).count()},
                {"ends_at", format_rfc3339(ends_at)}}};
}

std::optional<Error> UserLimits::take_chat(User& user) const {
  const auto max = most(user.id, LimitKind::chats_per_minute);
  if (max == 0) return std::nullopt;
  const auto wait = user.chats_of_minute.take(clock_.steady_now(), std::chrono::minutes(1), max);
  if (!wait) return std::nullopt;
  return Error{
      ErrorCode::rate_limited,
      "more than " + std::to_string(max) + " chats a minute",
      {{"limit", name_of(LimitKind::chats_per_minute).option}, {"max", max}, {"retry_after_ms", rounded_up_ms(*wait)}}};
}

}  // namespace strawberry::bridge

#include "bridge/usage/stored_usage_ledger.h"

#include <algorithm>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Of a model's or provider's name; escaped it may be four times that, and a report still fits into one reply.
constexpr std::size_t name_bytes_max = 100;

std::int64_t number_of(UtcDay day) { return day.time_since_epoch().count(); }

/// `2026-11-21`
std::string day_text(std::int64_t day) {
  return format_rfc3339(UtcDay(std::chrono::days(day))).substr(0, std::string_view("2026-11-21").size());
}

json count_json(const UsageCount& count) {
  return {{"requests", count.requests},
          {"prompt_tokens", count.prompt_tokens},
          {"completion_tokens", count.completion_tokens},
          {"total_tokens", count.tokens()}};
}

json report_json(const UsageReport& report) {
  json days = json::array();
  for (const auto& row : report.rows) {
    json entry = count_json(row.count);
    entry.update({{"day", day_text(row.day)},
                  {"device_id", row.device_id},
                  {"provider", row.provider},
                  {"model", row.model},
                  {"estimated", row.estimated}});
    days.push_back(std::move(entry));
  }
  json totals = count_json(report.total);
  totals["estimated_tokens"] = report.estimated_tokens;
  return {
      {"days", std::move(days)}, {"totals", std::move(totals)}, {"truncated", report.rows_there > report.rows.size()}};
}

}  // namespace

/// While it lives, usage is on its way to the store.
class StoredUsageLedger::UsageWrite {
 public:
  explicit UsageWrite(StoredUsageLedger& ledger) : ledger_(ledger) { ++ledger_.usage_writes_; }
  ~UsageWrite() {
    if (--ledger_.usage_writes_ > 0) return;
    for (const auto& report : std::exchange(ledger_.waiting_, {})) report->set();
  }
  UsageWrite(const UsageWrite&) = delete;
  UsageWrite& operator=(const UsageWrite&) = delete;

 private:
  StoredUsageLedger& ledger_;
};

Task<Reply<void>> StoredUsageLedger::load() {
  const UtcDay today = utc_day(clock_);
  auto users = co_await store_.tokens_of_day(number_of(today), options_.limits.users_max);
  if (!users) co_return tl::unexpected(users.error());
  // Who used the most comes last, and so is forgotten last.
  for (auto user = users->rbegin(); user != users->rend(); ++user) {
    limits_.add_tokens(user->user_id, today, user->tokens);
    limits_.add_chats(user->user_id, today, user->chats);
  }
  co_return Reply<void>();
}

std::optional<Error> StoredUsageLedger::take(const std::string& user_id) {
  if (auto refused = limits_.admit(user_id)) return refused;
  add_chats(user_id, number_of(utc_day(clock_)), 1);
  events_.publish(UsageChanged{user_id});
  return std::nullopt;
}

void StoredUsageLedger::give_back(const std::string& user_id) {
  limits_.give_back(user_id);
  add_chats(user_id, number_of(utc_day(clock_)), -1);
  events_.publish(UsageChanged{user_id});
}

void StoredUsageLedger::add_chats(const std::string& user_id, std::int64_t day, std::int64_t chats) {
  const std::pair key(day, user_id);
  if (!pending_chats_.contains(key) && pending_chats_.size() >= options_.rows_pending_max) return;
  if ((pending_chats_[key] += chats) == 0) pending_chats_.erase(key);  // counted and given back: nothing to write
}

void StoredUsageLedger::record(const Principal& sender, const ModelReply& reply) {
  const UtcDay today = utc_day(clock_);
  UsageCount count;
  count.requests = 1;
  count.prompt_tokens = std::clamp<std::int64_t>(reply.usage.prompt_tokens, 0, tokens_per_reply_max);
  count.completion_tokens = std::clamp<std::int64_t>(reply.usage.completion_tokens, 0, tokens_per_reply_max);
  limits_.add_tokens(sender.user_id, today, count.tokens());
  add({sender.user_id, number_of(today), sender.id, printable(reply.provider, name_bytes_max),
       printable(reply.model, name_bytes_max), reply.usage.estimated},
      count);
  events_.publish(UsageChanged{sender.user_id});
}

void StoredUsageLedger::add(Key key, const UsageCount& count) {
  const auto known = pending_.find(key);
  if (known != pending_.end()) {
    known->second += count;
  } else if (pending_.size() < options_.rows_pending_max) {
    pending_.emplace(std::move(key), count);
  } else if (!std::exchange(is_full_, true)) {
    hub_log().error("usage is not counted: {} rows wait for the store", pending_.size());
  }
}

Task<Reply<void>> StoredUsageLedger::flush() {
  auto usage = co_await flush_usage();
  auto chats = co_await flush_chats();
  co_return usage ? chats : usage;
}

Task<Reply<void>> StoredUsageLedger::flush_chats() {
  if (pending_chats_.empty()) co_return Reply<void>();
  const auto taken = std::exchange(pending_chats_, {});
  std::vector<UserChats> rows;
  rows.reserve(taken.size());
  for (const auto& [key, chats] : taken) rows.push_back({key.second, key.first, chats});
  auto stored = co_await store_.add_chats(std::move(rows), number_of(utc_day(clock_) - chat_days_kept));
  if (stored) co_return stored;
  for (const auto& [key, chats] : taken) add_chats(key.second, key.first, chats);
  co_return stored;
}

Task<Reply<void>> StoredUsageLedger::flush_usage() {
  if (pending_.empty()) co_return Reply<void>();
  const auto taken = std::exchange(pending_, {});
  is_full_ = false;
  std::vector<UsageRow> rows;
  rows.reserve(taken.size());
  for (const auto& [key, count] : taken) {
    const auto& [user_id, day, device_id, provider, model, estimated] = key;
    rows.push_back({user_id, day, device_id, provider, model, estimated, count});
  }
  const UsageWrite write(*this);
  auto stored = co_await store_.add_usage(std::move(rows), number_of(utc_day(clock_) - days_kept));
  if (stored) co_return stored;
  for (const auto& [key, count] : taken) add(key, count);
  co_return stored;
}

/// The store does not keep the order between the hub's writes and a user's reading.
Task<void> StoredUsageLedger::usage_written() {
  while (usage_writes_ > 0) {
    const auto executor = co_await asio::this_coro::executor;
    const auto written = std::make_shared<Signal>(executor);
    waiting_.push_back(written);
    co_await written->wait();
  }
}

Task<Reply<json>> StoredUsageLedger::report(std::string user_id, int days) {
  co_await usage_written();
  auto flushed = co_await flush();
  if (!flushed) co_return tl::unexpected(flushed.error());
  const auto since = number_of(utc_day(clock_)) - days + 1;
  auto report = co_await store_.read_usage(std::move(user_id), since, report_rows_max);
  if (!report) co_return tl::unexpected(report.error());
  co_return report_json(*report);
}

}  // namespace strawberry::bridge

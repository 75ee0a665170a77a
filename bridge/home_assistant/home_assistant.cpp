#include "bridge/home_assistant/home_assistant.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/contract/topics.h"
#include "common/identity/stamp.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {
namespace {

constexpr std::chrono::seconds acknowledgement_checked_every{1};
constexpr Need config_and_state = Need::config | Need::state;

std::unordered_map<std::string, AnnouncedRow> by_id(std::vector<AnnouncedRow> rows) {
  std::unordered_map<std::string, AnnouncedRow> all;
  for (auto& row : rows) {
    auto id = row.id;
    all.emplace(std::move(id), std::move(row));
  }
  return all;
}

}  // namespace

HomeAssistant::HomeAssistant(asio::io_context& loop, const Clock& clock, Neighbours neighbours, Options options)
    : clock_(clock),
      neighbours_(std::move(neighbours)),
      options_(std::move(options)),
      queue_(
          clock, [this](const std::string& user_id) { return ids_of(user_id); }, options_.queue),
      timer_(loop),
      today_(utc_day(clock)) {
  timer_.expires_at(asio::steady_timer::time_point::max());
}

// --- what happens ---

void HomeAssistant::start_serving() {
  affinity_.check();
  serving_ = true;
  queue_.cancel_resyncs();
  for (const auto& user_id : neighbours_.devices.owners()) {
    if (is_on(user_id)) queue_.resync(user_id);
  }
  wake();
}

void HomeAssistant::stop_serving() { serving_ = false; }

void HomeAssistant::device_changed(const std::string& device_id) {
  const auto* device = neighbours_.devices.find(device_id);
  // The ledger knows the user of a deleted device.
  if (device != nullptr) {
    if (!is_on(device->row.user_id)) return;
    queue_.add(device->row.user_id, Need::config);  // before the devices that name it
    queue_.numbers_changed(device->row.user_id);
  }
  queue_.add(device_id, config_and_state);
  wake();
}

void HomeAssistant::presence_changed(const std::string& device_id) {
  const auto* device = neighbours_.devices.find(device_id);
  if (device == nullptr || !is_on(device->row.user_id)) return;
  queue_.add(device_id, Need::state);
  queue_.numbers_changed(device->row.user_id);
  wake();
}

void HomeAssistant::used_more(const std::string& user_id) {
  if (!is_on(user_id) || !neighbours_.devices.has_devices(user_id)) return;
  queue_.numbers_changed(user_id);
  wake();
}

void HomeAssistant::status_arrived(const MqttMessage& message) {
  if (message.payload != "online" || message.retained) return;
  const auto sender = stamped_principal(message);
  if (!sender || sender->type != PrincipalType::user || !is_on(sender->id)) return;
  if (!neighbours_.devices.has_devices(sender->id)) return;
  queue_.home_assistant_started(sender->id);
  wake();
}

void HomeAssistant::wake() {
  if (serving_) timer_.cancel();
}

void HomeAssistant::stop() {
  stopped_ = true;
  timer_.cancel();
}

/// At midnight (UTC) today's numbers are none.
void HomeAssistant::start_new_day() {
  if (std::exchange(today_, utc_day(clock_)) == utc_day(clock_)) return;
  for (const auto& user_id : neighbours_.devices.owners()) used_more(user_id);
}

// --- what is so ---

std::vector<std::string> HomeAssistant::ids_of(const std::string& user_id) const {
  std::vector<std::string> ids = {user_id};
  for (const auto* device : neighbours_.devices.list(user_id)) ids.push_back(device->row.device_id);
  return ids;
}

bool HomeAssistant::is_wanted(const std::string& id) const {
  const auto* device = neighbours_.devices.find(id);
  return device != nullptr ? is_on(device->row.user_id) : is_on(id) && neighbours_.devices.has_devices(id);
}

std::optional<Announcement> HomeAssistant::wanted(const std::string& id) const {
  if (!is_wanted(id)) return std::nullopt;
  const auto* device = neighbours_.devices.find(id);
  return device != nullptr ? announce_device(device->row, neighbours_.skills.skills_of(id))
                           : announce_hub(id, options_.hub_version);
}

std::string HomeAssistant::state_of(const std::string& id) const {
  if (const auto* device = neighbours_.devices.find(id)) {
    return device_state(device->row.last_seen_ms, neighbours_.skills.count(id));
  }
  const auto used = neighbours_.used_today(id);
  return hub_numbers({neighbours_.devices.online_count(id), used.chats, used.tokens});
}

// --- turns ---

Task<void> HomeAssistant::run() {
  while (!stopped_) {
    if (serving_ && clock_.steady_now() >= not_before_) {
      const bool went_well = co_await take_turn();
      if (!went_well) back_off();
    }
    if (stopped_) break;
    timer_.expires_at(next_turn());
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

/// News during that time wake the loop, but not the database.
void HomeAssistant::back_off() {
  not_before_ = clock_.steady_now() + options_.retry_after;
  if (std::exchange(has_failed_, true)) return;
  hub_log().error("announcements to Home Assistant wait: the database or the broker does not take them");
}

SteadyTime HomeAssistant::next_turn() const {
  if (!serving_) return SteadyTime::max();
  const auto now = clock_.steady_now();
  if (now < not_before_) return not_before_;
  SteadyTime next = now + (today_ + std::chrono::days(1) - clock_.wall_now());
  if (auto planned = queue_.next()) {
    // What is queued now stays queued until the broker has caught up.
    const bool must_wait = neighbours_.backlog() > options_.backlog_max;
    if (must_wait) planned = std::max<SteadyTime>(*planned, now + options_.queue.turns_apart);
    next = std::min(next, *planned);
  }
  if (!cleared_.empty()) next = std::min<SteadyTime>(next, now + acknowledgement_checked_every);
  return next;
}

Task<bool> HomeAssistant::take_turn() {
  if (!has_cleared_unwanted_) {
    const bool cleared = co_await clear_unwanted();
    if (!cleared) co_return false;
  }
  start_new_day();
  co_await forget_cleared();
  if (neighbours_.backlog() > options_.backlog_max) co_return true;
  auto pending = queue_.take();
  if (pending.empty()) co_return true;
  const bool done = co_await announce(std::move(pending));
  if (done) has_failed_ = false;
  co_return done;
}

/// Once: what an earlier run of the bridge left behind.
Task<bool> HomeAssistant::clear_unwanted() {
  auto ids = co_await neighbours_.ledger.announced_ids();
  if (!ids) co_return false;
  for (const auto& id : *ids) {
    if (!is_wanted(id)) queue_.add(id, config_and_state);
  }
  has_cleared_unwanted_ = true;
  co_return true;
}

/// The ledger first: should the bridge die now, it still knows of whatever it has published.
Task<bool> HomeAssistant::announce(std::vector<Pending> pending) {
  std::vector<std::string> ids;
  for (const auto& item : pending) ids.push_back(item.id);
  auto found = co_await neighbours_.ledger.find_announced(std::move(ids));
  if (!found) co_return retry_later(pending);
  const auto known = by_id(std::move(*found));
  std::vector<Plan> plans;
  std::vector<AnnouncedRow> rows;
  for (const auto& item : pending) {
    plans.push_back(plan_for(item, known));
    if (plans.back().remember) rows.push_back(*plans.back().remember);
  }
  if (!rows.empty()) {
    auto stored = co_await neighbours_.ledger.put_announced(std::move(rows));
    if (!stored) co_return retry_later(pending);
  }
  std::vector<Pending> not_done;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (!carry_out(pending[i].id, plans[i], known)) not_done.push_back(pending[i]);
  }
  co_return retry_later(not_done);
}

bool HomeAssistant::retry_later(const std::vector<Pending>& pending) {
  for (const auto& [id, needs] : pending) queue_.add(id, needs | Need::republish);
  return pending.empty();
}

Plan HomeAssistant::plan_for(const Pending& pending, const Known& known) const {
  const auto row = known.find(pending.id);
  if (row == known.end()) return plan_announcement(pending.id, wanted(pending.id), std::nullopt, pending.needs);
  auto needs = pending.needs;
  if (cleared_.contains(pending.id)) needs = needs | Need::republish;  // what the ledger still has of it was cleared
  if (needs != Need::state || !is_wanted(pending.id)) {
    return plan_announcement(pending.id, wanted(pending.id), row->second, needs);
  }
  Plan plan;
  plan.state = true;
  return plan;
}

bool HomeAssistant::carry_out(const std::string& id, const Plan& plan, const Known& known) {
  const bool clears = plan.config && plan.config->empty();
  if (!clears && !is_wanted(id)) {
    // It went while the ledger was written, or the ledger has never had it and there is nothing to take back.
    if (plan.remember || known.contains(id)) queue_.add(id, config_and_state);
    return true;
  }
  if (plan.config && !publish(announcement_topic(id), *plan.config)) return false;
  if (clears) {
    cleared_.insert(id);
    const auto& user_id = known.at(id).user_id;
    if (user_id != id) queue_.add(user_id, config_and_state);  // the hub has one device less, or none
    return publish(announced_state_topic(id), "");
  }
  if (plan.config) cleared_.erase(id);
  if (plan.names_removed) queue_.drop_removed_later(id);
  return !plan.state || publish(announced_state_topic(id), state_of(id));
}

/// When nothing waits for the broker's word, it has taken all that clears something.
Task<void> HomeAssistant::forget_cleared() {
  if (cleared_.empty() || neighbours_.backlog() > 0) co_return;
  std::vector<std::string> ids(cleared_.begin(), cleared_.end());
  cleared_.clear();
  auto forgotten = co_await neighbours_.ledger.forget_announced(ids);
  if (!forgotten) cleared_.insert(ids.begin(), ids.end());
}

bool HomeAssistant::publish(std::string topic, std::string payload) {
  MqttMessage message;
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  message.retained = true;
  return neighbours_.publish(std::move(message));
}

}  // namespace strawberry::bridge

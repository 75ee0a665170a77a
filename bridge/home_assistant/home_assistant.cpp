#include "bridge/home_assistant/home_assistant.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/contract/topics.h"
#include "common/identity/stamp.h"
#include "common/runtime/asio.h"

namespace strawberry {
namespace {

constexpr std::chrono::seconds acknowledgement_looked_for_every{1};
constexpr Look whole{true, true, false, false};
constexpr Look only_config{true, false, false, false};

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
      agenda_(
          clock, [this](const std::string& user_id) { return ids_of(user_id); }, options_.agenda),
      timer_(loop),
      today_(utc_day(clock)) {
  timer_.expires_at(asio::steady_timer::time_point::max());
}

// --- what happens ---

void HomeAssistant::start_serving() {
  affinity_.check();
  serving_ = true;
  agenda_.drop_rounds();
  for (const auto& user_id : neighbours_.devices.owners()) {
    if (is_on(user_id)) agenda_.add_round(user_id);
  }
  wake();
}

void HomeAssistant::stop_serving() { serving_ = false; }

void HomeAssistant::device_changed(const std::string& device_id) {
  const auto* device = neighbours_.devices.find(device_id);
  // Of one that is gone the ledger knows whose it was.
  if (device != nullptr) {
    if (!is_on(device->row.user_id)) return;
    agenda_.add(device->row.user_id, only_config);  // before the devices that name it
    agenda_.numbers_changed(device->row.user_id);
  }
  agenda_.add(device_id, whole);
  wake();
}

void HomeAssistant::presence_changed(const std::string& device_id) {
  const auto* device = neighbours_.devices.find(device_id);
  if (device == nullptr || !is_on(device->row.user_id)) return;
  agenda_.add(device_id, only_state);
  agenda_.numbers_changed(device->row.user_id);
  wake();
}

void HomeAssistant::used_more(const std::string& user_id) {
  if (!is_on(user_id) || !neighbours_.devices.has_devices(user_id)) return;
  agenda_.numbers_changed(user_id);
  wake();
}

void HomeAssistant::status_arrived(const MqttMessage& message) {
  if (message.payload != "online" || message.retained) return;
  const auto sender = stamped_principal(message);
  if (!sender || sender->type != PrincipalType::user || !is_on(sender->id)) return;
  if (!neighbours_.devices.has_devices(sender->id)) return;
  agenda_.born(sender->id);
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
void HomeAssistant::turn_day() {
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
      if (!went_well) wait_a_while();
    }
    if (stopped_) break;
    timer_.expires_at(next_turn());
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

/// News during that time wake the loop, but not the database.
void HomeAssistant::wait_a_while() {
  not_before_ = clock_.steady_now() + options_.retry_after;
  if (std::exchange(has_failed_, true)) return;
  hub_log().error("announcements to Home Assistant wait: the database or the broker does not take them");
}

SteadyTime HomeAssistant::next_turn() const {
  if (!serving_) return SteadyTime::max();
  const auto now = clock_.steady_now();
  if (now < not_before_) return not_before_;
  SteadyTime next = now + (today_ + std::chrono::days(1) - clock_.wall_now());
  if (auto planned = agenda_.next()) {
    // What the agenda has now stays there until the broker has caught up.
    const bool must_wait = neighbours_.backlog() > options_.backlog_max;
    if (must_wait) planned = std::max<SteadyTime>(*planned, now + options_.agenda.turns_apart);
    next = std::min(next, *planned);
  }
  if (!cleared_.empty()) next = std::min<SteadyTime>(next, now + acknowledgement_looked_for_every);
  return next;
}

Task<bool> HomeAssistant::take_turn() {
  if (!has_cleared_unwanted_) {
    const bool cleared = co_await clear_what_nobody_wants();
    if (!cleared) co_return false;
  }
  turn_day();
  co_await forget_cleared();
  if (neighbours_.backlog() > options_.backlog_max) co_return true;
  auto items = agenda_.take();
  if (items.empty()) co_return true;
  const bool done = co_await look_at(std::move(items));
  if (done) has_failed_ = false;
  co_return done;
}

/// Once: what an earlier run of the bridge left behind.
Task<bool> HomeAssistant::clear_what_nobody_wants() {
  auto ids = co_await neighbours_.ledger.announced_ids();
  if (!ids) co_return false;
  for (const auto& id : *ids) {
    if (!is_wanted(id)) agenda_.add(id, whole);
  }
  has_cleared_unwanted_ = true;
  co_return true;
}

/// The ledger first: should the bridge die now, it still knows of whatever it has published.
Task<bool> HomeAssistant::look_at(std::vector<Agenda::Item> items) {
  std::vector<std::string> ids;
  for (const auto& item : items) ids.push_back(item.id);
  auto found = co_await neighbours_.ledger.find_announced(std::move(ids));
  if (!found) co_return look_later(items);
  const auto known = by_id(std::move(*found));
  std::vector<Plan> plans;
  std::vector<AnnouncedRow> rows;
  for (const auto& item : items) {
    plans.push_back(plan_for(item, known));
    if (plans.back().remember) rows.push_back(*plans.back().remember);
  }
  if (!rows.empty()) {
    auto stored = co_await neighbours_.ledger.put_announced(std::move(rows));
    if (!stored) co_return look_later(items);
  }
  std::vector<Agenda::Item> not_done;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!carry_out(items[i].id, plans[i], known)) not_done.push_back(items[i]);
  }
  co_return look_later(not_done);
}

bool HomeAssistant::look_later(const std::vector<Agenda::Item>& items) {
  for (const auto& item : items) {
    auto look = item.look;
    look.again = true;
    agenda_.add(item.id, look);
  }
  return items.empty();
}

Plan HomeAssistant::plan_for(const Agenda::Item& item, const Known& known) const {
  const auto row = known.find(item.id);
  if (row == known.end()) return plan_announcement(item.id, wanted(item.id), std::nullopt, item.look);
  auto look = item.look;
  look.again |= cleared_.contains(item.id);  // what the ledger still has of it is not there
  if (look != only_state || !is_wanted(item.id)) {
    return plan_announcement(item.id, wanted(item.id), row->second, look);
  }
  Plan plan;
  plan.state = true;
  return plan;
}

bool HomeAssistant::carry_out(const std::string& id, const Plan& plan, const Known& known) {
  const bool clears = plan.config && plan.config->empty();
  if (!clears && !is_wanted(id)) {
    // It went while the ledger was written, or the ledger has never had it and there is nothing to take back.
    if (plan.remember || known.contains(id)) agenda_.add(id, whole);
    return true;
  }
  if (plan.config && !publish(announcement_topic(id), *plan.config)) return false;
  if (clears) {
    cleared_.insert(id);
    const auto& user_id = known.at(id).user_id;
    if (user_id != id) agenda_.add(user_id, whole);  // the hub has one device less, or none
    return publish(announced_state_topic(id), "");
  }
  if (plan.config) cleared_.erase(id);
  if (plan.mentions_gone) agenda_.tidy_later(id);
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

}  // namespace strawberry

/// The checks at the end of a fault run: presence, retained messages, memory, and the store.
#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

#include "common/contract/topics.h"
#include "tests/soak/soak.h"
#include "tests/soak/verdict.h"

namespace strawberry::soak {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t rss_slack_bytes = 12 * 1024 * 1024;

}  // namespace

std::int64_t resident_bytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  statm >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

void Soak::look_at_the_end() {
  for (const auto& party : parties_) {
    if (party->is_device() && stage_.one_in(3)) party->go(stage_.one_in(2), std::nullopt);
  }
  ++stage_.ledger.checked[presence];
  if (!live([this] { return is_presence_right(); }, presence_max)) {
    for (const auto& party : parties_) {
      if (party->is_device() && statuses_[party->id()].state != (party->is_up() ? "online" : "offline")) {
        std::string what = "at the end " + party->id();
        what += party->is_up() ? " is online" : " is offline";
        what += ", its status says " + statuses_[party->id()].state;
        stage_.report(presence, what);
      }
    }
  }
  look_at_retained();
  look_at_memory();
  look_at_the_store();
}

void Soak::look_at_retained() {
  test::wire::Connect connect;
  connect.client_id = "newcomer";
  connect.user_name = "";
  connect.password = hub_->files().token({PrincipalType::admin, "admin", ""}, 2h);
  test::WireClient newcomer(hub_->port(), connect);
  if (newcomer.connect() != 0) throw std::runtime_error("the newcomer is not let in");
  newcomer.subscribe("#");
  newcomer.sync();
  newcomer.sync();
  std::set<std::string> allowed = {"hub/state", "hub/info", "hub/health", "hub/broker"};
  for (const auto& party : parties_) {
    if (party->is_device()) allowed.insert("devices/" + party->id() + "/status");
    allowed.insert(announcement_topic(party->id()));  // a device's, or the hub's for its user
    allowed.insert(announced_state_topic(party->id()));
  }
  auto missing = allowed;
  for (const auto& message : newcomer.take()) {
    if (!message.retained) continue;
    ++stage_.ledger.checked[retained];
    if (!allowed.contains(message.topic))
      stage_.report(retained, message.topic + ": " + message.payload.substr(0, 200));
    missing.erase(message.topic);
    if (message.topic.rfind("devices/", 0) != 0) continue;
    const auto id = message.topic.substr(8, message.topic.size() - 8 - 7);
    const auto party =
        std::find_if(parties_.begin(), parties_.end(), [&](const auto& candidate) { return candidate->id() == id; });
    if (party == parties_.end()) continue;  // reported above
    const std::string truth = (*party)->is_up() ? "online" : "offline";
    ++stage_.ledger.checked[presence];
    if (json::parse(message.payload, nullptr, false).value("state", "") != truth) {
      stage_.report(presence, std::string(id).append(" is ").append(truth) + ", a newcomer hears " + message.payload);
    }
  }
  for (const auto& topic : missing) stage_.report(retained, topic + " is missing");
}

void Soak::look_at_memory() {
  // Health is published every ten seconds.
  const auto since = now();
  live([&] { return health_at_ > since; }, 11s);
  for (const auto& [name, value] : {std::pair{"requests_in_flight", health_.value("requests_in_flight", -1)},
                                    std::pair{"calls_in_flight", health_.value("calls_in_flight", -1)},
                                    std::pair{"chats_in_flight", health_.value("chats_in_flight", -1)},
                                    std::pair{"outbox", health_.value("queues", json::object()).value("outbox", -1)},
                                    std::pair{"store", health_.value("queues", json::object()).value("store", -1)}}) {
    ++stage_.ledger.checked[memory];
    // This report itself is in the outbox.
    if (value < 0 || value > (std::string(name) == "outbox" ? 1 : 0)) {
      stage_.report(memory, std::string(name) + " is " + std::to_string(value) + " when nothing is asked");
    }
  }
  figures_.answers_bytes = health_.value("queues", json::object()).value("reply_cache_bytes", std::uint64_t{0});
  figures_.rss_end = resident_bytes(hub_->bridge().pid());
  ++stage_.ledger.checked[memory];
  const auto allowed = figures_.rss_begin + rss_slack_bytes + static_cast<std::int64_t>(figures_.answers_bytes) * 3 / 2;
  if (figures_.rss_end > allowed) {
    stage_.report(memory, "the bridge has " + std::to_string(figures_.rss_end) + " bytes, began with " +
                              std::to_string(figures_.rss_begin) + " and remembers " +
                              std::to_string(figures_.answers_bytes) + " of answers");
  }
}

void Soak::look_at_the_store() {
  SQLite::Database database(hub_->files().database_path(), SQLite::OPEN_READONLY);
  std::map<std::string, int> titles;
  for (SQLite::Statement rows(database, "SELECT title, COUNT(*) FROM sessions GROUP BY title"); rows.executeStep();) {
    titles[rows.getColumn(0).getString()] = rows.getColumn(1).getInt();
  }
  std::map<std::string, int> messages;
  for (SQLite::Statement rows(database, "SELECT message_id, COUNT(*) FROM messages GROUP BY message_id");
       rows.executeStep();) {
    messages[rows.getColumn(0).getString()] = rows.getColumn(1).getInt();
  }
  for (const auto& request : stage_.ledger.requests) {
    if (request.service != "sessions" || request.answers.empty()) continue;
    const bool is_session = request.kind == "create";
    if (!is_session && request.kind != "append") continue;
    const auto& there = is_session ? titles : messages;
    const auto found = there.find((is_session ? "t" : "m") + std::to_string(request.number));
    const int times = found == there.end() ? 0 : found->second;
    const bool is_due = request.answers.front().success && !(is_session && workload_->is_deleted(request.number));
    // A bridge that was killed meanwhile forgets that it did it; messages have ids of their own.
    const bool may_repeat =
        is_session && stage_.ledger.restarts_between(request.sends.front(), request.answers.back().at) > 0;
    ++stage_.ledger.checked[stored];
    if ((is_due && times < 1) || (times > 1 && !may_repeat)) {
      stage_.report(stored,
                    request.name() + " is stored " + std::to_string(times) + " times: " + request.answers.front().body);
    }
  }
}

}  // namespace strawberry::soak

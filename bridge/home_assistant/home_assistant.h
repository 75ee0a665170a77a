/// Announces the hub and its devices to each user's Home Assistant, and withdraws outdated announcements
/// (docs/home-assistant.md, docs/contract.md, section 11).
///
/// A change only queues an id; run() takes a few ids a turn, compares the wanted state with the ledger on disk, writes
/// the ledger and publishes. Memory holds nothing of what was published.
///
/// Threading: loop only.   Lifetime: outlives run(), which ends after stop().
/// Errors: when the ledger fails, it is retried after Options::retry_after, and the error is logged once until a write
/// succeeds.   Bounds: those of AnnouncementQueue and announcement.h. While more than Options::backlog_max messages
/// wait for the broker, announcements wait, too.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/home_assistant/announcement_queue.h"
#include "bridge/ports/announcements.h"
#include "bridge/skills/skill_registry.h"
#include "bridge/usage/user_limits.h"
#include "common/contract/mqtt_message.h"
#include "common/runtime/asio.h"
#include "common/runtime/loop_affinity.h"

namespace strawberry::bridge {

class HomeAssistant {
 public:
  struct Options {
    bool enabled = true;
    std::set<std::string> off_for;  // ids of users
    std::string hub_version;
    std::size_t backlog_max = 1'000;
    std::chrono::milliseconds retry_after{5'000};
    AnnouncementQueue::Options queue;
  };
  struct Neighbours {
    const DeviceRegistry& devices;
    const SkillRegistry& skills;
    AnnouncementLedger& ledger;
    std::function<UsedToday(const std::string& user_id)> used_today;
    std::function<bool(MqttMessage)> publish;
    std::function<std::size_t()> backlog;  // number of messages that the broker has not acknowledged
  };

  HomeAssistant(asio::io_context& loop, const Clock& clock, Neighbours neighbours, Options options);

  Task<void> run();
  void stop();

  /// Called when connected and every presence is known. The broker may have lost messages: everything is announced
  /// again.
  void start_serving();
  void stop_serving();
  /// Called when a device was registered, renamed, revoked or deleted, or its skills changed.
  void device_changed(const std::string& device_id);
  void presence_changed(const std::string& device_id);
  /// Called when today's numbers of the user have changed.
  void used_more(const std::string& user_id);
  /// Called with a message on homeassistant/status.
  void status_arrived(const MqttMessage& message);

 private:
  using Pending = AnnouncementQueue::Pending;
  using Known = std::unordered_map<std::string, AnnouncedRow>;
  bool is_on(const std::string& user_id) const { return options_.enabled && !options_.off_for.contains(user_id); }
  std::vector<std::string> ids_of(const std::string& user_id) const;
  bool is_wanted(const std::string& id) const;
  std::optional<Announcement> wanted(const std::string& id) const;
  std::string state_of(const std::string& id) const;
  void wake();
  SteadyTime next_turn() const;
  void start_new_day();
  Task<bool> clear_unwanted();
  Task<bool> take_turn();
  void back_off();
  Task<bool> announce(std::vector<Pending> pending);
  bool retry_later(const std::vector<Pending>& pending);
  Plan plan_for(const Pending& pending, const Known& known) const;
  bool carry_out(const std::string& id, const Plan& plan, const Known& known);
  Task<void> forget_cleared();
  bool publish(std::string topic, std::string payload);

  LoopAffinity affinity_;
  const Clock& clock_;
  const Neighbours neighbours_;
  const Options options_;
  AnnouncementQueue queue_;
  asio::steady_timer timer_;
  bool serving_ = false;
  bool stopped_ = false;
  bool has_cleared_unwanted_ = false;
  bool has_failed_ = false;  // since announcements last succeeded
  SteadyTime not_before_{};  // set after a failure
  UtcDay today_;
  std::set<std::string> cleared_;  // cleared at the broker, and still in the ledger
};

}  // namespace strawberry::bridge

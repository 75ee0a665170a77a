/// Tells each user's Home Assistant of the hub and of that user's devices, and takes back what is no longer so
/// (docs/home-assistant.md, docs/contract.md, section 11).
///
/// A change only queues an id; run() takes a few ids a turn, compares what is wanted with the ledger on disk, writes
/// the ledger and publishes. Nothing is kept in memory of what was published.
///
/// Threading: loop only.   Lifetime: outlives run(), which ends after stop().
/// Errors: what the ledger cannot do now is tried again after Options::retry_after, whatever happens meanwhile, and
/// logged once until something succeeds.   Bounds: those of AnnouncementQueue and announcement.h. While more than
/// Options::backlog_max messages wait for the broker, announcements wait, too.
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
    std::set<std::string> off_for;  // users
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
    std::function<std::size_t()> backlog;  // messages that the broker has not acknowledged
  };

  HomeAssistant(asio::io_context& loop, const Clock& clock, Neighbours neighbours, Options options);

  Task<void> run();
  void stop();

  /// Connected, and everybody's presence is known. What the broker has may have been lost: all is announced again.
  void start_serving();
  void stop_serving();
  /// Registered, renamed, revoked or deleted; or its skills changed.
  void device_changed(const std::string& device_id);
  void presence_changed(const std::string& device_id);
  /// The numbers of today.
  void used_more(const std::string& user_id);
  /// On homeassistant/status.
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
  SteadyTime not_before_{};  // after a failure
  UtcDay today_;
  std::set<std::string> cleared_;  // published, and still in the ledger
};

}  // namespace strawberry::bridge

/// Makes the devices that a broker announces devices of the hub: each with a connection and a token of its own,
/// registered once, remembered by its identities, connected while it is announced and available. When it is announced
/// under another name, it is renamed at the hub, too; a name that was set at the hub stays until then.
///
/// Goes gently: one registration at a time, joining_max devices that connect. What the hub refuses ends one device
/// only, which is tried again later, with another token where one can be had; one that has expired is replaced at once.
/// Threading: loop only.   Lifetime: close() before destruction.   Errors: lines to Options::say, each once until the
/// trouble is over.   Bounds: as many devices as the home has; Options.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/spoke/device_skills.h"
#include "cli/spoke/discovery_run/device_files.h"
#include "cli/spoke/discovery_run/enrollment.h"
#include "cli/spoke/discovery_run/membership.h"
#include "cli/spoke/spoke_device.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"
#include "common/text/said_once.h"

namespace strawberry::cli::discovery {

class Fleet {
 public:
  struct Options {
    Endpoint endpoint;
    std::chrono::milliseconds connect_timeout{10'000};
    std::size_t joining_max = 8;
    /// The time in which a newly registered device may be refused: until the broker's plugin has loaded it.
    std::chrono::milliseconds new_device_patience{30'000};
    std::chrono::milliseconds soon{1'000};            // until the next attempt, for short problems
    std::chrono::milliseconds refused_pause{60'000};  // after a refusal; doubled up to the next value
    std::chrono::milliseconds refused_pause_max{600'000};
    std::chrono::milliseconds refused_max{60'000};     // of one that was connected, before that pause
    std::chrono::milliseconds no_room_pause{600'000};  // after the hub had no room for a device
    std::chrono::milliseconds reconnect_max{15'000};
    std::function<std::unique_ptr<DeviceSkills>(const std::string& key)> skills;
    std::function<void(const std::string& line)> say;
    std::function<void(const std::string& line)> say_call;
    std::function<void()> on_change;  // numbers() may have changed
  };
  struct Announced {
    std::string key;
    std::string name;
    std::vector<std::string> identities;
    bool is_available = false;
  };
  struct Numbers {
    std::size_t devices = 0;
    std::size_t connected = 0;
    std::size_t unavailable = 0;  // according to the broker
    std::size_t refused = 0;      // by the hub, for any reason
    friend bool operator==(const Numbers&, const Numbers&) = default;
  };

  Fleet(asio::io_context& loop, const Clock& clock, DeviceFiles& files, Enrollment& enrollment, Options options);
  ~Fleet();

  /// A new device, or one with another name or other skills.
  void announce(const Announced& device);
  void set_available(const std::string& key, bool is_available);
  void remove(const std::string& key);
  Numbers numbers() const;
  Task<void> close();

 private:
  struct Member;
  using MemberPtr = std::shared_ptr<Member>;

  void look_soon();
  void look_at(SteadyTime time);
  void look();
  void take(Step step, const MemberPtr& member);
  void spawn(Task<void> task);
  void begin_asking(Member& member);
  void end_asking(Member& member);
  Task<void> enroll(MemberPtr member);
  bool store(Member& member);
  Task<void> get_token(MemberPtr member);
  bool is_ready_to_join(Member& member);
  void begin_joining(const MemberPtr& member);
  Task<void> be_there(MemberPtr member);
  void rename_if_needed(const MemberPtr& member);
  Task<void> rename(MemberPtr member);
  SpokeDevice::Options spoke_options(const MemberPtr& member);
  void not_let_in(Member& member, const CliError& why, bool is_refused);
  void say_of(Member& member, const std::string& trouble);
  void say_of_hub(const std::string& trouble);
  std::chrono::milliseconds next_refused_pause(Member& member) const;

  asio::io_context& loop_;
  const Clock& clock_;
  DeviceFiles& files_;
  Enrollment& enrollment_;
  const Options options_;
  std::map<std::string, MemberPtr> members_;  // by key
  asio::steady_timer look_timer_;
  SteadyTime look_at_ = SteadyTime::max();  // when it is due
  bool looks_soon_ = false;
  std::size_t joining_ = 0;
  bool is_asking_ = false;          // a registration or a token is requested
  SteadyTime enroll_not_before_{};  // the hub had no room
  SaidOnce hub_troubles_;
  std::size_t tasks_ = 0;
  bool closing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace strawberry::cli::discovery

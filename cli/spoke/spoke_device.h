/// A device made of a program's skills: connects as the device, registers them, keeps them and its token valid, and
/// passes incoming calls to a SkillRunner.
///
/// Registers whenever `hub/state` says online, which it does after every connect (it is retained) and when the bridge
/// is back; and when the hub counts other skills than these. A registration that fails is tried again. A token of which
/// a third is left is renewed and handed to Options::keep_token; the connection goes on with the old one, which ends
/// it, and comes back with the new one. What was due while the hub was away is done when it is back. A token
/// that is refused later is tried again seldom, and at once when another one is put there; nothing here can replace one
/// that has expired. Threading: loop only.   Lifetime: close() or withdraw() before destruction, and
/// none of its tasks under way.   Errors: join() ends with what cannot be put right by trying again, Options::give_up
/// tells what ends a device that has joined (LossPolicy); all else is said and tried again: each line once, until that
/// trouble is over. Bounds: SkillRunner's; SaidOnce's, of lines.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/connect_directory.h"
#include "cli/hub_connection.h"
#include "cli/spoke/loss_policy.h"
#include "cli/spoke/skill_runner.h"
#include "common/contract/recent_calls.h"
#include "common/runtime/asio.h"
#include "common/text/said_once.h"

namespace strawberry::cli {

inline constexpr const char* tried_again = "; it is tried again";

class SpokeDevice {
 public:
  enum class News {
    connection,  // connected or disconnected
    call,        // a skill was called
    away,        // the hub's broker, since the connection was lost or from the start
    trouble,
  };
  struct Options {
    HubConnection::Options connection;  // endpoint, who, token, timeout; the other members are set here
    /// Stores a renewed token where `connection.token` finds it. If empty, no token is renewed.
    std::function<Outcome<void>(const std::string& token)> keep_token;
    std::function<void(const std::string& line)> say;  // prints for people
    /// Replaces `say` for one of many devices.
    std::function<void(News kind, const std::string& line)> say_news;
    /// Called when it connects, and when it disconnects.
    std::function<void(bool is_connected)> on_connection;
    LossPolicy::Options loss{};
    /// Give up at once when the token is refused and has expired: somebody else has another one.
    bool gives_up_when_expired = false;
    RecentCalls::Options memory{std::chrono::minutes(10), 4096, 8 * 1024 * 1024};
    /// Called once, when a retry would be useless: the device runs twice, or its token is refused.
    std::function<void(CliError why)> give_up;
    std::string new_token_hint;  // how to get a valid token
    // The hub drops skills without a heartbeat for 30 minutes (contract, section 4).
    std::chrono::milliseconds heartbeat_every = std::chrono::minutes(10);
    std::chrono::milliseconds retry_after{2'000};
    std::chrono::milliseconds patience{10'000};      // for one answer of the hub
    std::chrono::milliseconds look_at_token{1'000};  // for another one, while the one there was is refused
  };

  /// `skills` must outlive it.
  SpokeDevice(asio::io_context& loop, DeviceSkills& skills, Options options);

  /// Connects and registers; returns why that failed, also after stop_joining().
  Task<Outcome<void>> join();
  /// Makes a running join() end soon, with an error; close() follows.
  void stop_joining();
  /// Registers again, since the skills have changed.
  void offer();
  Task<void> close();
  /// Registers the current skills, for example none, and closes.
  Task<void> withdraw();
  /// Renames the device at the hub; returns the new name, with a number if another device of its user has that name.
  Task<Outcome<std::string>> rename(std::string name);
  bool is_connected() const { return connected_; }

 private:
  HubConnection::Options connection();
  void received(const MqttMessage& message);
  void connected();
  void hub_is(const std::string& state);
  void lost(const std::string& reason);
  void refused(const std::string& words);
  void look_for_another_token(std::string refused);
  bool has_expired() const;
  void give_up(std::string why);
  void set_connected(bool is_connected);
  void tell(News kind, const std::string& line) const;
  void spawn(Task<void> task);
  Task<void> register_skills(std::uint64_t registration);
  Task<Outcome<void>> register_once();
  void beat_later(std::chrono::milliseconds after);
  Task<void> beat();
  void renew_token_later(std::chrono::milliseconds least);
  std::chrono::milliseconds renewal_pause() const;
  Task<void> renew_token();
  Task<Outcome<void>> renew_token_once();

  asio::io_context& loop_;
  Options options_;
  SystemClock clock_;
  DeviceSkills& skills_;
  std::size_t registered_ = 0;  // skills
  LossPolicy loss_policy_;
  const std::string call_topic_;
  const std::string result_topic_;
  HubConnection hub_;
  SkillRunner runner_;
  asio::steady_timer heartbeat_;
  asio::steady_timer renewal_;
  asio::steady_timer token_watch_;
  OneShot<Outcome<void>> joined_;
  bool connected_ = false;
  bool hub_is_there_ = false;       // and not only its broker
  std::uint64_t registration_ = 0;  // the latest: what comes of earlier ones does not matter
  bool closing_ = false;
  std::size_t tasks_ = 0;  // under way
  SaidOnce losses_;
  SaidOnce registration_troubles_;
  SaidOnce renewal_troubles_;
};

}  // namespace strawberry::cli

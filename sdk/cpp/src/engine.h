/// A running Spoke: one thread that keeps it connected and registered, and the parts that the thread drives.
///
/// The thread connects, waits for the hub's state, registers, sends heartbeats, renews the token, sends messages kept
/// offline, and reconnects after a loss. All else happens on Paho's threads (briefly), on the threads of the calls and
/// on those of the callers.
/// Threading: any, except the thread's own parts.   Lifetime: stop() before destruction (Spoke does).
/// Errors: HubError for requests; all other errors are logged.   Bounds: those of its parts.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "common/text/said_once.h"
#include "sdk/cpp/include/strawberry/spoke.h"
#include "sdk/cpp/src/access.h"
#include "sdk/cpp/src/call_desk.h"
#include "sdk/cpp/src/offline_file.h"
#include "sdk/cpp/src/post.h"
#include "sdk/cpp/src/reconnect_policy.h"
#include "sdk/cpp/src/requests.h"
#include "sdk/cpp/src/say.h"

namespace strawberry {

class __attribute__((visibility("hidden"))) Spoke::Engine {
 public:
  explicit Engine(SpokeOptions options);
  ~Engine();

  void add(const std::string& signature, const std::string& docstring, SkillFunction function,
           const SkillOptions& options);
  void start();
  void stop();
  int run();
  bool wait_until_ready(std::chrono::milliseconds timeout);
  bool is_online() const;
  std::string id() const;
  nlohmann::json ask(Service service, nlohmann::json body, std::chrono::milliseconds timeout,
                     const sdk::Requests::Wait& wait = {});
  std::string keep(const Said& said);
  SyncResult sync();

 private:
  /// Events that Paho's threads report to the thread.
  struct News {
    std::optional<sdk::LinkFailure> lost;
    std::string hub_state;
    std::uint64_t hub_states = 0;  // number received
  };
  using Failure = sdk::LinkFailure;

  void keep_connected();
  /// Runs until the connection is lost, or it must be renewed (nullopt), or the Spoke stops.
  std::optional<Failure> serve(const std::shared_ptr<sdk::MqttLink>& link, const sdk::Access& access);
  Result<void, Failure> connect(const sdk::Access& access, std::shared_ptr<sdk::MqttLink>& link);
  void retire(std::shared_ptr<sdk::MqttLink>& link);
  std::string explained(const sdk::Access& access, const std::string& why);
  bool give_up(const Failure& failure);
  void pause(std::chrono::milliseconds time);
  void say_once(const Failure& failure);
  void ended(int code);
  /// A static object, since abandoned threads may use it after everything else is gone.
  static const SystemClock& system_clock();

  void look_at_hub(const sdk::Access& access);
  void register_skills();
  void beat();
  void renew_token(const sdk::Access& access);
  void send_offline();
  nlohmann::json ask_as_keeper(Service service, nlohmann::json body);
  /// Call with offline_mutex_ locked.
  sdk::OfflineFile& offline();
  SyncResult sync_with(const std::function<nlohmann::json(nlohmann::json body)>& ask_hub);

  const SpokeOptions options_;
  const sdk::Say say_;
  const std::shared_ptr<sdk::Post> post_;
  sdk::AccessSource source_;
  sdk::ReconnectPolicy policy_;
  sdk::Requests requests_;
  sdk::CallDesk desk_;

  std::mutex control_mutex_;  // for start(), stop()
  std::thread thread_;
  std::atomic<bool> stops_{false};
  std::atomic<bool> ends_when_refused_{false};

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_:
  News news_;
  bool has_started_ = false;
  bool is_connected_ = false;
  bool is_hub_online_ = false;
  bool is_registered_ = false;
  bool skills_changed_ = false;
  bool has_kept_ = false;  // messages that have not been sent yet
  std::optional<int> exit_code_;
  std::string why_not_connected_;
  SaidOnce losses_;

  std::mutex sync_mutex_;  // locked before offline_mutex_
  std::mutex offline_mutex_;
  std::unique_ptr<sdk::OfflineFile> offline_;

  // Used by the thread only:
  std::uint64_t hub_states_seen_ = 0;
  SteadyTime next_beat_{};
  SteadyTime next_register_{};
  SteadyTime next_renewal_{};
  SteadyTime next_sync_{};
  bool has_new_token_ = false;
  std::string unexplained_;  // why there is no connection, as Paho says it; and in better words
  std::string explained_;
  SaidOnce keeper_troubles_;  // of the hub's answers, since the connection was made
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace strawberry

/// A Spoke as small as they come: a speaker that offers MusicControlSkill and plays, in words, what it is told to.
///
/// A call that comes again gets the answer it got before, and nothing is played twice (recent_calls.h).
/// Threading: loop only.   Lifetime: close() before destruction.   Errors: a call it cannot make sense of is answered
/// with `success: false`.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/demo/household.h"
#include "cli/hub_connection.h"
#include "cli/spoke/loss_policy.h"
#include "common/contract/recent_calls.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"

namespace strawberry::cli {

class Speaker {
 public:
  struct Handlers {
    std::function<void(const std::string&)> on_play;  // what the speaker does, in words
    std::function<void(CliError)> give_up;            // called once: it runs twice, or is not let in any more
  };
  /// `token` is asked for at every connect.
  Speaker(asio::io_context& loop, const DemoDevice& device, Endpoint endpoint, std::function<std::string()> token,
          Handlers handlers);

  /// Connects and registers its skills; afterwards comes back by itself whenever the broker does.
  Task<Outcome<void>> join();
  Task<void> close();
  /// The song that is on, empty when none is.
  const std::string& playing() const { return playing_; }

 private:
  Task<Outcome<void>> offer_skills();
  void came_back();
  void lost();
  void keep_alive();
  void called(const MqttMessage& message);
  /// Does what is asked, and gives the answer.
  nlohmann::json run(const nlohmann::json& call);
  Result<nlohmann::json> perform(const std::string& function, const nlohmann::json& args, const nlohmann::json& kwargs);

  asio::io_context& loop_;
  SystemClock clock_;
  LossPolicy loss_policy_{clock_};
  const std::string id_;
  std::function<std::string()> token_;
  Handlers handlers_;
  HubConnection hub_;
  asio::steady_timer heartbeat_;
  RecentCalls recent_calls_{clock_, {}};
  bool joined_ = false;
  std::string playing_;
  std::int64_t volume_ = 50;
};

}  // namespace strawberry::cli

/// Requests to the hub: each waits in the thread that sent it until its reply arrives.
///
/// A request is sent again, under its id, whenever there is a new connection or the hub has come back: the hub runs it
/// once (docs/contract.md, section 3).
/// Threading: ask() in any thread but a link's; received() and the rest from any.   Errors: ask() throws HubError.
/// Bounds: Options; beyond `event_bytes_max` waiting for a slow reader, pieces of text are dropped (the answer has
/// them).
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/topics.h"
#include "common/text/clock.h"
#include "sdk/cpp/include/strawberry/hub_error.h"

namespace strawberry::sdk {

class Requests {
 public:
  struct Options {
    std::size_t pending_max = 1'000;
    std::size_t events_max = 10'000;
    std::size_t event_bytes_max = 8 * 1024 * 1024;
    /// Additional time in which the hub's own `timeout` can arrive.
    std::chrono::milliseconds grace{500};
  };
  struct Outgoing {
    Service service{};
    std::string text;
    SteadyTime until;
  };
  /// Callbacks on the requesting thread.
  struct Wait {
    std::function<void(const std::string& event, const nlohmann::json& data)> on_event;
    /// Called every 50 ms; may throw, which ends the wait.
    std::function<void(const std::string& correlation_id)> on_pause;
  };

  /// `send`: returns false when full. `why_not`: returns why there is no connection; empty when there is one.
  Requests(const Clock& clock, Options options, std::function<bool(Outgoing)> send,
           std::function<std::string()> why_not);

  /// Returns the `result` of the reply.
  nlohmann::json ask(Service service, nlohmann::json body, std::chrono::milliseconds timeout, const Wait& wait);
  void received(std::string_view payload);
  /// Called when there is a connection, or the hub is back: sends all pending requests (again).
  void send_all();
  void link_down();
  /// Ends all pending requests with `stopped`, and later ones, too, until start().
  void stop();
  void start();
  bool is_idle() const;

 private:
  struct Event {
    std::string name;
    nlohmann::json data;
    std::size_t bytes = 0;
  };
  struct Pending {
    Outgoing outgoing;
    std::condition_variable changed;
    std::deque<Event> events;
    std::size_t event_bytes = 0;
    bool is_over = false;
    nlohmann::json reply;
  };

  void take_events(Pending& pending, const Wait& wait, std::unique_lock<std::mutex>& lock);
  nlohmann::json result_of(Pending& pending) const;

  const Clock& clock_;
  const Options options_;
  const std::function<bool(Outgoing)> send_;
  const std::function<std::string()> why_not_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Pending>, std::less<>> pending_;
  bool link_is_up_ = false;
  bool stopped_ = false;
};

}  // namespace strawberry::sdk

/// Tells the broker's plugin which devices have changed, as soon as they are stored, so that it need not find out by
/// its look once a second: when changed() returns, a new device can connect and be seen by its user, and a revoked one
/// has lost its rights.
///
/// One message is under way at a time; what changes meanwhile goes with the next one, up to control_ids_max ids each. A
/// plugin that does not acknowledge within `patience` is not waited for again until it does: everything still works
/// then, a second later.
///
/// Threading: loop only.   Lifetime: must outlive every coroutine in changed().
/// Bounds: Options; beyond waiting_max ids, changed() returns at once.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/control.h"
#include "common/contract/mqtt_message.h"
#include "common/runtime/asio.h"
#include "common/runtime/loop_affinity.h"
#include "common/runtime/task.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class PluginControl {
 public:
  struct Options {
    std::chrono::milliseconds patience{250};
    /// How often a plugin that does not acknowledge is tried again.
    std::chrono::milliseconds retry_after{1'000};
    std::size_t waiting_max = 100'000;
  };
  /// `publish` returns false when the message cannot be sent.
  PluginControl(asio::io_context& loop, const Clock& clock, std::function<bool(MqttMessage)> publish, Options options);

  /// `ids`: devices and one-time tokens that were added, changed or removed; stored already. Returns when the plugin
  /// has read them, or when it is not worth waiting for it.
  Task<void> changed(std::vector<std::string> ids);
  /// Something arrived on control_response_topic.
  void response_arrived(std::string_view payload);
  /// The broker is gone: whatever it may have learned, it will read the database when it starts. Ends all waiting.
  void lost();

 private:
  struct Batch {
    explicit Batch(asio::io_context& loop) : done(loop, asio::steady_timer::time_point::max()) {}
    std::uint64_t number = 0;  // of the message; 0: not sent yet
    std::vector<std::string> ids;
    asio::steady_timer done;  // cancelled when it is
    bool is_done = false;
  };

  std::shared_ptr<Batch> add(std::vector<std::string> ids);
  void send_next();
  void finish_first();
  void give_up();

  LoopAffinity affinity_;
  asio::io_context& context_;
  const Clock& clock_;
  const std::function<bool(MqttMessage)> publish_;
  const Options options_;
  std::deque<std::shared_ptr<Batch>> batches_;  // the first is under way
  std::size_t waiting_ = 0;                     // ids in batches_
  bool answers_ = true;
  SteadyTime try_again_{};
  std::uint64_t last_number_ = 0;
  asio::steady_timer patience_;
};

}  // namespace strawberry::bridge

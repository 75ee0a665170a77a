/// Informs the broker's plugin which devices have changed as soon as they are stored, so that it need not wait for its
/// check once a second: when changed() returns, a new device can connect and is visible to its user, and a revoked one
/// has lost its rights.
///
/// One message is sent at a time; changes that occur meanwhile are in the next one, up to control_ids_max ids each. If
/// the plugin does not acknowledge within `patience`, changed() does not wait again until it does: everything still
/// works then, a second later.
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
    /// How often a message is retried with a plugin that does not acknowledge.
    std::chrono::milliseconds retry_after{1'000};
    std::size_t waiting_max = 100'000;
  };
  /// `publish` returns false when the message cannot be sent.
  PluginControl(asio::io_context& loop, const Clock& clock, std::function<bool(MqttMessage)> publish, Options options);

  /// `ids`: devices and one-time tokens that were added, changed or removed, and stored. Returns when the plugin has
  /// read them, or at once when it does not acknowledge or too much waits.
  Task<void> changed(std::vector<std::string> ids);
  /// Called with a message on control_response_topic.
  void response_arrived(std::string_view payload);
  /// Called when the connection to the broker is lost. Ends all waiting: the plugin reads the database when the broker
  /// starts.
  void lost();

 private:
  struct Batch {
    explicit Batch(asio::io_context& loop) : done(loop, asio::steady_timer::time_point::max()) {}
    std::uint64_t number = 0;  // of the message; 0: not sent yet
    std::vector<std::string> ids;
    asio::steady_timer done;  // cancelled when the batch is done
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
  std::deque<std::shared_ptr<Batch>> batches_;  // the first one was sent
  std::size_t waiting_ = 0;                     // ids in batches_
  bool answers_ = true;
  SteadyTime try_again_{};
  std::uint64_t last_number_ = 0;
  asio::steady_timer patience_;
};

}  // namespace strawberry::bridge

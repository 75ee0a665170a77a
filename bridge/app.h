/// The bridge, put together.
///
/// Life: create() opens what it needs and fails with one sentence; run() connects and serves until request_stop(),
/// answers what is open, and returns. Threading: the loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/runtime/task.h"
#include "common/text/result.h"

namespace strawberry {
struct MqttMessage;
}  // namespace strawberry

namespace strawberry::bridge {

struct Config;

class App {
 public:
  static Result<std::unique_ptr<App>> create(asio::io_context& loop, const Config& config);
  ~App();

  Task<void> run();
  /// Idempotent.
  void request_stop();
  /// Of all services, those that wait for something included.
  std::size_t requests_in_flight() const;

 private:
  struct Parts;  // app_parts.h

  explicit App(std::unique_ptr<Parts> parts);
  void ready();
  void lost(const std::string& reason);
  void receive(MqttMessage message);
  void start_serving();
  void find_local_model();
  Task<void> report_health();
  Task<void> write_usage();
  Task<void> finish_open_work();

  const std::unique_ptr<Parts> parts_;
};

}  // namespace strawberry::bridge

/// A whole hub on its own keys and database: broker with plugin, and the bridge.
///
/// Life: ready for calls when constructed, gone with the object.   Errors: throws.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/broker_process.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bench {

/// Starts a bridge on that data directory and broker; ready when it returns.
std::unique_ptr<test::ChildProcess> start_bridge(const std::string& data_dir, int broker_port,
                                                 std::map<std::string, std::string> environment = {},
                                                 std::vector<std::string> run_by = {});

class Hub {
 public:
  /// More of the bridge's environment; a program that runs the bridge, such as valgrind.
  explicit Hub(const std::map<std::string, std::string>& environment = {}, const std::vector<std::string>& run_by = {});
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  struct Device {
    std::string id;
    std::string token;
  };
  Device add_device(const std::string& name);
  /// A token of the device that may look for skills and call those of one class.
  std::string limited_token(const Device& device, const std::string& class_name);
  const std::string& data_dir() const { return data_dir_; }
  int port() const { return broker_->port(); }
  int broker_pid() const { return broker_->process().pid(); }
  int bridge_pid() const { return bridge_->pid(); }
  test::ChildProcess& bridge() { return *bridge_; }

 private:
  test::TempDir directory_;
  std::string data_dir_ = directory_.file("hub");
  std::unique_ptr<test::BrokerProcess> broker_;
  std::unique_ptr<test::ChildProcess> bridge_;
};

}  // namespace strawberry::bench

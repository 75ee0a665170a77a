/// A hub with a web door, for one test: the real gateway before the real hub, and an HTTP client with a user's token.
///
/// Lifetime: both ready when constructed, ended with the object.   Errors: throws with the process's output.
#pragma once

#include <httplib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {

class GatewayProcess {
 public:
  /// `config`: gateway.toml.
  explicit GatewayProcess(HubProcess& hub, const std::string& config = {});

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  ChildProcess& process() { return *process_; }
  std::string log() const { return process_->output(); }
  int stop() { return process_->terminate(); }

  /// With `Authorization: Bearer`, unless the token is empty.
  httplib::Client client(const std::string& token) const;

 private:
  std::unique_ptr<ChildProcess> process_;
  int port_ = 0;
};

/// A raw connection: sends bytes, reads the answer.
class RawHttp {
 public:
  explicit RawHttp(int port);
  ~RawHttp();
  RawHttp(const RawHttp&) = delete;
  RawHttp& operator=(const RawHttp&) = delete;

  bool send(const std::string& bytes);
  /// Reads until the other side closes, or nothing more arrives for `quiet`.
  std::string read(std::chrono::milliseconds quiet = std::chrono::milliseconds(500));
  /// True once the other side has closed.
  bool is_closed() const { return closed_; }
  void shut();

 private:
  int fd_ = -1;
  bool closed_ = false;
};

}  // namespace strawberry::test

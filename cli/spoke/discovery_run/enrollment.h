/// How a device that a broker announces gets its own token from the hub: by an enroll token that the hub's keys sign
/// for each, on the hub's machine; or registered by a user or a device of the same user, whose token a login has.
///
/// Threading: loop only.   Lifetime: until its tasks have ended.   Errors: CliError, with the hub's code and details.
/// Bounds: one registration at a time; each ends at its timeout.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "cli/hub_connection.h"
#include "cli/identity.h"
#include "cli/outcome.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::cli::discovery {

struct Enrolled {
  std::string device_id;
  std::string name;  // the one that was wanted, or with a number when another device of the user has that
  std::string token;
};

class Enrollment {
 public:
  virtual ~Enrollment() = default;
  virtual Task<Outcome<Enrolled>> enroll(std::string name) = 0;
  /// Another token for a device whose own has expired. Whether the device may still come, the hub decides.
  virtual Task<Outcome<std::string>> new_token(std::string device_id, std::string name) = 0;
  /// What is under way ends soon, without success.
  virtual Task<void> stop() = 0;
};

struct EnrollmentOptions {
  asio::io_context& loop;
  Endpoint endpoint;
  std::chrono::milliseconds timeout{10'000};
};

std::unique_ptr<Enrollment> enroll_with_keys(EnrollmentOptions options, DataDir data_dir, std::string user_id);
std::unique_ptr<Enrollment> enroll_with_login(EnrollmentOptions options, Who who, std::function<std::string()> token);

}  // namespace strawberry::cli::discovery

/// Obtains a token of its own for a device that a broker announces: with an enroll token signed with the hub's keys, on
/// the hub's machine, or registered by a user or a device of the same user, whose token a login has.
///
/// Threading: loop only.   Lifetime: must outlive its tasks.   Errors: CliError, with the hub's code and details.
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
  std::string name;  // the requested one, or with a number when another device of the user has that
  std::string token;
};

class Enrollment {
 public:
  virtual ~Enrollment() = default;
  virtual Task<Outcome<Enrolled>> enroll(std::string name) = 0;
  /// Gets another token for a device whose own has expired. The hub decides whether the device may still connect.
  virtual Task<Outcome<std::string>> new_token(std::string device_id, std::string name) = 0;
  /// Ends current requests soon, without success.
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

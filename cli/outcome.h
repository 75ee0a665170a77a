/// The result of a strawberryctl command: success, or one line for a person and the program's exit code.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace strawberry::cli {

/// The process's exit codes, as `strawberryctl --help` documents them.
enum class ExitCode { ok = 0, refused = 1, usage = 2, unreachable = 3, local = 4 };

/// `message` is one line: the error and its remedy. It never contains a secret.
struct CliError {
  ExitCode code = ExitCode::local;
  std::string message;
  // For programs, if the hub answered with an error, so that none needs to parse the sentence:
  std::string hub_code = {};  // `not_found`
  std::string details = {};   // a JSON object, or empty
  bool is_sent = false;       // no answer came, but the request was on its way: the hub may have done it
};

template <class T>
using Outcome = tl::expected<T, CliError>;

inline tl::unexpected<CliError> cli_error(ExitCode code, std::string message) {
  return tl::unexpected<CliError>(CliError{code, std::move(message)});
}

}  // namespace strawberry::cli

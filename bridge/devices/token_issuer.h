/// Signs tokens with the present keys of the key file, which may change while the bridge runs.
///
/// A key file that has become unusable is logged once, and the previous keys keep signing.
///
/// Threading: loop only.   Errors: Failure or Error, without a secret in it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/contract/error.h"
#include "common/identity/key_file.h"
#include "common/identity/token.h"
#include "common/identity/token_stamp.h"

namespace strawberry::bridge {

class TokenIssuer {
 public:
  explicit TokenIssuer(KeyFile keys) : keys_(std::move(keys)) {}

  struct Issued {
    std::string token;
    std::string kid;  // of the key that signed it
  };
  Result<Issued> issue(const Claims& claims);
  /// Returns the ids of all present keys.
  std::vector<std::string> kids();
  /// As issue(), for a request: an error is `internal`, with its cause for the log.
  Reply<Issued> sign(const Claims& claims);

 private:
  KeyFile keys_;
};

/// Makes `claims` continue the line of the requesting token: they are revoked with its first token, and expire when the
/// line is `line_max` old (0: no limit). `forbidden` when the line is that old already.
std::optional<Error> join_line(const AskingToken& asking, std::chrono::seconds line_max, Claims& claims);

}  // namespace strawberry::bridge

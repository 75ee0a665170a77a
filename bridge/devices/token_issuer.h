/// Signs tokens with the keys as they are now: whoever changes the key file need not tell the bridge.
///
/// A key file that has become unusable is logged once, and the keys of before go on signing.
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
  /// Of the keys that there are.
  std::vector<std::string> kids();
  /// The same for a request: what is wrong is `internal`, with its cause for the log.
  Reply<Issued> sign(const Claims& claims);

 private:
  KeyFile keys_;
};

/// Makes `claims` go on with the line of the token that asks: they die with the first of it, and do not make it longer
/// than `line_max` (0: any time). `forbidden` when the line is that old already.
std::optional<Error> join_line(const AskingToken& asking, std::chrono::seconds line_max, Claims& claims);

}  // namespace strawberry::bridge

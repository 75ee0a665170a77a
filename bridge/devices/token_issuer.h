/// Signs tokens with the keys as they are now: whoever changes the key file need not tell the bridge.
///
/// A key file that has become unusable is logged once, and the keys of before go on signing.
///
/// Threading: loop only.   Errors: Failure without a secret in it.
#pragma once

#include <string>

#include "common/identity/key_file.h"
#include "common/identity/token.h"

namespace strawberry {

class TokenIssuer {
 public:
  explicit TokenIssuer(KeyFile keys) : keys_(std::move(keys)) {}

  struct Issued {
    std::string token;
    std::string kid;  // of the key that signed it
  };
  Result<Issued> issue(const Claims& claims);

 private:
  KeyFile keys_;
};

}  // namespace strawberry

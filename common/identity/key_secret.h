/// The JOSE library's part of a Key. Included by keys.cpp and token.cpp only, so that no other file sees the library.
#pragma once

#include <cjose/cjose.h>
#include <openssl/evp.h>

#include <memory>

#include "common/identity/keys.h"

namespace strawberry {

struct ReleaseJwk {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
};

struct ReleaseMac {
  void operator()(EVP_MAC_CTX* mac) const { EVP_MAC_CTX_free(mac); }
};

struct Key::Secret {
  std::unique_ptr<cjose_jwk_t, ReleaseJwk> jwk;
  std::unique_ptr<EVP_MAC_CTX, ReleaseMac> mac;  // with an HS256 key: duplicated for each use
  std::size_t signature_bytes = 0;               // the exact length
  bool can_sign = false;                         // a secret or private key, not a public one
};

}  // namespace strawberry

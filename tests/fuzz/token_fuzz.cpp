// Any password: read without a crash, and accepted only if it is signed.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/identity/token.h"
#include "tests/fuzz/fuzz_keys.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strawberry;
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  const KeySet& keys = test::fuzz_keys();

  const auto claims = verify_token(keys, token, test::fuzz_now);
  if (!claims) {
    FUZZ_REQUIRE(to_string(claims.error()) != "token_refused");
    if (size > token_bytes_max) FUZZ_REQUIRE(claims.error() == TokenError::too_large);
    if (size == 0) FUZZ_REQUIRE(claims.error() == TokenError::missing);
    return 0;
  }
  FUZZ_REQUIRE(size <= token_bytes_max);
  FUZZ_REQUIRE(claims->expires_at > test::fuzz_now);
  FUZZ_REQUIRE(decode_principal(encode_principal(claims->principal)) == claims->principal);
  // Each token has one text: a change of any bit makes another token, which is not signed.
  std::string changed(token);
  changed.back() = static_cast<char>(changed.back() ^ 1);
  FUZZ_REQUIRE(!verify_token(keys, changed, test::fuzz_now));
  FUZZ_REQUIRE(!verify_token(keys, token.substr(0, size - 1), test::fuzz_now));
  return 0;
}

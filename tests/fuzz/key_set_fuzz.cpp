// A key file with any contents: refused with one sentence, or a usable set.
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "common/identity/token.h"
#include "common/text/base64url.h"
#include "tests/fuzz/fuzz_keys.h"
#include "tests/fuzz/require.h"

namespace strawberry::test {
namespace {

constexpr std::size_t message_bytes_max = 2048;

void require_a_sound_set(const KeySet& keys) {
  FUZZ_REQUIRE(!keys.keys().empty() && keys.keys().size() <= KeySet::keys_max);
  std::set<std::string> kids;
  for (const Key& key : keys.keys()) {
    FUZZ_REQUIRE(to_string(key.algorithm()) != "unknown");
    FUZZ_REQUIRE(key.fingerprint().size() == 32);
    FUZZ_REQUIRE(kids.insert(key.kid()).second);
  }
  FUZZ_REQUIRE(keys.keys().size() == 1 || !kids.contains(""));
}

/// A loaded key must not crash when it verifies a signature, whatever its numbers are.
void verify_something(const KeySet& keys) {
  for (const auto& [algorithm, signature_bytes] :
       {std::pair{"HS256", 32}, {"ES256", 64}, {"RS256", 256}, {"RS256", 384}, {"RS256", 1024}}) {
    const std::string header = std::string(R"({"alg":")") + algorithm + "\"}";
    const std::string signature(static_cast<std::size_t>(signature_bytes), '\x01');
    const std::string token = base64url_encode(header) + ".e30." + base64url_encode(signature);
    const auto claims = verify_token(keys, token, fuzz_now);
    FUZZ_REQUIRE(!claims);
  }
}

void sign_something(const KeySet& keys) {
  if (!keys.can_sign()) return;
  Claims claims;
  claims.principal = {PrincipalType::device, "speaker", "alice"};
  claims.issued_at = fuzz_now;
  claims.expires_at = fuzz_now + std::chrono::hours(1);
  const auto token = issue_token(keys, claims);
  // Private numbers that do not match the public ones make invalid signatures; a secret has only one part.
  if (keys.signing_key().algorithm() != JwsAlgorithm::hs256) return;
  FUZZ_REQUIRE(token);
  FUZZ_REQUIRE(verify_token(keys, *token, fuzz_now));
}

}  // namespace
}  // namespace strawberry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strawberry;
  const auto keys = KeySet::parse({reinterpret_cast<const char*>(data), size});
  if (!keys) {
    FUZZ_REQUIRE(!keys.error().message.empty() && keys.error().message.size() <= test::message_bytes_max);
    FUZZ_REQUIRE(keys.error().message.find('\n') == std::string::npos);
    return 0;
  }
  test::require_a_sound_set(*keys);
  test::verify_something(*keys);
  test::sign_something(*keys);
  return 0;
}

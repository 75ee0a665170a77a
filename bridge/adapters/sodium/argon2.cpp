#include "bridge/adapters/sodium/argon2.h"

#include <sodium.h>

#include <array>

namespace strawberry::bridge {
namespace {

/// Sets libsodium up, once; safe to call from several threads.
bool is_ready() {
  static const bool ready = ::sodium_init() >= 0;
  return ready;
}

}  // namespace

Result<std::string> hash_password(const std::string& password) {
  if (!is_ready()) return fail("libsodium cannot be set up");
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (::crypto_pwhash_str(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
    return fail("not enough memory to hash a password");
  }
  return std::string(hash.data());
}

bool password_matches(const std::string& hash, const std::string& password) {
  if (!is_ready() || hash.size() >= crypto_pwhash_STRBYTES) return false;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  hash.copy(text.data(), hash.size());
  return ::crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

void wipe(std::string& secret) {
  ::sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace strawberry::bridge

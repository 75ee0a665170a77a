/// The hub's signing keys: a JWK Set (RFC 7517) in one private file (common/text/private_file.h).
///
/// Threading: a KeySet is immutable once loaded and may be shared.   Errors: Failure naming the file and the key.
/// Bounds: file 64 KiB, keys_max keys.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/result.h"

namespace strawberry {

enum class JwsAlgorithm { hs256, rs256, es256 };  // RFC 7518, section 3.1

std::string_view to_string(JwsAlgorithm algorithm);

/// One key, pinned to one algorithm: it verifies no other, whatever a token's header says.
class Key {
 public:
  struct Secret;  // the JOSE library's key
  Key(std::string kid, JwsAlgorithm algorithm, std::string fingerprint, std::shared_ptr<const Secret> secret);

  const std::string& kid() const { return kid_; }
  JwsAlgorithm algorithm() const { return algorithm_; }
  /// Identifies the key independently of its name: 32 bytes, the RFC 7638 thumbprint, the same for a private key and
  /// its public half. For comparing only: the fingerprint of a shared secret is made from the secret, so it is never
  /// logged, sent or written to a file.
  const std::string& fingerprint() const { return fingerprint_; }
  /// False for a public key.
  bool can_sign() const;
  const Secret& secret() const { return *secret_; }
  friend bool operator==(const Key& a, const Key& b);

 private:
  std::string kid_;
  JwsAlgorithm algorithm_;
  std::string fingerprint_;
  std::shared_ptr<const Secret> secret_;
};

class KeySet {
 public:
  static constexpr std::size_t keys_max = 16;
  static constexpr std::size_t file_bytes_max = 64 * 1024;

  /// Parses a JWK Set document. Every key needs `kty`, an `alg` that fits it (or none: the kty's default) and, if
  /// there are several, a distinct `kid`. `oct` keys have at least 256 bits.
  static Result<KeySet> parse(std::string_view json);
  /// Reads `path`; refuses a symbolic link, anything but a regular file, and a file that is not private.
  static Result<KeySet> load(const std::string& path);
  /// Writes a new set with one random HS256 key to `path`, mode 0600. Fails if the file exists: keys are never
  /// overwritten. The file appears complete or not at all.
  static Result<void> create(const std::string& path);

  const std::vector<Key>& keys() const { return keys_; }
  /// False when every key is public: such a set only verifies tokens that another service issues.
  bool can_sign() const;
  /// The key that signs new tokens: the first one that can sign. Precondition: can_sign().
  const Key& signing_key() const;
  /// Compares keys, names and order.
  friend bool operator==(const KeySet& a, const KeySet& b) { return a.keys_ == b.keys_; }

 private:
  explicit KeySet(std::vector<Key> keys);
  std::vector<Key> keys_;
};

}  // namespace strawberry

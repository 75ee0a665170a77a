/// The data for a connection, read again for each: the token may have been renewed, here or by hand.
///
/// Threading: read() and keep() from one thread at a time.   Errors: Failure, naming the file and the remedy, never the
/// token.   Bounds: file_bytes_max of a file; a file that other users may read or write is refused.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/private_file.h"
#include "common/text/result.h"
#include "sdk/cpp/include/strawberry/options.h"
#include "sdk/cpp/src/token_claims.h"

namespace strawberry::sdk {

struct Access {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;
  std::string token;
  TokenClaims claims;

  bool is_device() const { return claims.type == PrincipalType::device; }
  std::string where() const { return host + ":" + std::to_string(port); }
};

class AccessSource {
 public:
  static constexpr std::size_t file_bytes_max = 16 * 1024;

  explicit AccessSource(SpokeOptions options) : options_(std::move(options)) {}

  Result<Access> read() const;
  /// Stores a renewed token where read() finds it: each file is replaced as a whole, with mode 0600.
  Result<void> keep(const std::string& token);
  /// Changes when another token is put there.
  FileState state() const;
  /// Returns how to get a valid token.
  std::string remedy(const std::string& id) const;
  /// Returns the file for messages kept offline; empty: none.
  std::string offline_file() const;

 private:
  Result<void> read_directory(Access& access) const;

  SpokeOptions options_;
};

}  // namespace strawberry::sdk

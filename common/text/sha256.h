/// SHA-256, of one piece of text or of many.
///
/// Threading: sha256() any, a Sha256Sum one at a time.   Errors: ends the program when OpenSSL has no SHA-256.
#pragma once

#include <array>
#include <memory>
#include <string_view>

struct evp_md_ctx_st;

namespace strawberry {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);

inline std::string_view as_bytes(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// The digest of text that is added piece by piece.
class Sha256Sum {
 public:
  Sha256Sum();
  void add(std::string_view bytes);
  /// Nothing may be added afterwards.
  Sha256 finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace strawberry

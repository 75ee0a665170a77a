/// A digest of texts that nobody outside this process can make or foresee: SipHash-2-4 of 128 bits with a random key.
/// For finding again what must not be kept, as a token; several times as fast as SHA-256 where the processor has no
/// instructions for that. Of no use outside the object that made it.
///
/// Threading: one thread.   Errors: ends the program when OpenSSL has no SipHash or no random numbers.
#pragma once

#include <array>
#include <memory>
#include <string_view>

struct evp_mac_ctx_st;

namespace strawberry {

class KeyedDigest {
 public:
  using Key = std::array<unsigned char, 16>;
  using Value = std::array<unsigned char, 16>;

  KeyedDigest();
  explicit KeyedDigest(const Key& key);
  ~KeyedDigest();
  KeyedDigest(const KeyedDigest&) = delete;
  KeyedDigest& operator=(const KeyedDigest&) = delete;

  Value of(std::string_view text);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  Key key_;
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace strawberry

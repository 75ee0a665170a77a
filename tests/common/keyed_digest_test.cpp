// Digests by which tokens are found again, and the hash of maps by text.
#include "common/text/keyed_digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/text/by_text.h"
#include "common/text/hex.h"

namespace strawberry {
namespace {

std::string hex(const KeyedDigest::Value& value) {
  std::string text;
  for (const unsigned char byte : value) append_hex(text, static_cast<char>(byte));
  return text;
}

// The first and the last of SipHash's own test vectors: 0 and 63 bytes that count from 0.
TEST(KeyedDigest, IsSipHashOf128Bits) {
  KeyedDigest::Key key{};
  for (unsigned i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(i);
  KeyedDigest digest(key);
  EXPECT_EQ(hex(digest.of("")), "a3817f04ba25a8e66df67214c7550293");
  std::string counting;
  for (char c = 0; c < 63; ++c) counting += c;
  EXPECT_EQ(hex(digest.of(counting)), "5150d1772f50834a503e069a973fbd7c");
  EXPECT_EQ(hex(digest.of("")), "a3817f04ba25a8e66df67214c7550293") << "what came before does not count";
}

TEST(KeyedDigest, IsAnotherForEachTextAndEachObject) {
  KeyedDigest one;
  KeyedDigest other;
  EXPECT_EQ(one.of("a token"), one.of("a token"));
  EXPECT_NE(one.of("a token"), one.of("a token "));
  EXPECT_NE(one.of("a token"), other.of("a token"));
}

TEST(TextHash, ByTextFindsTextsOfAnyLength) {
  ByText<std::size_t> lengths;
  std::set<std::size_t> hashes;
  std::string text;
  for (std::size_t size = 0; size <= 100; ++size) {
    lengths.emplace(text, size);
    hashes.insert(TextHash()(text));
    text += static_cast<char>('a' + size % 26);
  }
  text.clear();
  for (std::size_t size = 0; size <= 100; ++size) {
    const auto found = lengths.find(std::string_view(text));
    ASSERT_NE(found, lengths.end()) << size;
    EXPECT_EQ(found->second, size);
    text += static_cast<char>('a' + size % 26);
  }
  EXPECT_EQ(hashes.size(), 101U) << "no two of them have one hash";
}

TEST(TextHash, EachByteCounts) {
  for (std::size_t size = 1; size <= 40; ++size) {
    std::set<std::size_t> hashes{TextHash()(std::string(size, 'x'))};
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = 'y';
      hashes.insert(TextHash()(text));
    }
    EXPECT_EQ(hashes.size(), size + 1) << size;
  }
}

}  // namespace
}  // namespace strawberry

#include "common/text/ids.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "common/text/hex.h"
#include "common/text/sha256.h"

namespace strawberry {
namespace {

// A table, because ids are checked for every message.
constexpr std::array<bool, 256> id_characters = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) table[c] = is_id_character(static_cast<char>(c));
  return table;
}();

using Uuid = std::array<unsigned char, 16>;

std::string write_uuid(Uuid bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 9562

  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    append_hex(text, static_cast<char>(bytes[i]));
  }
  return text;
}

}  // namespace

bool is_valid_id(std::string_view text) {
  return !text.empty() && text.size() <= id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return id_characters[static_cast<unsigned char>(c)]; });
}

std::string new_id() {
  Uuid bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    std::fputs("strawberry: the system gives no random numbers\n", stderr);
    std::abort();
  }
  return write_uuid(bytes, 4);
}

std::string id_from(std::string_view name) {
  const Sha256 digest = sha256(name);
  Uuid bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return write_uuid(bytes, 8);
}

}  // namespace strawberry

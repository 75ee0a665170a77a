/// SHA-256. Pure.   Errors: ends the program when OpenSSL has none.
#pragma once

#include <array>
#include <string_view>

namespace strawberry {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);

}  // namespace strawberry

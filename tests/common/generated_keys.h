/// Key pairs that are made when the tests run, so that no private key is in the tree.
#pragma once

#include <string>

namespace strawberry::test {

struct GeneratedKeys {
  std::string private_jwks;
  std::string public_jwks;
  std::string public_pem;
};

GeneratedKeys generate_rsa_keys(unsigned bits = 2048);
GeneratedKeys generate_ec_keys(const char* curve = "P-256");

}  // namespace strawberry::test

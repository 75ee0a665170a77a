/// Keys as JSON Web Keys (RFC 7517): makes new ones, and reads the public keys of others.
///
/// Threading: any, no state.   Errors: CliError.   Bounds: a file read here is at most 64 KiB.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/outcome.h"
#include "common/identity/keys.h"

namespace strawberry::cli {

/// Makes a random key that can sign: 256 bits for HS256, RSA with 3072 bits for RS256, P-256 for ES256.
Outcome<nlohmann::json> make_key(JwsAlgorithm algorithm, const std::string& kid);

/// Reads the public key in `path`: PEM ("BEGIN PUBLIC KEY"), a JWK, or a JWK Set of one key. It gets the name `kid`, or
/// keeps its own when that is empty. Refuses files that contain a private or shared secret.
Outcome<nlohmann::json> read_public_key(const std::string& path, const std::string& kid);

}  // namespace strawberry::cli

/// argon2id by libsodium (crypto_pwhash_str), with its interactive limits: 2 passes over 64 MiB.
///
/// Threading: any thread; blocks for as long as it works.   Errors: Failure when there is not enough memory.
#pragma once

#include <string>

#include "common/text/result.h"

namespace strawberry::bridge {

Result<std::string> hash_password(const std::string& password);
/// False, too, for a hash that cannot be read.
bool password_matches(const std::string& hash, const std::string& password);
/// Overwrites it, so that it does not stay in memory.
void wipe(std::string& secret);

}  // namespace strawberry::bridge

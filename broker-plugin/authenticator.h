/// Decides who may connect (docs/contract.md, section 1): the token, the directory, the client id.
///
/// Never blocks: keys and directory are in memory; when the database has changed, only one principal is read again, and
/// one row for a client id that is not the principal's own.
/// Threading: one thread.   Errors: Refusal, with one word for the log.
#pragma once

#include <optional>
#include <string_view>

#include "broker-plugin/connections.h"
#include "broker-plugin/verified_tokens.h"
#include "common/identity/device_directory.h"
#include "common/identity/key_file.h"
#include "common/identity/token.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

struct ConnectAttempt {
  std::string_view client_id;
  std::string_view user_name;  // empty when the client sent none
  std::string_view password;   // the token
  bool is_clean = false;       // the broker discards an earlier session of this client id
};

struct Refusal {
  std::string_view reason;
  std::optional<Principal> principal;  // only when the token is valid
};

class Authenticator {
 public:
  Authenticator(const KeyFile& keys, DeviceDirectory& directory, const Connections& connections, const Clock& clock)
      : keys_(keys), directory_(directory), connections_(connections), clock_(clock) {}

  Result<Claims, Refusal> authenticate(const ConnectAttempt& attempt);
  /// Verifies only the token, for a connection that already has its client id.
  Result<Claims, Refusal> authenticate_token(std::string_view token);

  /// Returns why a connection must end, by directory and keys as last read; empty when it may stay.
  std::string_view objection(const Claims& claims) const;
  /// Returns why a session's queued messages may not be delivered, by the directory as last read; empty when they may.
  std::string_view objection(const StoredSession& session) const;

  /// True when a client id belongs to another principal than the one that connects, or is connected, with it.
  bool is_of_another(std::string_view client_id, const Principal& principal) const;

 private:
  Result<Claims, TokenError> verify(std::string_view token);
  std::string_view objection_to_client_id(const ConnectAttempt& attempt, const Principal& principal) const;

  const KeyFile& keys_;
  DeviceDirectory& directory_;
  const Connections& connections_;
  const Clock& clock_;
  VerifiedTokens verified_{{}};
};

}  // namespace strawberry::plugin

/// Decides who may connect (docs/contract.md, section 1): the token, the directory, the client id.
///
/// Never waits: keys are in memory, and so is the directory; when the database has changed, one principal is read
/// again. Threading: one thread.   Errors: Refusal, with one word for the log.
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
  std::string_view user_name;  // empty when there was none
  std::string_view password;   // the token
  bool is_clean = false;       // whatever session the broker has for this client id is to be thrown away
};

struct Refusal {
  std::string_view reason;
  std::optional<Principal> principal;  // only when the token proved it
};

class Authenticator {
 public:
  Authenticator(const KeyFile& keys, DeviceDirectory& directory, const Connections& connections, const Clock& clock)
      : keys_(keys), directory_(directory), connections_(connections), clock_(clock) {}

  Result<Claims, Refusal> authenticate(const ConnectAttempt& attempt);
  /// The token alone, for a connection that has its client id already.
  Result<Claims, Refusal> authenticate_token(std::string_view token);

  /// Why a connection may not go on, by directory and keys as last read; empty when it may.
  std::string_view objection(const Claims& claims) const;
  /// Why nobody may have what is queued for a session, by the directory as last read; empty when its owner may.
  std::string_view objection(const StoredSession& session) const;

 private:
  Result<Claims, TokenError> verify(std::string_view token);
  std::string_view objection_to_client_id(const ConnectAttempt& attempt, const Principal& principal) const;
  bool is_id_of_another(std::string_view client_id) const;

  const KeyFile& keys_;
  DeviceDirectory& directory_;
  const Connections& connections_;
  const Clock& clock_;
  VerifiedTokens verified_{{}};
};

}  // namespace strawberry::plugin

/// Decides who may connect (docs/contract.md, section 1): the token, the directory, the client id.
///
/// Never waits: keys are in memory, and so is the directory, which is read again only when the database has changed.
/// Threading: one thread.   Errors: Refusal, with one word for the log.
#pragma once

#include <optional>
#include <string_view>

#include "broker-plugin/connections.h"
#include "common/clock.h"
#include "common/device_directory.h"
#include "common/keys.h"
#include "common/token.h"

namespace strawberry {

struct ConnectAttempt {
  std::string_view client_id;
  std::string_view user_name;  // empty when there was none
  std::string_view password;   // the token
};

struct Refusal {
  std::string_view reason;
  std::optional<Principal> principal;  // only when the token proved it
};

class Authenticator {
 public:
  Authenticator(const KeySet& keys, DeviceDirectory& directory, const Connections& connections, const Clock& clock)
      : keys_(keys), directory_(directory), connections_(connections), clock_(clock) {}

  Result<Claims, Refusal> authenticate(const ConnectAttempt& attempt);

  /// Why an open connection may not go on, by the directory as last read; empty when it may.
  std::string_view objection(const Principal& principal, WallTime issued_at) const;

 private:
  std::string_view objection_to_connect(const Claims& claims) const;
  std::string_view objection_to_client_id(std::string_view client_id, const Principal& principal) const;
  bool is_id_of_another(std::string_view client_id) const;

  const KeySet& keys_;
  DeviceDirectory& directory_;
  const Connections& connections_;
  const Clock& clock_;
};

}  // namespace strawberry

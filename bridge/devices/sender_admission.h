/// Whether a principal may ask the bridge for anything now; notes the ids of users and admins, which no device may
/// have.
///
/// Threading: loop only.   Lifetime: outlives what it has spawned.   Errors: an id that cannot be stored is tried again
/// when its principal asks again.
#pragma once

#include <optional>
#include <string>

#include "bridge/devices/device_registry.h"
#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/runtime/asio.h"

namespace strawberry {

class SenderAdmission {
 public:
  SenderAdmission(asio::io_context& loop, const Clock& clock, DeviceRegistry& devices, DeviceStore& store)
      : context_(loop), clock_(clock), devices_(devices), store_(store) {}

  /// Returns nothing, or why not.
  std::optional<Error> admit(const Principal& principal);

 private:
  Task<void> take_id(std::string id);

  asio::io_context& context_;
  const Clock& clock_;
  DeviceRegistry& devices_;
  DeviceStore& store_;
};

}  // namespace strawberry

#include "bridge/devices/token_issuer.h"

#include "bridge/protocol/request_log.h"
#include "bridge/protocol/text.h"

namespace strawberry {

Result<std::string> TokenIssuer::issue(const Claims& claims) {
  const auto changed = keys_.refresh();
  if (!changed) {
    hub_log().warn("{}; tokens are still signed with the keys of before", printable(changed.error().message));
  } else if (*changed && keys_.keys().can_sign()) {
    hub_log().info("new keys in {}: tokens are signed with {}", keys_.path(),
                   printable(keys_.keys().signing_key().kid()));
  }
  return issue_token(keys_.keys(), claims);
}

}  // namespace strawberry

#include "bridge/devices/token_issuer.h"

#include <spdlog/spdlog.h>

#include "bridge/protocol/text.h"

namespace strawberry {

Result<std::string> TokenIssuer::issue(const Claims& claims) {
  const auto changed = keys_.refresh();
  if (!changed) {
    spdlog::warn("{}; tokens are still signed with the keys of before", printable(changed.error().message));
  } else if (*changed && keys_.keys().can_sign()) {
    spdlog::info("new keys in {}: tokens are signed with {}", keys_.path(),
                 printable(keys_.keys().signing_key().kid()));
  }
  return issue_token(keys_.keys(), claims);
}

}  // namespace strawberry

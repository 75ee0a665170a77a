#include "bridge/devices/token_issuer.h"

#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/text/printable.h"

namespace strawberry {

Result<TokenIssuer::Issued> TokenIssuer::issue(const Claims& claims) {
  const auto changed = keys_.refresh();
  if (!changed) {
    hub_log().warn("{}; tokens are still signed with the keys of before", printable(changed.error().message));
  } else if (*changed && keys_.keys().can_sign()) {
    hub_log().info("new keys in {}: tokens are signed with {}", keys_.path(),
                   printable(keys_.keys().signing_key().kid()));
  }
  auto token = issue_token(keys_.keys(), claims);
  if (!token) return tl::unexpected(token.error());
  return Issued{std::move(*token), keys_.keys().signing_key().kid()};
}

}  // namespace strawberry

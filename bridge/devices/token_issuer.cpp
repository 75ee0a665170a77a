#include "bridge/devices/token_issuer.h"

#include <algorithm>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

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

std::vector<std::string> TokenIssuer::kids() {
  (void)keys_.refresh();  // those of before, when they cannot be read: issue() says so
  std::vector<std::string> kids;
  for (const Key& key : keys_.keys().keys()) kids.push_back(key.kid());
  return kids;
}

Reply<TokenIssuer::Issued> TokenIssuer::sign(const Claims& claims) {
  auto issued = issue(claims);
  if (issued) return std::move(*issued);
  auto failed = error(ErrorCode::internal, "the hub cannot sign tokens");
  failed.value().cause = issued.error().message;
  return failed;
}

std::optional<Error> join_line(const AskingToken& asking, std::chrono::seconds line_max, Claims& claims) {
  claims.root_jti = asking.root();
  // Of a token that does not say how old it is the line begins now.
  claims.root_issued_at = asking.root_issued_at != WallTime{} ? asking.root_issued_at
                          : asking.issued_at != WallTime{}    ? asking.issued_at
                                                              : claims.issued_at;
  if (line_max == std::chrono::seconds(0)) return std::nullopt;
  claims.expires_at = std::min(claims.expires_at, claims.root_issued_at + line_max);
  if (claims.expires_at >= claims.issued_at + std::chrono::seconds(1)) return std::nullopt;
  return Error{ErrorCode::forbidden,
               "the first token of this line is older than " +
                   std::to_string(std::chrono::duration_cast<std::chrono::hours>(line_max).count() / 24) +
                   " days: have a new one issued",
               {}};
}

}  // namespace strawberry::bridge

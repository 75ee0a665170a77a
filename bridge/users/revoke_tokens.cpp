#include "bridge/users/revoke_tokens.h"

#include <utility>

#include "bridge/users/user_events.h"
#include "common/contract/control.h"
#include "common/text/ids.h"

namespace strawberry::bridge {

Task<Reply<std::vector<std::string>>> revoke_tokens(
    UserStore& store, Events& events, const std::function<Task<void>(std::vector<std::string> ids)>& tell_plugin,
    TokenChoice which, std::string actor, std::int64_t now_ms) {
  const std::string user_id = which.user_id;
  auto revoked = co_await store.revoke_tokens(std::move(which), now_ms);
  if (!revoked) co_return tl::unexpected(revoked.error());
  std::vector<std::string> known;
  for (const std::string& jti : *revoked) {
    if (is_valid_id(jti) && known.size() < control_ids_max) known.push_back(jti);
  }
  co_await tell_plugin(std::move(known));
  for (const std::string& jti : *revoked)
    events.publish(UserChanged{UserChanged::Change::tokens_revoked, user_id, actor, jti});
  co_return revoked;
}

}  // namespace strawberry::bridge

/// Asks a service without a pipeline, as that does with a request that is valid by its schema: the row of the operation
/// decides who may and for whom, then its handler runs, within the quota if it counts.
#pragma once

#include <string>
#include <utility>

#include "bridge/pipeline/user_quota.h"

namespace strawberry::test {

inline Task<Reply<nlohmann::json>> ask_service(bridge::RequestHandler& service, bridge::Request request,
                                               bridge::UserQuota* quota = nullptr) {
  const bridge::Operation* operation = service.table().find(request.op);
  if (operation == nullptr) co_return error(ErrorCode::unknown_op, "there is no such operation");
  auto acting_user = bridge::permit(service.table(), *operation, request.sender, request.body);
  if (!acting_user) co_return tl::unexpected(acting_user.error());
  request.acting_user = std::move(*acting_user);
  if (quota != nullptr && operation->counts_as != bridge::CountsAs::nothing)
    co_return co_await bridge::run_within(*quota, *operation, service, std::move(request));
  co_return co_await operation->handler(service, std::move(request));
}

}  // namespace strawberry::test

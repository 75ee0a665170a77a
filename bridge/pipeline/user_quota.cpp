#include "bridge/pipeline/user_quota.h"

#include <utility>

namespace strawberry::bridge {

Task<Reply<nlohmann::json>> run_within(UserQuota& quota, const Operation& operation, RequestHandler& service,
                                       Request request) {
  const std::string user_id = request.acting_user;
  if (auto refused = quota.take(user_id)) co_return tl::unexpected<Error>(std::move(*refused));
  auto reply = co_await operation.handler(service, std::move(request));
  const bool did_not_run =
      !reply && (reply.error().code == ErrorCode::bad_request || reply.error().code == ErrorCode::busy);
  if (did_not_run) quota.give_back(user_id);
  co_return reply;
}

}  // namespace strawberry::bridge

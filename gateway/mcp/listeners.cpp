#include "gateway/mcp/listeners.h"

#include <algorithm>

#include "gateway/http/sse.h"
#include "gateway/mcp/era.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr unsigned too_many_requests = 429;
constexpr std::chrono::seconds watching_timeout{3};

json of_subscription(const json& id) {
  json meta;
  meta[meta_subscription] = id;
  return {{"_meta", std::move(meta)}};
}

}  // namespace

struct Listeners::Ear {
  explicit Ear(asio::io_context& loop) : wake(loop) {}
  asio::steady_timer wake;
  bool has_changed = false;
  bool is_over = false;
  bool is_gone = false;
};

namespace {

/// Whoever shares a part of the listeners: an admin's token names no user.
const std::string& user_of(const HubLink& link) {
  const Principal& who = link.principal();
  return who.user_id.empty() ? who.id : who.user_id;
}

Listeners::Options with_share(Listeners::Options options) {
  constexpr std::size_t shares = 4;
  auto& share = options.listeners_per_user_max;
  if (share == 0) share = std::max<std::size_t>(1, options.listeners_max / shares);
  return options;
}

}  // namespace

Listeners::Listeners(asio::io_context& loop, Options options) : loop_(loop), options_(with_share(options)) {}

bool wants_tool_changes(const json& params) { return is_true(member(params, "notifications"), "toolsListChanged"); }

tl::expected<void, RpcError> Listeners::admit(const Exchange& exchange, const HubLink& link,
                                              const Message& message) const {
  if (!member(message.params, "notifications").is_object())
    return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_params, "params.notifications is missing"));
  if (exchange.request.header("accept").find("text/event-stream") == std::string_view::npos)
    return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_request, "Accept must have text/event-stream"));
  const auto of_user = ears_by_user_.find(user_of(link));
  const bool is_users_share_full = of_user != ears_by_user_.end() && of_user->second >= options_.listeners_per_user_max;
  if (ears_.size() >= options_.listeners_max || is_users_share_full ||
      link.watches() >= options_.listeners_per_token_max)
    return tl::unexpected(RpcError(too_many_requests, rpc_code::internal_error, "busy: too many listen already"));
  return {};
}

Task<void> Listeners::serve(Exchange& exchange, std::shared_ptr<HubLink> link, json id, bool wants_tools) {
  const auto ear = std::make_shared<Ear>(loop_);
  ears_.insert(ear.get());
  const std::string user = user_of(*link);
  ++ears_by_user_[user];
  const auto watch = std::make_shared<HubLink::Watch>();
  watch->on_change = [ear, wants_tools] {
    ear->has_changed = ear->has_changed || wants_tools;
    ear->wake.cancel();
  };
  watch->on_lost = [ear] {
    ear->is_over = true;
    ear->wake.cancel();
  };
  exchange.when_gone([ear] {
    ear->is_gone = true;
    ear->wake.cancel();
  });
  ear->is_over = !link->watch(watch);
  // From here on every change is received, so that none after the acknowledgement is missed.
  co_await link->watching(std::chrono::steady_clock::now() + watching_timeout);
  exchange.begin_stream(std::string(sse_content_type));
  json about = of_subscription(id);
  about["notifications"] = json::object();
  if (wants_tools) about["notifications"]["toolsListChanged"] = true;
  std::string piece = sse(rpc_notification("notifications/subscriptions/acknowledged", std::move(about)));
  bool is_there = co_await exchange.write(std::move(piece));
  SteadyTime next_change{};
  while (is_there && !ear->is_over && !ear->is_gone) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (ear->has_changed && now >= next_change) {
      ear->has_changed = false;
      next_change = now + options_.gather;
      piece = sse(rpc_notification("notifications/tools/list_changed", of_subscription(id)));
      is_there = co_await exchange.write(std::move(piece));
      continue;
    }
    const SteadyTime until = ear->has_changed ? next_change : now + options_.keep_alive;
    ear->wake.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(until));
    const auto [interrupted] = co_await ear->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    if (interrupted || ear->has_changed) continue;
    piece = std::string(sse_keep_alive);
    is_there = co_await exchange.write(std::move(piece));
  }
  exchange.when_gone(nullptr);
  link->unwatch(watch);
  ears_.erase(ear.get());
  if (--ears_by_user_[user] == 0) ears_by_user_.erase(user);
  if (ear->is_gone || !is_there) co_return;
  json result = of_subscription(id);
  result["resultType"] = "complete";
  piece = sse(rpc_result(id, std::move(result)));
  co_await exchange.end_stream(std::move(piece));
}

void Listeners::stop() {
  for (Ear* const ear : ears_) {
    ear->is_over = true;
    ear->wake.cancel();
  }
}

}  // namespace strawberry::gateway::mcp

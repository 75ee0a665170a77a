#include "gateway/mcp/waiting_call.h"

#include <algorithm>

#include "gateway/http/sse.h"
#include "gateway/hub/asking.h"
#include "gateway/mcp/rpc.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr unsigned failed_dependency = 424;

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

SignsOfLife::SignsOfLife(Exchange& exchange, json token, Options options)
    : exchange_(exchange),
      token_(std::move(token)),
      options_(options),
      can_stream_(exchange.request.header("accept").find("text/event-stream") != std::string_view::npos),
      last_(now()) {}

SteadyTime SignsOfLife::next() const {
  if (!can_stream_) return SteadyTime::max();
  return last_ + (token_.is_null() ? options_.keep_alive : options_.progress);
}

Task<bool> SignsOfLife::give(std::chrono::milliseconds waited, std::chrono::milliseconds at_most) {
  last_ = now();
  if (!exchange_.has_begun()) exchange_.begin_stream(std::string(sse_content_type));
  std::string piece(sse_keep_alive);
  if (!token_.is_null()) {
    json params{{"progress", static_cast<double>(waited.count()) / 1000},
                {"total", static_cast<double>(at_most.count()) / 1000},
                {"message", "the device has not answered yet"}};
    params["progressToken"] = token_;
    piece = sse(rpc_notification("notifications/progress", std::move(params)));
  }
  const bool is_there = co_await exchange_.write(std::move(piece));
  co_return is_there;
}

Task<tl::expected<json, Problem>> wait_for_call(asio::io_context& loop, std::shared_ptr<HubLink> link, json body,
                                                std::chrono::milliseconds timeout, std::shared_ptr<SignsOfLife> signs) {
  body["timeout_ms"] = timeout.count();
  Asking asking(loop, std::move(link), Service::skills, std::move(body));
  if (!asking.send()) {
    co_return tl::unexpected(problem(503, "unavailable", "the hub is not running, or too much is under way"));
  }
  if (signs) asking.watch(signs->exchange());
  const SteadyTime began = now();
  const SteadyTime deadline = began + timeout + reply_slack;
  while (true) {
    const SteadyTime next = signs ? std::min(deadline, signs->next()) : deadline;
    Asking::Item item = co_await asking.next(next);
    if (item.kind == Asking::Kind::event) continue;
    if (item.kind == Asking::Kind::reply) {
      if (is_true(item.payload, "success")) co_return std::move(item.payload["result"]);
      const json error = member(item.payload, "error");
      co_return tl::unexpected(problem_of(error, true));
    }
    bool is_there = item.kind != Asking::Kind::client_gone;
    if (item.kind == Asking::Kind::too_late && now() < deadline) {
      const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now() - began);
      is_there = co_await signs->give(waited, timeout);
      if (is_there) continue;
    }
    if (!is_there) co_return tl::unexpected(problem(0, "cancelled", "the client is gone"));
    co_return tl::unexpected(problem(failed_dependency, "timeout", "the hub's answer was lost"));
  }
}

}  // namespace strawberry::gateway::mcp

#include "gateway/hub/asking.h"

#include <algorithm>
#include <array>

#include "common/text/ids.h"
#include "gateway/http/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

std::string op_of(const json& body) {
  const auto op = body.find("op");
  return op != body.end() && op->is_string() ? op->get<std::string>() : std::string();
}

/// Returns the scope that a token needs to use the service.
std::string_view scope_for(Service service) {
  switch (service) {
    case Service::skills: return to_string(Scope::skills_read);
    case Service::chat: return to_string(Scope::chat);
    case Service::sessions: return to_string(Scope::sessions);
    case Service::devices: return to_string(Scope::devices_read);
    case Service::users: return to_string(Scope::users);
  }
  return {};
}

}  // namespace

Problem not_in_scope(Service service) {
  Problem refused(403, "forbidden", "the token is limited, and not good for " + std::string(to_string(service)));
  refused.details = {{"reason", "scope"}, {"scope", scope_for(service)}};
  return refused;
}

struct Asking::Queue {
  explicit Queue(asio::io_context& loop) : wake(loop) {}
  void put(Item item) {
    if (items.size() >= events_max && item.kind == Kind::event) {
      if (overflowed) return;
      overflowed = true;
      item = {Kind::overflow, nullptr};
    }
    items.push_back(std::move(item));
    wake.cancel();
  }

  std::deque<Item> items;
  asio::steady_timer wake;
  bool overflowed = false;
};

Asking::Asking(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service, json body)
    : link_(std::move(link)),
      service_(service),
      body_(std::move(body)),
      correlation_id_(correlation_id_of(body_)),
      queue_(std::make_shared<Queue>(loop)) {}

Asking::~Asking() {
  if (watched_ != nullptr) watched_->when_gone(nullptr);
  if (call_) link_->forget(call_);
}

bool Asking::send() {
  if (link_->is_hub_offline()) return false;
  call_ = std::make_shared<HubLink::Call>();
  call_->on_event = [queue = queue_](json event) { queue->put({Kind::event, std::move(event)}); };
  call_->on_reply = [queue = queue_](json reply) { queue->put({Kind::reply, std::move(reply)}); };
  call_->on_lost = [queue = queue_] { queue->put({Kind::lost, nullptr}); };
  if (link_->call(service_, body_, call_)) return true;
  call_.reset();
  return false;
}

void Asking::watch(Exchange& exchange) {
  watched_ = &exchange;
  exchange.when_gone([queue = queue_] { queue->put({Kind::client_gone, nullptr}); });
}

Task<Asking::Item> Asking::next(SteadyTime deadline) {
  const auto queue = queue_;
  while (queue->items.empty()) {
    queue->wake.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(deadline));
    const auto [error] = co_await queue->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error && queue->items.empty()) co_return Item();
  }
  Item item = std::move(queue->items.front());
  queue->items.pop_front();
  co_return item;
}

std::string correlation_id_of(json& body) {
  auto& id = body["correlation_id"];
  if (!id.is_string() || id.get_ref<const std::string&>().empty()) id = new_id();
  return id.get<std::string>();
}

bool only_reads(Service service, const std::string& op) {
  const auto is_one_of = [&](std::initializer_list<const char*> ops) {
    return std::any_of(ops.begin(), ops.end(), [&](const char* one) { return op == one; });
  };
  switch (service) {
    case Service::skills: return is_one_of({"list", "search", "describe", "tools", "heartbeat"});
    case Service::sessions: return is_one_of({"list", "get", "messages"});
    case Service::devices: return is_one_of({"list", "get", "me"});
    case Service::chat: return is_one_of({"usage", "models"});
    case Service::users:
      return is_one_of(
          {"me", "tokens", "list", "get", "quota", "audit", "export", "backups", "get_backup", "read_backup"});
  }
  return false;
}

Task<tl::expected<json, Problem>> ask(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service,
                                      json body) {
  const bool reads = only_reads(service, op_of(body));
  const auto given = body.find("timeout_ms");
  const bool has_timeout = given != body.end() && given->is_number_unsigned();
  const std::chrono::milliseconds timeout =
      has_timeout ? std::min(std::chrono::milliseconds(given->get<std::uint32_t>()), chat_timeout_default)
                  : request_timeout_default;
  if (given == body.end()) body["timeout_ms"] = timeout.count();
  // Checked here, since the broker would refuse it without naming the request.
  if (!has_scope_for(link->scopes(), service)) co_return tl::unexpected(not_in_scope(service));
  Asking asking(loop, std::move(link), service, std::move(body));
  if (!asking.send()) {
    co_return tl::unexpected(problem(503, "unavailable", "the hub is not running, or too much is under way"));
  }
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout + reply_slack;
  while (true) {
    Asking::Item item = co_await asking.next(deadline);
    if (item.kind == Asking::Kind::event) continue;
    if (item.kind == Asking::Kind::reply) {
      const auto success = item.payload.find("success");
      if (success->is_boolean() && success->get<bool>()) co_return std::move(item.payload["result"]);
      const json error = member(item.payload, "error");
      // The only error of the hub after which a skill or change may have run.
      const bool may_have_run = !reads && text_member(error, "code") == "internal";
      co_return tl::unexpected(problem_of(error, may_have_run));
    }
    if (reads) co_return tl::unexpected(problem(503, "unavailable", "the hub did not answer: ask again"));
    co_return tl::unexpected(
        problem(424, "timeout", "the hub's answer was lost: whether it did what was asked is unknown"));
  }
}

}  // namespace strawberry::gateway

#include "sdk/cpp/src/requests.h"

#include <algorithm>
#include <utility>

#include "common/contract/bounded_json.h"
#include "common/contract/correlation_id.h"
#include "common/contract/envelope.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t request_bytes_max = 256 * 1024;  // contract, section 3
constexpr std::size_t reply_bytes_max = 4 * 1024 * 1024;
constexpr milliseconds pause{50};

json error_reply(const char* code, const std::string& message) {
  return {{"success", false}, {"error", {{"code", code}, {"message", message}, {"retryable", true}}}};
}

}  // namespace

Requests::Requests(const Clock& clock, Options options, std::function<bool(Outgoing)> send,
                   std::function<std::string()> why_not)
    : clock_(clock), options_(options), send_(std::move(send)), why_not_(std::move(why_not)) {}

json Requests::ask(Service service, json body, milliseconds timeout, const Wait& wait) {
  timeout = std::clamp(timeout, milliseconds(1), timeout_max);
  const std::string id = new_id();
  body["correlation_id"] = id;
  body["timeout_ms"] = timeout.count();
  auto pending = std::make_shared<Pending>();
  pending->outgoing = {service, to_text(body), clock_.steady_now() + timeout};
  if (pending->outgoing.text.size() > request_bytes_max)
    throw HubError("too_large", "the request has " + std::to_string(pending->outgoing.text.size()) +
                                    " bytes (at most " + std::to_string(request_bytes_max) + ")");
  const SteadyTime deadline = pending->outgoing.until + options_.grace;
  bool is_sent = true;
  std::unique_lock lock(mutex_);
  if (stopped_) throw HubError("stopped", "the Spoke is stopped");
  if (pending_.size() >= options_.pending_max)
    throw HubError("busy", "too many requests under way: " + std::to_string(pending_.size()), true);
  pending_.emplace(id, pending);
  struct Forget {
    Requests& requests;
    const std::string& id;
    std::unique_lock<std::mutex>& lock;
    ~Forget() {
      if (!lock.owns_lock()) lock.lock();
      requests.pending_.erase(id);
    }
  } const forget{*this, id, lock};
  if (link_is_up_) {
    lock.unlock();
    is_sent = send_(pending->outgoing);
    lock.lock();
  }
  if (!is_sent) throw HubError("busy", "too much waits to be sent", true);
  while (!pending->is_over) {
    const SteadyTime now = clock_.steady_now();
    if (now >= deadline) {
      lock.unlock();
      const std::string why = why_not_();
      if (!why.empty()) throw HubError("unreachable", "no connection to the hub: " + why, true);
      throw HubError("timeout", "the hub did not answer in " + std::to_string(timeout.count()) + " ms", true);
    }
    pending->changed.wait_until(lock, wait.on_pause ? std::min<SteadyTime>(deadline, now + pause) : deadline);
    take_events(*pending, wait, lock);
    if (!wait.on_pause || pending->is_over) continue;
    lock.unlock();
    wait.on_pause(id);
    lock.lock();
  }
  take_events(*pending, wait, lock);
  return result_of(*pending);
}

void Requests::take_events(Pending& pending, const Wait& wait, std::unique_lock<std::mutex>& lock) {
  while (!pending.events.empty()) {
    const Event event = std::move(pending.events.front());
    pending.events.pop_front();
    pending.event_bytes -= event.bytes;
    if (!wait.on_event) continue;
    lock.unlock();
    wait.on_event(event.name, event.data);
    lock.lock();
  }
}

json Requests::result_of(Pending& pending) const {
  json& reply = pending.reply;
  if (is_true(reply, "success")) return reply.value("result", json());
  const json error = reply.value("error", json::object());
  const std::string code = text_member(error, "code");
  std::string message = text_member(error, "message");
  if (message.empty()) message = "the hub refused it";
  throw HubError(code.empty() ? "internal" : code, printable(message, 1000), is_true(error, "retryable"),
                 error.is_object() ? error.value("details", json()) : json());
}

void Requests::received(std::string_view payload) {
  const auto id = find_correlation_id(payload);
  if (!id) return;
  {
    const std::lock_guard lock(mutex_);
    if (!pending_.contains(*id)) return;  // of another connection of the same principal, or too late
  }
  json message = parse_bounded_json(payload, reply_bytes_max);
  if (!message.is_object()) message = error_reply("internal", "the hub's reply cannot be read");
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find(*id);
  if (found == pending_.end() || found->second->is_over) return;
  Pending& pending = *found->second;
  if (message.contains("success")) {
    pending.reply = std::move(message);
    pending.is_over = true;
  } else {
    Event event{text_member(message, "event"), message.value("data", json::object()), payload.size()};
    const bool is_full =
        pending.events.size() >= options_.events_max || pending.event_bytes + event.bytes > options_.event_bytes_max;
    if (is_full && event.name == "delta") return;
    pending.event_bytes += event.bytes;
    pending.events.push_back(std::move(event));
  }
  pending.changed.notify_all();
}

void Requests::send_all() {
  std::vector<Outgoing> all;
  {
    const std::lock_guard lock(mutex_);
    link_is_up_ = true;
    for (const auto& [id, pending] : pending_) {
      if (!pending->is_over) all.push_back(pending->outgoing);
    }
  }
  for (Outgoing& each : all) send_(std::move(each));
}

void Requests::link_down() {
  const std::lock_guard lock(mutex_);
  link_is_up_ = false;
}

void Requests::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (auto& [id, pending] : pending_) {
    if (!pending->is_over) pending->reply = error_reply("stopped", "the Spoke is stopped");
    pending->is_over = true;
    pending->changed.notify_all();
  }
}

void Requests::start() {
  const std::lock_guard lock(mutex_);
  stopped_ = false;
}

bool Requests::is_idle() const {
  const std::lock_guard lock(mutex_);
  return pending_.empty();
}

}  // namespace strawberry::sdk

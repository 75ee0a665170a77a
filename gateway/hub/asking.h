/// One request to the hub: its events and its reply, one after the other, for one coroutine.
///
/// Threading: loop only.   Lifetime: after its destruction no more answers of the request are received.
/// Bounds: events_max wait for the coroutine; one more gives `overflow`, once.
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "gateway/http/errors.h"
#include "gateway/http/exchange.h"
#include "gateway/hub/hub_link.h"

namespace strawberry::gateway {

class Asking {
 public:
  static constexpr std::size_t events_max = 10'000;

  enum class Kind { event, reply, lost, client_gone, too_late, overflow };
  struct Item {
    Item() = default;  // no aggregate: g++ 12 copies those badly out of coroutines
    Item(Kind what, nlohmann::json message) : kind(what), payload(std::move(message)) {}
    Kind kind = Kind::too_late;
    nlohmann::json payload;  // of an event or a reply: the whole message
  };

  /// Adds a correlation_id to `body` when it has none.
  Asking(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service, nlohmann::json body);
  ~Asking();
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  /// Returns false when the hub cannot be reached: then nothing has run.
  bool send();
  /// Waits for the next item; returns `too_late` at `deadline`.
  Task<Item> next(SteadyTime deadline);
  /// From now on next() also returns `client_gone`, once, when the exchange's client disconnects.
  void watch(Exchange& exchange);

  const std::string& correlation_id() const { return correlation_id_; }
  HubLink& link() { return *link_; }

 private:
  struct Queue;

  std::shared_ptr<HubLink> link_;
  const Service service_;
  nlohmann::json body_;
  std::string correlation_id_;
  std::shared_ptr<Queue> queue_;
  std::shared_ptr<HubLink::Call> call_;
  Exchange* watched_ = nullptr;
};

/// The error for a token that has no scope for a service (has_scope_for()).
Problem not_in_scope(Service service);

/// Returns the request's correlation id, and adds one when it has none.
std::string correlation_id_of(nlohmann::json& body);

/// Returns whether an operation changes nothing, so that it can be repeated when its answer was lost.
bool only_reads(Service service, const std::string& op);

/// Runs one request and returns its `result`. Errors are those of the hub; `unavailable` when it cannot be reached, and
/// `timeout` when no answer came, or `unavailable` if the operation only reads.
Task<tl::expected<nlohmann::json, Problem>> ask(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service,
                                                nlohmann::json body);

/// The hub's time for a request without timeout_ms, and the additional time that its answer may take to arrive.
inline constexpr std::chrono::milliseconds request_timeout_default{30'000};
inline constexpr std::chrono::milliseconds chat_timeout_default{120'000};
inline constexpr std::chrono::milliseconds reply_slack{2'000};

}  // namespace strawberry::gateway

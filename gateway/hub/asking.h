/// One request to the hub while it is under way: its events and its reply, one after the other, for one coroutine.
///
/// Threading: loop only.   Lifetime: with its end, nothing of the request is heard any more.
/// Bounds: events_max wait for who takes them; more is `overflow`, once.
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
    nlohmann::json payload;  // of an event and of a reply: the whole message
  };

  /// `body` gets a correlation_id when it has none.
  Asking(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service, nlohmann::json body);
  ~Asking();
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  /// False when the hub cannot be asked: then nothing has run.
  bool send();
  /// The next that happens; `too_late` at `deadline`.
  Task<Item> next(SteadyTime deadline);
  /// Also `client_gone`, once, when the exchange's client goes.
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

/// What a token is told that has no scope for a service (has_scope_for()).
Problem not_in_scope(Service service);

/// The request's correlation id; it gets one when it has none.
std::string correlation_id_of(nlohmann::json& body);

/// Whether an operation changes nothing: then it can be asked again when its answer was lost.
bool only_reads(Service service, const std::string& op);

/// One request, and its `result`. The errors are those of the hub; `unavailable` when it cannot be asked, `timeout`
/// when no answer came, which for what only reads is `unavailable`, too.
Task<tl::expected<nlohmann::json, Problem>> ask(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service,
                                                nlohmann::json body);

/// How long the hub has for a request that does not say so, and how much longer its answer may take to arrive.
inline constexpr std::chrono::milliseconds request_timeout_default{30'000};
inline constexpr std::chrono::milliseconds chat_timeout_default{120'000};
inline constexpr std::chrono::milliseconds reply_slack{2'000};

}  // namespace strawberry::gateway

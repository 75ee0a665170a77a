/// Takes every request of every service, through any door, and answers each with exactly one reply.
///
/// For all services it does the following: lets users and their principals take turns, checks the envelope, the
/// request's schema and, by the operation's row, the principal and the acting user (operation.h), recognises
/// duplicates, limits the requests in flight, enforces users' quotas, and answers in a service's place when that
/// exceeds its deadline. A deadline counts from when the request was sent, as far as the door knows. The pipeline knows
/// no transport: a door (mqtt_door/) passes the principal, and takes the answers.
///
/// Publishes the events of request_events.h.
///
/// Threading: loop only.   Lifetime: outlives its requests; end_all() answers those that are left.
/// Bounds: Options; beyond them the answer is `busy` at once, and nothing runs; also when answers to the principal
/// cannot be sent as fast as it sends requests. It then gets at most busy_answers_per_second_max of those answers. An
/// answer or event that the sink does not accept is lost, but the reply is remembered: a repeated request gets it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bridge/pipeline/in_flight.h"
#include "bridge/pipeline/operation_index.h"
#include "bridge/pipeline/reply_cache.h"
#include "bridge/pipeline/service.h"
#include "bridge/pipeline/user_quota.h"
#include "common/contract/envelope.h"
#include "common/runtime/asio.h"
#include "common/runtime/events.h"
#include "common/runtime/fair_queue.h"
#include "common/runtime/loop_affinity.h"
#include "common/runtime/task.h"
#include "common/runtime/user_rate.h"

namespace strawberry {
class RequestSchemas;
}  // namespace strawberry

namespace strawberry::bridge {

/// A request as a door passes it.
struct IncomingRequest {
  Principal sender;
  Service service = Service::skills;
  std::string payload;
  /// Identifies the request besides its correlation_id, for example MQTT's Correlation Data.
  std::optional<std::string> transport_id;
  /// The door's objection to the request, which is then the answer.
  std::optional<Error> refusal;
  /// The token of a request to the services `devices` and `users`.
  std::optional<AskingToken> token;
  /// The rights of the token.
  Rights rights = {};
  /// When the transport received it, where known: the same when it delivers the request again.
  std::optional<WallTime> published_at;
  /// Limited to the time of arrival.
  SteadyTime sent_at;
  /// How long after its arrival the client stops waiting, where the transport says so.
  std::optional<std::chrono::seconds> expires_in;
};

/// Sends the events and the one reply of a request.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// Returns false when the payload is not accepted: then it is lost.
  virtual bool send(std::string payload) = 0;
  /// Bytes that a message adds to its payload, for the limit on answers.
  virtual std::size_t overhead_bytes() const = 0;
};

class RequestPipeline {
 public:
  struct Options {
    std::size_t payload_bytes_max = 256 * 1024;
    std::size_t reply_bytes_max = 1024 * 1024;
    std::size_t requests_in_flight_max = 10'000;
    std::size_t requests_in_flight_per_user_max = 2'000;
    std::size_t requests_in_flight_per_sender_max = 500;
    /// Arrived, and not yet read.
    std::size_t requests_waiting_max = 20'000;
    std::size_t requests_waiting_per_sender_max = 1'000;
    std::size_t waiting_bytes_max = 64 * 1024 * 1024;
    /// To one principal, a burst of four seconds' worth; further requests get no answer. 0: no limit.
    std::int64_t busy_answers_per_second_max = 1'000;
    /// Started before the loop handles other events, such as results and new arrivals.
    std::size_t requests_begun_at_once_max = 16;
    /// How long after its deadline a service may still give its own answer.
    std::chrono::milliseconds grace{100};
    ReplyCache::Options replies;
  };
  struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::uint64_t repeated = 0;
    std::uint64_t busy = 0;     // refused: too many requests wait or are in flight
    std::uint64_t silent = 0;   // of them, those without an answer
    std::uint64_t overdue = 0;  // not run: the deadline had passed when it arrived
    std::size_t in_flight = 0;
  };

  RequestPipeline(asio::io_context& loop, const Clock& clock, const RequestSchemas& schemas, Events& events,
                  Options options);

  /// Returns why a principal may use no service, or nothing. Not set: all principals may.
  using Admission = std::function<std::optional<Error>(const Principal& sender)>;
  void admit_with(Admission admission) { admission_ = std::move(admission); }
  /// Returns the standing of a user. Not set: all are members.
  using StandingOf = std::function<UserStanding(const std::string& user_id)>;
  void know_users_by(StandingOf standing_of) { standing_of_ = std::move(standing_of); }
  /// True when too many answers to the principal wait, so that its requests are `busy`. Not set: always false.
  using BackedUp = std::function<bool(const std::string& id)>;
  void busy_when(BackedUp is_backed_up) { is_backed_up_ = std::move(is_backed_up); }
  /// The service is not owned; must be added before the first message.
  void add(RequestHandler& service) { operations_.add(service, schemas_); }
  /// Sets the quota for operations that count as `what`; no quota means no limits.
  void limit_with(CountsAs what, UserQuota& quota) { quotas_[static_cast<std::size_t>(what)] = &quota; }
  void submit(IncomingRequest request, std::unique_ptr<ReplySink> sink);
  /// Starts no request until release(); arriving ones wait, within the same limits.
  void hold() { is_held_ = true; }
  void release();
  /// From now on new requests get `shutting_down`.
  void refuse_new() { refusing_ = true; }
  /// Answers every open request; later replies of its service are ignored.
  void end_all(const Error& why);
  /// Waits until every request has its answer, or until `deadline`. One caller at a time.
  Task<void> drained(SteadyTime deadline);

  Counters counters() const {
    Counters now = counters_;
    now.in_flight = in_flight_.size();
    return now;
  }
  std::size_t waiting() const { return waiting_.size(); }
  /// Returns the number of requests that wait or are active.
  std::size_t unanswered() const { return waiting_.size() + open_.size(); }
  const ReplyCache& replies() const { return replies_; }

 private:
  struct Exchange;
  struct Waiting {
    IncomingRequest request;
    std::unique_ptr<ReplySink> sink;
    SteadyTime arrived_at;
  };

  void pump_soon();
  void pump();
  void notice_drained();
  void turn_away(Waiting waiting);
  void answer_busy(Exchange& exchange, const char* why);
  void begin(Waiting waiting);
  static std::shared_ptr<Exchange> open(Waiting& waiting);
  std::optional<Error> objection(Exchange& exchange, const nlohmann::json& body) const;
  void part_done(Exchange& exchange);
  bool is_too_large(const Exchange& exchange, const std::string& payload) const;
  void run(std::shared_ptr<Exchange> exchange, Request request);
  void finish(Exchange& exchange, const Reply<nlohmann::json>& reply);
  void end_overdue();
  void arm_overdue();
  void answer(Exchange& exchange, const Reply<nlohmann::json>& reply);
  void audit(const Exchange& exchange, const Reply<nlohmann::json>& reply) const;
  void log_outcome(const Exchange& exchange, const Reply<nlohmann::json>& reply, std::chrono::nanoseconds took) const;
  std::optional<Error> read(IncomingRequest& incoming, Exchange& exchange, Envelope& envelope);
  Request make_request(const std::shared_ptr<Exchange>& exchange, Envelope envelope, const IncomingRequest& incoming);

  LoopAffinity loop_;
  asio::io_context& context_;
  const Clock& clock_;
  const RequestSchemas& schemas_;
  Events& events_;
  Admission admission_;
  StandingOf standing_of_;
  BackedUp is_backed_up_;
  Options options_;
  OperationIndex operations_;
  std::array<UserQuota*, quotas_count> quotas_{};  // index: CountsAs; the first stays null
  ReplyCache replies_;
  UserRate busy_answers_;  // key: principal
  Counters counters_;
  FairQueue<Waiting> waiting_;
  bool is_pumping_ = false;  // pump() was posted
  bool is_held_ = false;
  std::multimap<SteadyTime, std::shared_ptr<Exchange>> open_;  // not yet answered, by the pipeline's own deadline
  asio::steady_timer overdue_;
  asio::steady_timer drained_;  // cancelled when nothing is left to answer
  std::optional<SteadyTime> armed_for_;
  InFlight in_flight_;
  bool refusing_ = false;
};

}  // namespace strawberry::bridge

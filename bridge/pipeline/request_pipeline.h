/// Every request of every service comes in here, through whichever door, and leaves as exactly one reply.
///
/// What it does for all services alike: lets users and their senders take turns, checks the envelope, the request's
/// schema and, by the operation's row, who may ask and for which user (operation.h), recognises duplicates, bounds what
/// is in flight, keeps users within their quotas, and answers in a service's place when that overruns its deadline. A
/// deadline counts from when the request was sent, as far as the door knows. It knows no transport: a door (mqtt_door/)
/// says who asks, and takes the answers.
///
/// Publishes request_events.h.
///
/// Threading: loop only.   Lifetime: outlives its requests; end_all() answers what is left of them.
/// Bounds: Options; beyond them the answer is `busy` at once, and nothing runs; the same when answers to the sender
/// cannot leave as fast as it asks. Who sends on gets no more than busy_answers_per_second_max of those answers. An
/// answer or event that the sink does not take is lost, but what ran is remembered: the request sent again gets it.
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

/// A request as a door hands it in.
struct IncomingRequest {
  Principal sender;
  Service service = Service::skills;
  std::string payload;
  /// What names the request beside its correlation_id, for example MQTT's Correlation Data.
  std::optional<std::string> transport_id;
  /// What the door has against it: the answer.
  std::optional<Error> refusal;
  /// By which token, of a request to the services `devices` and `users`.
  std::optional<AskingToken> token;
  /// What that token may do.
  Rights rights = {};
  /// When the transport took it in, where it says so: the same when it delivers the request again.
  std::optional<WallTime> published_at;
  /// A time after the request arrived counts as its arrival.
  SteadyTime sent_at;
  /// How long after its arrival the sender stops waiting, where the transport says so.
  std::optional<std::chrono::seconds> expires_in;
};

/// Where the events and the one reply of a request go.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// False when it is not taken: then it is lost.
  virtual bool send(std::string payload) = 0;
  /// What a message is larger than its payload, for the limit on answers.
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
    /// Arrived, and not looked at yet.
    std::size_t requests_waiting_max = 20'000;
    std::size_t requests_waiting_per_sender_max = 1'000;
    std::size_t waiting_bytes_max = 64 * 1024 * 1024;
    /// To one sender, four seconds' worth of them at once; what is beyond gets no answer. 0: any number.
    std::int64_t busy_answers_per_second_max = 1'000;
    /// Begun before the loop looks after other things, such as results and new arrivals.
    std::size_t requests_begun_at_once_max = 16;
    /// How long after its deadline a service may still give its own answer.
    std::chrono::milliseconds grace{100};
    ReplyCache::Options replies;
  };
  struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::uint64_t repeated = 0;
    std::uint64_t busy = 0;     // turned away: too much waits or is in flight
    std::uint64_t silent = 0;   // of them, those without an answer
    std::uint64_t overdue = 0;  // not run: the deadline had passed when it came here
    std::size_t in_flight = 0;
  };

  RequestPipeline(asio::io_context& loop, const Clock& clock, const RequestSchemas& schemas, Events& events,
                  Options options);

  /// Who may ask at all, whatever the service: nothing, or why not. Everybody when not set.
  using Admission = std::function<std::optional<Error>(const Principal& sender)>;
  void admit_with(Admission admission) { admission_ = std::move(admission); }
  /// What users are: members when not set.
  using StandingOf = std::function<UserStanding(const std::string& user_id)>;
  void know_users_by(StandingOf standing_of) { standing_of_ = std::move(standing_of); }
  /// Whose requests are `busy` because too many of its answers have not left yet. Nobody's when not set.
  using BackedUp = std::function<bool(const std::string& id)>;
  void busy_when(BackedUp is_backed_up) { is_backed_up_ = std::move(is_backed_up); }
  /// Not owned; added before the first message.
  void add(RequestHandler& service) { operations_.add(service, schemas_); }
  /// Operations that count as `what` run within this quota; without limits when none is set.
  void limit_with(CountsAs what, UserQuota& quota) { quotas_[static_cast<std::size_t>(what)] = &quota; }
  void submit(IncomingRequest request, std::unique_ptr<ReplySink> sink);
  /// Nothing is begun until release(); what arrives waits, within the same bounds.
  void hold() { is_held_ = true; }
  void release();
  /// From now on new requests get `shutting_down`.
  void refuse_new() { refusing_ = true; }
  /// Answers every request that is still open; what its service says later is dropped.
  void end_all(const Error& why);
  /// Until every request has its answer, or until `deadline`. One caller at a time.
  Task<void> drained(SteadyTime deadline);

  Counters counters() const {
    Counters now = counters_;
    now.in_flight = in_flight_.size();
    return now;
  }
  std::size_t waiting() const { return waiting_.size(); }
  /// Requests that wait or are being worked on.
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
  std::array<UserQuota*, quotas_count> quotas_{};  // by what counts; the first stays null
  ReplyCache replies_;
  UserRate busy_answers_;  // by sender
  Counters counters_;
  FairQueue<Waiting> waiting_;
  bool is_pumping_ = false;  // pump() will be called
  bool is_held_ = false;
  std::multimap<SteadyTime, std::shared_ptr<Exchange>> open_;  // not answered yet, by when they are answered for
  asio::steady_timer overdue_;
  asio::steady_timer drained_;  // cancelled when there is nothing left to answer
  std::optional<SteadyTime> armed_for_;
  InFlight in_flight_;
  bool refusing_ = false;
};

}  // namespace strawberry::bridge

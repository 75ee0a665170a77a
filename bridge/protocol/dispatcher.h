/// Every request of every service comes in here and leaves as exactly one reply.
///
/// What it does for all services alike: believes only the principal that the broker plugin stamped on the message,
/// ignores retained requests, lets users and their senders take turns, checks the envelope, the Response Topic and the
/// request's schema, recognises duplicates, bounds what is in flight, and answers in a service's place when that
/// overruns its deadline. A deadline counts from when the broker took the request in.
///
/// Threading: loop only.   Lifetime: outlives its requests; end_all() answers what is left of them.
/// Bounds: Options; beyond them the answer is `busy` at once, and nothing runs; the same when answers to the sender
/// cannot leave as fast as it asks. Who sends on gets no more than busy_answers_per_second_max of those answers. An
/// answer or event that `publish` does not take is lost, but what ran is remembered: the request sent again gets it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "bridge/core/asio.h"
#include "bridge/core/fair_queue.h"
#include "bridge/core/loop_affinity.h"
#include "bridge/core/mqtt_message.h"
#include "bridge/core/user_rate.h"
#include "bridge/protocol/envelope.h"
#include "bridge/protocol/reply_cache.h"
#include "bridge/protocol/service.h"

namespace strawberry {

class RequestSchemas;

class Dispatcher {
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
    std::uint64_t ignored = 0;  // retained, or without a principal
    std::uint64_t busy = 0;     // turned away: too much waits or is in flight
    std::uint64_t silent = 0;   // of them, those without an answer
    std::uint64_t overdue = 0;  // not run: the deadline had passed when it came here
    std::size_t in_flight = 0;
  };
  /// One request that got its answer.
  struct Answered {
    Service service;
    std::string_view op;             // as the sender wrote it: untrusted, empty when it could not be read
    std::optional<ErrorCode> error;  // nothing: it succeeded
    std::chrono::nanoseconds took;   // since it arrived here
  };
  using Publish = std::function<bool(MqttMessage)>;

  Dispatcher(asio::io_context& loop, const Clock& clock, const RequestSchemas& schemas, Publish publish,
             Options options);

  /// Who may ask at all, whatever the service: nothing, or why not. Everybody when not set.
  using Admission = std::function<std::optional<Error>(const Principal& sender)>;
  void admit_with(Admission admission) { admission_ = std::move(admission); }
  /// Whose requests are `busy` because too many of its answers have not left yet. Nobody's when not set.
  using BackedUp = std::function<bool(const std::string& id)>;
  void busy_when(BackedUp is_backed_up) { is_backed_up_ = std::move(is_backed_up); }
  /// Told of every answer, except those given again from memory.
  void observe_with(std::function<void(const Answered&)> observer) { observer_ = std::move(observer); }
  /// An answer that an admin should hear of: `forbidden`, or what an admin was given of somebody else's conversations.
  /// `subject`: the device or user it was about, where the request names one; `error`: null when it was done.
  using Audit =
      std::function<void(const Principal& sender, const std::string& action, const std::string& subject, const Error*)>;
  void audit_with(Audit audit) { audit_ = std::move(audit); }
  /// Not owned; registered before the first message.
  void add(RequestHandler& handler);
  /// A message on `<service>/{id}/request`.
  void receive(MqttMessage message);
  /// Nothing is begun until release(); what arrives waits, within the same bounds.
  void hold() { is_held_ = true; }
  void release();
  /// From now on new requests get `shutting_down`.
  void refuse_new() { refusing_ = true; }
  /// Answers every request that is still open; what its service says later is dropped.
  void end_all(const Error& why);

  const Counters& counters() const { return counters_; }
  std::size_t waiting() const { return waiting_.size(); }
  /// Requests that wait or are being worked on.
  std::size_t unanswered() const { return waiting_.size() + open_.size(); }
  const ReplyCache& replies() const { return replies_; }

 private:
  struct Exchange;
  struct Waiting {
    MqttMessage message;
    Principal sender;
    SteadyTime arrived_at;
  };
  using Counts = std::unordered_map<std::string, std::size_t>;

  SteadyTime sent_at(const Waiting& waiting) const;
  void pump_soon();
  void pump();
  void turn_away(const Waiting& waiting);
  void answer_busy(Exchange& exchange, const char* why);
  void begin(Waiting waiting);
  std::shared_ptr<Exchange> open(const Waiting& waiting) const;
  bool is_busy(const Principal& sender) const;
  void count_in(const Exchange& exchange);
  void count_out(const Exchange& exchange);
  std::optional<Error> objection(Exchange& exchange, const nlohmann::json& body) const;
  void part_done(Exchange& exchange);
  bool is_too_large(const Exchange& exchange, const std::string& payload) const;
  void run(std::shared_ptr<Exchange> exchange, RequestHandler& handler, Request request);
  void finish(Exchange& exchange, const Reply<nlohmann::json>& reply);
  void end_overdue();
  void arm_overdue();
  void answer(Exchange& exchange, const Reply<nlohmann::json>& reply);
  void audit(const Exchange& exchange, const Reply<nlohmann::json>& reply) const;
  void log_outcome(const Exchange& exchange, const Reply<nlohmann::json>& reply, std::chrono::nanoseconds took) const;
  std::optional<Error> read(const MqttMessage& message, Exchange& exchange, Envelope& envelope);
  Request make_request(const std::shared_ptr<Exchange>& exchange, Envelope envelope, const RequestHandler& handler,
                       const MqttMessage& message);

  LoopAffinity loop_;
  asio::io_context& context_;
  const Clock& clock_;
  const RequestSchemas& schemas_;
  Publish publish_;
  Admission admission_;
  BackedUp is_backed_up_;
  std::function<void(const Answered&)> observer_;
  Audit audit_;
  Options options_;
  std::array<RequestHandler*, 4> handlers_{};
  ReplyCache replies_;
  UserRate busy_answers_;  // by sender
  Counters counters_;
  FairQueue<Waiting> waiting_;
  bool is_pumping_ = false;  // pump() will be called
  bool is_held_ = false;
  std::multimap<SteadyTime, std::shared_ptr<Exchange>> open_;  // not answered yet, by when they are answered for
  asio::steady_timer overdue_;
  std::optional<SteadyTime> armed_for_;
  Counts in_flight_by_sender_;
  Counts in_flight_by_user_;
  bool refusing_ = false;
};

/// The sender the broker plugin vouches for; nothing when it is missing or, in the second form, does not fit the
/// topic's id.
std::optional<Principal> stamped_principal(const MqttMessage& message);
std::optional<Principal> stamped_principal(const MqttMessage& message, std::string_view topic_id);
/// When the broker took the message in, as the plugin says; nothing when it does not.
std::optional<WallTime> stamped_time(const MqttMessage& message);
/// By which token it was made; nothing when the plugin does not say.
std::optional<AskingToken> stamped_token(const MqttMessage& message);

}  // namespace strawberry

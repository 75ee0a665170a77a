#include "bridge/pipeline/request_pipeline.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "bridge/pipeline/request_events.h"
#include "bridge/pipeline/request_log.h"
#include "common/contract/correlation_id.h"
#include "common/contract/request_content.h"
#include "common/contract/schemas/request_schemas.h"
#include "common/runtime/asio.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// What a request to the devices service is about. Not every operation's schema knows the member: it may be anything.
std::string device_named_in(Service service, const json& body) {
  const auto id = body.find("device_id");
  return service == Service::devices && id != body.end() && id->is_string() ? id->get<std::string>() : std::string();
}

/// Over how long the number of `busy` answers to one sender is counted: a burst within it is answered in full.
constexpr std::chrono::seconds busy_answer_seconds{4};

/// An answer that says the request did not run: sending it again must not get the same answer from memory.
bool was_turned_away(const Reply<json>& reply) {
  if (reply) return false;
  const auto code = reply.error().code;
  return code == ErrorCode::busy || code == ErrorCode::rate_limited || code == ErrorCode::quota_exceeded ||
         code == ErrorCode::shutting_down;
}

}  // namespace

/// One request on its way: where the reply goes, and under which name it is remembered.
struct RequestPipeline::Exchange {
  Principal sender;
  Service service = Service::skills;
  std::unique_ptr<ReplySink> sink;
  std::string op;
  const OperationIndex::Entry* operation = nullptr;  // null until it is known
  std::string acting_user;
  Allowance allowance;
  Rights token_rights;
  std::optional<std::string> transport_id;
  std::optional<std::string> correlation_id;
  std::string reply_key;        // empty: nothing to recognise it by
  std::uint64_t content = 0;    // what it asks, to tell it from another under the same key
  std::string subject;          // the device or user that the request names, for the audit
  bool is_for_another = false;  // an admin acts for a user
  SteadyTime sent_at;           // as near as we know
  SteadyTime arrived_at;        // here
  std::uint64_t events = 0;
  bool answered = false;
  int open_parts = 2;                                                   // the service at work, and its answer
  std::multimap<SteadyTime, std::shared_ptr<Exchange>>::iterator open;  // as long as it is not answered

  std::string_view log_id() const {
    if (correlation_id) return *correlation_id;
    return transport_id ? std::string_view(*transport_id) : std::string_view();
  }
  RequestLog log() const { return RequestLog({log_id(), sender.id, to_string(service), op}); }
};

RequestPipeline::RequestPipeline(asio::io_context& loop, const Clock& clock, const RequestSchemas& schemas,
                                 Events& events, Options options)
    : context_(loop),
      clock_(clock),
      schemas_(schemas),
      events_(events),
      options_(options),
      replies_(clock, options.replies),
      busy_answers_(clock, {options.busy_answers_per_second_max * busy_answer_seconds.count(), busy_answer_seconds}),
      waiting_({options.requests_waiting_max, options.requests_waiting_per_sender_max, options.waiting_bytes_max}),
      overdue_(loop),
      drained_(loop),
      in_flight_({options.requests_in_flight_max, options.requests_in_flight_per_user_max,
                  options.requests_in_flight_per_sender_max}) {}

// --- in ---

void RequestPipeline::submit(IncomingRequest request, std::unique_ptr<ReplySink> sink) {
  loop_.check();
  ++counters_.requests;
  const std::string user = request.sender.user_id;
  const std::string id = request.sender.id;
  const std::size_t bytes = request.payload.size();
  Waiting waiting{std::move(request), std::move(sink), clock_.steady_now()};
  if (!waiting_.has_room_for(user, id, bytes)) return turn_away(std::move(waiting));
  waiting_.push(user, id, std::move(waiting), bytes);
  pump_soon();
}

void RequestPipeline::release() {
  is_held_ = false;
  pump_soon();
}

void RequestPipeline::pump_soon() {
  if (is_held_ || waiting_.empty() || std::exchange(is_pumping_, true)) return;
  asio::post(context_, [this] { pump(); });
}

Task<void> RequestPipeline::drained(SteadyTime deadline) {
  while (unanswered() > 0 && clock_.steady_now() < deadline) {
    drained_.expires_after(deadline - clock_.steady_now());
    (void)co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void RequestPipeline::notice_drained() {
  if (unanswered() == 0) drained_.cancel();
}

void RequestPipeline::pump() {
  is_pumping_ = false;
  for (std::size_t n = 0; n < options_.requests_begun_at_once_max && !is_held_; ++n) {
    auto waiting = waiting_.pop();
    if (!waiting) break;
    begin(std::move(*waiting));
  }
  notice_drained();
  pump_soon();
}

std::shared_ptr<RequestPipeline::Exchange> RequestPipeline::open(Waiting& waiting) {
  auto exchange = std::make_shared<Exchange>();
  exchange->sender = waiting.request.sender;
  exchange->service = waiting.request.service;
  exchange->sink = std::move(waiting.sink);
  exchange->sent_at = std::min(waiting.request.sent_at, waiting.arrived_at);
  exchange->arrived_at = waiting.arrived_at;
  exchange->transport_id = waiting.request.transport_id;
  exchange->token_rights = std::move(waiting.request.rights);
  return exchange;
}

/// Answers without reading more of the request than how to answer it.
void RequestPipeline::turn_away(Waiting waiting) {
  auto exchange = open(waiting);
  exchange->correlation_id = find_correlation_id(waiting.request.payload);
  answer_busy(*exchange, "too many requests wait");
}

void RequestPipeline::answer_busy(Exchange& exchange, const char* why) {
  ++counters_.busy;
  if (!busy_answers_.take(exchange.sender.id)) {
    return answer(exchange, error(ErrorCode::busy, why, {{"retry_after_ms", 1000}}));
  }
  ++counters_.silent;
  replies_.forget(exchange.reply_key);
  log_for("").warn("{}: more than {} answers of busy a second; the others get none", encode_principal(exchange.sender),
                   options_.busy_answers_per_second_max);
}

void RequestPipeline::begin(Waiting waiting) {
  auto exchange = open(waiting);
  Envelope envelope;
  if (auto problem = read(waiting.request, *exchange, envelope)) {
    return answer(*exchange, tl::unexpected<Error>(std::move(*problem)));
  }
  if (!exchange->reply_key.empty()) {
    auto seen = replies_.begin(exchange->reply_key, exchange->content);
    if (seen.is_another) {
      exchange->reply_key.clear();  // what is remembered under it is the other's
      return answer(*exchange,
                    error(ErrorCode::bad_request,
                          "another request was sent under this id within the last ten minutes; nothing ran",
                          {{"path", exchange->correlation_id ? "/correlation_id" : ""}, {"reason", "id_reused"}}));
    }
    if (!seen.is_new()) {
      ++counters_.repeated;
      exchange->log().debug("asked again: {}", seen.payload ? "it gets the same answer"
                                               : seen.ran   ? "its answer is no longer kept"
                                                            : "it is under way");
      if (seen.payload) exchange->sink->send(*seen.payload);
      if (!seen.ran || seen.payload) return;
      exchange->reply_key.clear();
      return answer(*exchange, error(ErrorCode::already_done,
                                     "this request was carried out before; its answer is no longer kept"));
    }
  }
  if (refusing_) return answer(*exchange, error(ErrorCode::shutting_down, "the hub is stopping"));
  if (is_backed_up_ && is_backed_up_(exchange->sender.id)) {
    return answer_busy(*exchange, "too many answers wait to be sent to you");
  }
  if (!in_flight_.has_room_for(exchange->sender)) {
    return answer_busy(*exchange, "too many requests are in flight");
  }
  auto request = make_request(exchange, std::move(envelope), waiting.request);
  if (request.deadline <= clock_.steady_now()) {
    ++counters_.overdue;
    replies_.forget(exchange->reply_key);
    exchange->reply_key.clear();
    return answer(*exchange,
                  error(ErrorCode::timeout, "the deadline had passed before the hub could begin; nothing ran"));
  }
  in_flight_.add(exchange->sender);
  log_for(request).debug("{} {} from {} begins", to_string(request.service), request.op, request.sender.id);
  run(std::move(exchange), std::move(request));
}

std::optional<Error> RequestPipeline::read(IncomingRequest& incoming, Exchange& exchange, Envelope& envelope) {
  const auto service = exchange.service;
  auto read = read_envelope(service, incoming.payload, options_.payload_bytes_max);
  exchange.correlation_id = read ? read->correlation_id : read.error().correlation_id;
  if (incoming.refusal) return std::move(incoming.refusal);
  if (!read) return std::move(read.error().error);
  envelope = std::move(*read);
  exchange.op = envelope.op;
  exchange.operation = operations_.find(service, envelope.op);
  if (exchange.operation == nullptr) {
    return Error{ErrorCode::unknown_op,
                 std::string(to_string(service)) + " has no operation '" + printable(envelope.op, 64) + "'",
                 {{"ops", operations_.ops(service)}}};
  }
  if (auto problem = schemas_.check(*exchange.operation->schema, envelope.body)) return problem;
  if (auto problem = objection(exchange, envelope.body)) return problem;
  exchange.reply_key = request_identity(exchange.sender, service, exchange.correlation_id, exchange.transport_id);
  if (exchange.reply_key.empty()) return std::nullopt;
  // What one token is told another may not see.
  if (!exchange.token_rights.is_full()) exchange.reply_key += '\n' + encode_rights(exchange.token_rights);
  exchange.content = request_content(envelope.op, envelope.body);
  return std::nullopt;
}

/// Sets the acting user, or gives why the sender may not ask for this.
std::optional<Error> RequestPipeline::objection(Exchange& exchange, const json& body) const {
  exchange.subject = device_named_in(exchange.service, body);
  if (admission_) {
    if (auto problem = admission_(exchange.sender)) return problem;
  }
  const auto user = body.find("user_id");
  const bool names_another = user != body.end() && *user != exchange.sender.user_id;
  if (names_another) {
    if (exchange.subject.empty() && user->is_string()) exchange.subject = user->get<std::string>();
  }
  auto& allowance = exchange.allowance;
  if (standing_of_ && !exchange.sender.user_id.empty()) allowance.standing = standing_of_(exchange.sender.user_id);
  if (allowance.standing.is_disabled) return Error{ErrorCode::forbidden, "this user is disabled", {}};
  allowance.rights = exchange.token_rights;
  allowance.rights.scopes = allowance.rights.scopes & scopes_of(allowance.standing.role);
  exchange.is_for_another = names_another && is_admin(exchange.sender, allowance);
  const auto& known = *exchange.operation;
  auto acting_user = permit(*known.table, *known.operation, exchange.sender, body, allowance);
  if (!acting_user) return std::move(acting_user.error());
  exchange.acting_user = std::move(*acting_user);
  return std::nullopt;
}

Request RequestPipeline::make_request(const std::shared_ptr<Exchange>& exchange, Envelope envelope,
                                      const IncomingRequest& incoming) {
  const auto allowed = envelope.timeout.value_or(exchange->operation->service->default_timeout());
  Request request;
  request.sender = exchange->sender;
  request.acting_user = exchange->acting_user;  // also for the audit
  request.house = exchange->is_for_another ? request.acting_user
                                           : std::string(house_of(request.acting_user, exchange->allowance.standing));
  request.rights = std::move(exchange->allowance.rights);
  request.token_rights = std::move(exchange->token_rights);
  request.service = exchange->service;
  request.op = std::move(envelope.op);
  request.body = std::move(envelope.body);
  request.correlation_id = exchange->correlation_id.value_or("");
  request.log_id = exchange->log_id();
  request.identity = exchange->reply_key;
  request.published_at = incoming.published_at;
  request.token = incoming.token;
  request.deadline = exchange->sent_at + allowed;
  if (incoming.expires_in) request.deadline = std::min(request.deadline, exchange->arrived_at + *incoming.expires_in);
  request.emit = [this, exchange](const std::string& event, json data) {
    if (exchange->answered) return;
    auto payload = write_event(exchange->correlation_id, exchange->events, event, data);
    if (is_too_large(*exchange, payload)) return;  // the answer itself will say so
    ++exchange->events;
    exchange->sink->send(std::move(payload));
  };
  return request;
}

// --- out ---

void RequestPipeline::run(std::shared_ptr<Exchange> exchange, Request request) {
  const auto& known = *exchange->operation;
  exchange->open = open_.emplace(request.deadline + options_.grace, exchange);
  arm_overdue();
  auto* quota = quotas_[static_cast<std::size_t>(known.operation->counts_as)];
  auto work = quota != nullptr ? run_within(*quota, *known.operation, *known.service, std::move(request))
                               : known.operation->handler(*known.service, std::move(request));
  asio::co_spawn(context_, std::move(work), [this, exchange](const std::exception_ptr& thrown, Reply<json> reply) {
    if (thrown) {
      exchange->log().error("{} {}: the service threw", to_string(exchange->service), exchange->op);
      reply = error(ErrorCode::internal, "the hub failed");
    }
    finish(*exchange, reply);
    part_done(*exchange);
  });
}

/// The first reply counts.
void RequestPipeline::finish(Exchange& exchange, const Reply<json>& reply) {
  if (exchange.answered) return;
  const auto kept = std::move(exchange.open->second);
  open_.erase(exchange.open);
  answer(exchange, reply);
  part_done(exchange);
  notice_drained();
}

void RequestPipeline::end_overdue() {
  const auto now = SteadyTime::clock::now();
  while (!open_.empty() && open_.begin()->first <= now) {
    finish(*open_.begin()->second,
           error(ErrorCode::timeout, "the hub did not finish in time; whether it happened is unknown"));
  }
}

void RequestPipeline::arm_overdue() {
  if (open_.empty() || (armed_for_ && *armed_for_ <= open_.begin()->first)) return;
  armed_for_ = open_.begin()->first;
  overdue_.expires_at(*armed_for_);
  overdue_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    armed_for_.reset();
    end_overdue();
    arm_overdue();
  });
}

void RequestPipeline::part_done(Exchange& exchange) {
  if (--exchange.open_parts == 0) in_flight_.remove(exchange.sender);
}

void RequestPipeline::end_all(const Error& why) {
  while (auto waiting = waiting_.pop()) begin(std::move(*waiting));
  while (!open_.empty()) finish(*open_.begin()->second, tl::unexpected<Error>(why));
}

bool RequestPipeline::is_too_large(const Exchange& exchange, const std::string& payload) const {
  return payload.size() + exchange.sink->overhead_bytes() > options_.reply_bytes_max;
}

void RequestPipeline::log_outcome(const Exchange& exchange, const Reply<json>& reply,
                                  std::chrono::nanoseconds took) const {
  const bool has_cause = !reply && !reply.error().cause.empty();
  const auto level = reply ? spdlog::level::debug : has_cause ? spdlog::level::err : spdlog::level::info;
  if (!spdlog::should_log(level)) return;
  std::string outcome = "ok";
  if (!reply) outcome = std::string(to_string(reply.error().code)) + ", " + printable(reply.error().message);
  if (has_cause) outcome += " (" + printable(reply.error().cause) + ")";
  exchange.log().write(level, "{} {} from {}: {} in {:.1f} ms", to_string(exchange.service), printable(exchange.op, 64),
                       encode_principal(exchange.sender), outcome,
                       std::chrono::duration<double, std::milli>(took).count());
}

/// Which limit refused it.
static std::string_view limit_of(const Reply<json>& reply) {
  const bool is_refusal =
      !reply && (reply.error().code == ErrorCode::quota_exceeded || reply.error().code == ErrorCode::rate_limited);
  if (!is_refusal || !reply.error().details.is_object()) return {};
  const auto limit = reply.error().details.find("limit");
  return limit != reply.error().details.end() && limit->is_string()
             ? std::string_view(limit->get_ref<const std::string&>())
             : std::string_view();
}

/// What the services `devices` and `users` do they tell themselves.
void RequestPipeline::audit(const Exchange& exchange, const Reply<json>& reply) const {
  const bool is_told = exchange.service == Service::devices || exchange.service == Service::users;
  const bool is_act = reply && exchange.is_for_another && !is_told;
  const bool is_refusal = !reply && reply.error().code == ErrorCode::forbidden;
  if (!is_act && !is_refusal) return;
  const auto action = std::string(to_string(exchange.service)) + "." + exchange.op;
  events_.publish(RequestAudited{exchange.sender, action, exchange.subject, reply ? nullptr : &reply.error(),
                                 exchange.acting_user});
}

void RequestPipeline::answer(Exchange& exchange, const Reply<json>& reply) {
  exchange.answered = true;
  audit(exchange, reply);
  std::optional<ErrorCode> code;
  if (!reply) code = reply.error().code;
  auto payload = write_reply(exchange.correlation_id, reply);
  if (is_too_large(exchange, payload)) {
    code = ErrorCode::too_large;
    payload = write_reply(exchange.correlation_id,
                          error(ErrorCode::too_large, "the answer is too large, ask for less",
                                {{"bytes", payload.size()}, {"bytes_max", options_.reply_bytes_max}}));
  }
  if (!reply) ++counters_.errors;
  const auto took = clock_.steady_now() - exchange.arrived_at;
  log_outcome(exchange, reply, took);
  events_.publish(RequestAnswered{exchange.service, exchange.op, code, took, limit_of(reply)});
  if (!exchange.reply_key.empty()) {
    if (was_turned_away(reply)) {
      replies_.forget(exchange.reply_key);
    } else {
      const auto& sender = exchange.sender;
      replies_.finish(exchange.reply_key, sender.user_id.empty() ? sender.id : sender.user_id, payload);
    }
  }
  exchange.sink->send(std::move(payload));
}

}  // namespace strawberry::bridge

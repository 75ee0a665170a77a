#include "bridge/protocol/dispatcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "bridge/core/asio.h"
#include "bridge/protocol/request_content.h"
#include "bridge/protocol/request_log.h"
#include "bridge/protocol/schemas/request_schemas.h"
#include "bridge/protocol/text.h"
#include "common/correlation_id.h"

namespace strawberry {
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

std::optional<Principal> stamped_principal(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name == principal_property) return decode_principal(value);
  }
  return std::nullopt;
}

std::optional<Principal> stamped_principal(const MqttMessage& message, std::string_view topic_id) {
  auto principal = stamped_principal(message);
  return principal && principal->id == topic_id ? principal : std::nullopt;
}

std::optional<WallTime> stamped_time(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name != published_at_property) continue;
    std::int64_t ms = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (failure != std::errc() || end != value.data() + value.size()) return std::nullopt;
    return from_unix_ms(ms);
  }
  return std::nullopt;
}

std::optional<AskingToken> stamped_token(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name == token_property) return decode_token_stamp(value);
  }
  return std::nullopt;
}

/// One request on its way: where the reply goes, and under which name it is remembered.
struct Dispatcher::Exchange {
  Principal sender;
  Service service = Service::skills;
  std::string op;
  std::string reply_topic;
  std::optional<std::string> correlation_data;
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
    return correlation_data ? std::string_view(*correlation_data) : std::string_view();
  }
  RequestLog log() const { return RequestLog({log_id(), sender.id, to_string(service), op}); }
};

Dispatcher::Dispatcher(asio::io_context& loop, const Clock& clock, const RequestSchemas& schemas, Publish publish,
                       Options options)
    : context_(loop),
      clock_(clock),
      schemas_(schemas),
      publish_(std::move(publish)),
      options_(options),
      replies_(clock, options.replies),
      busy_answers_(clock, {options.busy_answers_per_second_max * busy_answer_seconds.count(), busy_answer_seconds}),
      waiting_({options.requests_waiting_max, options.requests_waiting_per_sender_max, options.waiting_bytes_max}),
      overdue_(loop) {}

void Dispatcher::add(RequestHandler& handler) { handlers_[static_cast<std::size_t>(handler.service())] = &handler; }

// --- in ---

void Dispatcher::receive(MqttMessage message) {
  loop_.check();
  const auto topic = parse_service_topic(message.topic);
  if (!topic || message.retained) {
    ++counters_.ignored;
    return;
  }
  auto sender = stamped_principal(message, topic->id);
  if (!sender) {
    ++counters_.ignored;
    const auto start = std::string_view(message.payload).substr(0, looked_at_for_log_bytes_max);
    const auto id = message.correlation_data ? message.correlation_data : find_correlation_id(start);
    log_for(id.value_or(""))
        .warn("{}: ignored, the broker plugin has not stamped a sender on it", printable(message.topic));
    return;
  }
  ++counters_.requests;
  const auto user = sender->user_id;
  const auto id = sender->id;
  const auto bytes = message.payload.size();
  Waiting waiting{std::move(message), std::move(*sender), clock_.steady_now()};
  if (!waiting_.has_room_for(user, id, bytes)) return turn_away(waiting);
  waiting_.push(user, id, std::move(waiting), bytes);
  pump_soon();
}

void Dispatcher::release() {
  is_held_ = false;
  pump_soon();
}

void Dispatcher::pump_soon() {
  if (is_held_ || waiting_.empty() || std::exchange(is_pumping_, true)) return;
  asio::post(context_, [this] { pump(); });
}

void Dispatcher::pump() {
  is_pumping_ = false;
  for (std::size_t n = 0; n < options_.requests_begun_at_once_max && !is_held_; ++n) {
    auto waiting = waiting_.pop();
    if (!waiting) break;
    begin(std::move(*waiting));
  }
  pump_soon();
}

/// The broker's clock and this one are the same machine's; one that was set back makes nothing younger than its
/// arrival.
SteadyTime Dispatcher::sent_at(const Waiting& waiting) const {
  const auto stamped = stamped_time(waiting.message);
  if (!stamped) return waiting.arrived_at;
  const auto now = clock_.steady_now();
  return std::min(waiting.arrived_at, now - (clock_.wall_now() - *stamped));
}

std::shared_ptr<Dispatcher::Exchange> Dispatcher::open(const Waiting& waiting) const {
  const auto topic = parse_service_topic(waiting.message.topic);  // it was one when it came in
  auto exchange = std::make_shared<Exchange>();
  exchange->sender = waiting.sender;
  exchange->service = topic->service;
  exchange->sent_at = sent_at(waiting);
  exchange->arrived_at = waiting.arrived_at;
  exchange->reply_topic = response_topic(topic->service, topic->id);
  exchange->correlation_data = waiting.message.correlation_data;
  return exchange;
}

/// Answers without reading more of the request than how to answer it.
void Dispatcher::turn_away(const Waiting& waiting) {
  auto exchange = open(waiting);
  const auto& response_topic = waiting.message.response_topic;
  if (response_topic && is_response_topic(*response_topic, exchange->service, exchange->sender.id)) {
    exchange->reply_topic = *response_topic;
  }
  exchange->correlation_id = find_correlation_id(waiting.message.payload);
  answer_busy(*exchange, "too many requests wait");
}

void Dispatcher::answer_busy(Exchange& exchange, const char* why) {
  ++counters_.busy;
  if (!busy_answers_.take(exchange.sender.id)) {
    return answer(exchange, error(ErrorCode::busy, why, {{"retry_after_ms", 1000}}));
  }
  ++counters_.silent;
  replies_.forget(exchange.reply_key);
  log_for("").warn("{}: more than {} answers of busy a second; the others get none", encode_principal(exchange.sender),
                   options_.busy_answers_per_second_max);
}

void Dispatcher::begin(Waiting waiting) {
  auto exchange = open(waiting);
  Envelope envelope;
  if (auto problem = read(waiting.message, *exchange, envelope)) {
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
      if (seen.payload) publish_({exchange->reply_topic, *seen.payload, false, {}, exchange->correlation_data, {}, {}});
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
  if (is_busy(exchange->sender)) {
    return answer_busy(*exchange, "too many requests are in flight");
  }
  auto* handler = handlers_[static_cast<std::size_t>(exchange->service)];
  auto request = make_request(exchange, std::move(envelope), *handler, waiting.message);
  if (request.deadline <= clock_.steady_now()) {
    ++counters_.overdue;
    replies_.forget(exchange->reply_key);
    exchange->reply_key.clear();
    return answer(*exchange,
                  error(ErrorCode::timeout, "the deadline had passed before the hub could begin; nothing ran"));
  }
  count_in(*exchange);
  log_for(request).debug("{} {} from {} begins", to_string(request.service), request.op, request.sender.id);
  run(std::move(exchange), *handler, std::move(request));
}

bool Dispatcher::is_busy(const Principal& sender) const {
  const auto count = [](const Counts& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  };
  return counters_.in_flight >= options_.requests_in_flight_max ||
         count(in_flight_by_sender_, sender.id) >= options_.requests_in_flight_per_sender_max ||
         (!sender.user_id.empty() &&
          count(in_flight_by_user_, sender.user_id) >= options_.requests_in_flight_per_user_max);
}

void Dispatcher::count_in(const Exchange& exchange) {
  ++counters_.in_flight;
  ++in_flight_by_sender_[exchange.sender.id];
  ++in_flight_by_user_[exchange.sender.user_id];
}

void Dispatcher::count_out(const Exchange& exchange) {
  const auto less = [](Counts& counts, const std::string& name) {
    const auto found = counts.find(name);
    if (--found->second == 0) counts.erase(found);
  };
  --counters_.in_flight;
  less(in_flight_by_sender_, exchange.sender.id);
  less(in_flight_by_user_, exchange.sender.user_id);
}

std::optional<Error> Dispatcher::read(const MqttMessage& message, Exchange& exchange, Envelope& envelope) {
  const auto service = exchange.service;
  auto read = read_envelope(service, message.payload, options_.payload_bytes_max);
  exchange.correlation_id = read ? read->correlation_id : read.error().correlation_id;
  if (message.response_topic) {
    if (!is_response_topic(*message.response_topic, service, exchange.sender.id)) {
      return Error{ErrorCode::bad_response_topic,
                   "a Response Topic must be " + exchange.reply_topic + " or below it",
                   {{"response_topic", exchange.reply_topic}}};
    }
    exchange.reply_topic = *message.response_topic;
  }
  if (!read) return std::move(read.error().error);
  envelope = std::move(*read);
  exchange.op = envelope.op;
  if (handlers_[static_cast<std::size_t>(service)] == nullptr || !schemas_.knows(service, envelope.op)) {
    return Error{ErrorCode::unknown_op,
                 std::string(to_string(service)) + " has no operation '" + printable(envelope.op, 64) + "'",
                 {{"ops", schemas_.ops(service)}}};
  }
  if (auto problem = schemas_.check(service, envelope.op, envelope.body)) return problem;
  if (auto problem = objection(exchange, envelope.body)) return problem;
  exchange.reply_key = request_identity(exchange.sender, service, exchange.correlation_id, message.correlation_data);
  if (!exchange.reply_key.empty()) exchange.content = request_content(envelope.op, envelope.body);
  return std::nullopt;
}

std::optional<Error> Dispatcher::objection(Exchange& exchange, const json& body) const {
  exchange.subject = device_named_in(exchange.service, body);
  if (admission_) {
    if (auto problem = admission_(exchange.sender)) return problem;
  }
  const auto user = body.find("user_id");
  if (user == body.end() || *user == exchange.sender.user_id) return std::nullopt;
  if (exchange.subject.empty() && user->is_string()) exchange.subject = user->get<std::string>();
  exchange.is_for_another = exchange.sender.type == PrincipalType::admin;
  if (exchange.is_for_another) return std::nullopt;
  return Error{ErrorCode::forbidden, "only an admin may act for another user", {{"path", "/user_id"}}};
}

Request Dispatcher::make_request(const std::shared_ptr<Exchange>& exchange, Envelope envelope,
                                 const RequestHandler& handler, const MqttMessage& message) {
  const auto allowed = envelope.timeout.value_or(handler.default_timeout(envelope.op));
  Request request;
  request.sender = exchange->sender;
  request.service = exchange->service;
  request.op = std::move(envelope.op);
  request.body = std::move(envelope.body);
  request.correlation_id = exchange->correlation_id.value_or("");
  request.log_id = exchange->log_id();
  request.identity = exchange->reply_key;
  request.token = stamped_token(message);
  request.deadline = exchange->sent_at + allowed;
  // The broker counts a message's expiry down while it keeps it: what is left counts from here.
  if (message.expiry_s) {
    request.deadline = std::min(request.deadline, exchange->arrived_at + std::chrono::seconds(*message.expiry_s));
  }
  request.emit = [this, exchange](const std::string& event, json data) {
    if (exchange->answered) return;
    auto payload = write_event(exchange->correlation_id, exchange->events, event, data);
    if (is_too_large(*exchange, payload)) return;  // the answer itself will say so
    ++exchange->events;
    publish_({exchange->reply_topic, std::move(payload), false, {}, exchange->correlation_data, {}, {}});
  };
  return request;
}

// --- out ---

void Dispatcher::run(std::shared_ptr<Exchange> exchange, RequestHandler& handler, Request request) {
  exchange->open = open_.emplace(request.deadline + options_.grace, exchange);
  arm_overdue();
  asio::co_spawn(context_, handler.handle(std::move(request)),
                 [this, exchange](const std::exception_ptr& thrown, Reply<json> reply) {
                   if (thrown) {
                     exchange->log().error("{} {}: the service threw", to_string(exchange->service), exchange->op);
                     reply = error(ErrorCode::internal, "the hub failed");
                   }
                   finish(*exchange, reply);
                   part_done(*exchange);
                 });
}

/// The first reply counts.
void Dispatcher::finish(Exchange& exchange, const Reply<json>& reply) {
  if (exchange.answered) return;
  const auto kept = std::move(exchange.open->second);
  open_.erase(exchange.open);
  answer(exchange, reply);
  part_done(exchange);
}

void Dispatcher::end_overdue() {
  const auto now = SteadyTime::clock::now();
  while (!open_.empty() && open_.begin()->first <= now) {
    finish(*open_.begin()->second,
           error(ErrorCode::timeout, "the hub did not finish in time; whether it happened is unknown"));
  }
}

void Dispatcher::arm_overdue() {
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

void Dispatcher::part_done(Exchange& exchange) {
  if (--exchange.open_parts == 0) count_out(exchange);
}

void Dispatcher::end_all(const Error& why) {
  while (auto waiting = waiting_.pop()) begin(std::move(*waiting));
  while (!open_.empty()) finish(*open_.begin()->second, tl::unexpected<Error>(why));
}

/// The broker ends the connection over a packet it finds too large, and would again when it is sent again.
bool Dispatcher::is_too_large(const Exchange& exchange, const std::string& payload) const {
  const auto data_bytes = exchange.correlation_data ? exchange.correlation_data->size() : 0;
  return payload.size() + data_bytes + exchange.reply_topic.size() > options_.reply_bytes_max;
}

void Dispatcher::log_outcome(const Exchange& exchange, const Reply<json>& reply, std::chrono::nanoseconds took) const {
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

/// What the devices service does it tells itself.
void Dispatcher::audit(const Exchange& exchange, const Reply<json>& reply) const {
  const bool is_act = reply && exchange.is_for_another && exchange.service != Service::devices;
  const bool is_refusal = !reply && reply.error().code == ErrorCode::forbidden;
  if (!audit_ || !(is_act || is_refusal)) return;
  const auto action = std::string(to_string(exchange.service)) + "." + exchange.op;
  audit_(exchange.sender, action, exchange.subject, reply ? nullptr : &reply.error());
}

void Dispatcher::answer(Exchange& exchange, const Reply<json>& reply) {
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
  if (observer_) observer_({exchange.service, exchange.op, code, took});
  if (!exchange.reply_key.empty()) {
    if (was_turned_away(reply)) {
      replies_.forget(exchange.reply_key);
    } else {
      const auto& sender = exchange.sender;
      replies_.finish(exchange.reply_key, sender.user_id.empty() ? sender.id : sender.user_id, payload);
    }
  }
  publish_({exchange.reply_topic, std::move(payload), false, {}, exchange.correlation_data, {}, {}});
}

}  // namespace strawberry

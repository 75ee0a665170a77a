#include "tests/soak/party.h"

#include <algorithm>

#include "common/text/printable.h"
#include "tests/soak/verdict.h"

namespace strawberry::soak {
namespace {

using nlohmann::json;

constexpr std::uint32_t session_expiry_s = 3600;
constexpr milliseconds retry_after{150};

test::wire::Connect connect_of(const Party::Options& options) {
  test::wire::Connect connect;
  connect.version = options.version;
  connect.client_id = options.principal.id;
  connect.user_name = "";
  connect.password = options.token;
  connect.clean = false;
  if (options.version == 5) connect.session_expiry_s = session_expiry_s;
  return connect;
}

std::vector<std::string> filters_of(const Principal& principal) {
  std::vector<std::string> filters;
  for (const auto* service : {"skills", "chat", "sessions", "devices"}) {
    filters.push_back(std::string(service) + "/" + principal.id + "/response/#");
  }
  if (principal.type == PrincipalType::device) filters.push_back("skills/" + principal.id + "/call");
  return filters;
}

/// Printable and shortened.
std::string cut_text(const std::string& text) { return printable(text, text_bytes_max); }

}  // namespace

Party::Party(Stage& stage, Options options)
    : stage_(stage),
      principal_(options.principal),
      version_(options.version),
      line_(options.port, connect_of(options), filters_of(options.principal),
            {[this](const Incoming& message) { message_arrived(message); },
             [this](int tag) { stage_.ledger.request(tag).sends.push_back(now()); },
             [this] {
               if (was_up_) stage_.ledger.away[id()].push_back({since_, now()});
               was_up_ = true;
               since_ = now();
             },
             [this] {
               since_ = now();
               if (wanted_) stage_.after(retry_after, [this] { come(); });
             }}) {}

void Party::come() {
  wanted_ = true;
  if (line_.is_open()) return;
  if (!line_.open()) {
    stage_.after(retry_after, [this] { come(); });
    return;
  }
  // A connection that the broker ends before the CONNACK is not reported as lost.
  stage_.after(retry_after * 4, [this] {
    if (wanted_ && !line_.is_up()) {
      line_.cut();
      come();
    }
  });
}

void Party::go(bool politely, std::optional<milliseconds> back_after) {
  wanted_ = false;
  if (politely) {
    line_.leave();
  } else {
    line_.cut();
  }
  if (back_after) stage_.after(*back_after, [this] { come(); });
}

int Party::unanswered(const std::string& service) const {
  const auto found = unanswered_.find(service);
  return found == unanswered_.end() ? 0 : found->second;
}

int Party::unanswered() const {
  int sum = 0;
  for (const auto& [service, count] : unanswered_) sum += count;
  return sum;
}

/// Some equal those of other parties: a correlation id only needs to be unique for its principal.
std::string Party::new_correlation_id(int number) {
  ++counter_;
  return number % 4 == 0 ? "again and again " + std::to_string(counter_) : id() + " " + std::to_string(number);
}

int Party::ask(Request request, json body, std::optional<std::string> response_topic) {
  auto& ledger = stage_.ledger;
  request.number = static_cast<int>(ledger.requests.size());
  request.sender = id();
  request.user = user();
  request.id = new_correlation_id(request.number);
  Outgoing message;
  message.topic = request.service + "/" + id() + "/request";
  message.response_topic = std::move(response_topic);
  message.tag = request.number;
  if (body.is_object()) {
    if (is_mqtt_5() && stage_.one_in(10)) {
      message.correlation_data = request.id;  // used instead of it
    } else {
      body["correlation_id"] = request.id;
    }
    body["timeout_ms"] = request.timeout.count();
    if (const auto kwargs = body.find("kwargs"); kwargs != body.end()) {
      (*kwargs)["n"] = request.number;
    }
    message.payload = body.dump();
    if (const auto at = message.payload.find("%N%"); at != std::string::npos) {
      message.payload.replace(at, 3, std::to_string(request.number));
    }
  } else {
    message.payload = body.get<std::string>();
    message.correlation_data = request.id;
  }
  by_id_[request.service + "\n" + request.id] = request.number;
  ++unanswered_[request.service];
  ledger.requests.push_back(std::move(request));
  const int number = message.tag;
  line_.publish(message);
  sent_.emplace(number, std::move(message));
  return number;
}

bool Party::send_again(int number) {
  if (!is_up()) return false;
  line_.publish(sent_.at(number));
  return true;
}

void Party::lie_about_status() {
  if (!is_up()) return;
  stage_.ledger.away[id()].push_back({now(), now() + std::chrono::seconds(6)});
  line_.publish({"devices/" + id() + "/status", "offline", true});
}

void Party::message_arrived(const Incoming& message) {
  if (message.topic == "skills/" + id() + "/call") return called(message);
  for (const auto* service : {"skills", "chat", "sessions", "devices"}) {
    const auto topic = std::string(service) + "/" + id() + "/response";
    if (message.topic == topic || message.topic.rfind(topic + "/", 0) == 0) return answered(service, message);
  }
  stage_.report(own_answers, id() + " got something on " + message.topic);
}

void Party::answered(const std::string& service, const Incoming& message) {
  const auto body = json::parse(message.payload, nullptr, false);
  if (!body.is_object()) return stage_.report(own_answers, id() + " got no JSON: " + cut_text(message.payload));
  const auto& correlation = body.value("correlation_id", json());
  const auto name = correlation.is_string() ? correlation.get<std::string>() : message.correlation_data.value_or("");
  ++stage_.ledger.checked[own_answers];
  const auto found = by_id_.find(service + "\n" + name);
  if (found == by_id_.end()) {
    return stage_.report(own_answers, id() + " did not ask for this: " + cut_text(message.payload));
  }
  if (!body.contains("success")) return;  // an event before the response
  auto& request = stage_.ledger.request(found->second);
  Answer answer;
  answer.at = now();
  answer.success = body.at("success").get<bool>();
  if (!answer.success) answer.code = body.at("error").at("code").get<std::string>();
  answer.body = cut_text(message.payload);
  answer.hash = std::hash<std::string>()(message.payload);
  answer.bytes = message.payload.size();
  answer.redelivered = message.redelivered;
  request.answers.push_back(std::move(answer));
  if (request.answers.size() > 1) return;
  --unanswered_[service];
  if (on_answer) on_answer(found->second, body);
}

// --- as a device ---

void Party::called(const Incoming& message) {
  const auto call = json::parse(message.payload);
  const auto call_id = call.at("correlation_id").get<std::string>();
  const auto& kwargs = call.at("kwargs");
  const int request = kwargs.at("n").get<int>();
  const bool is_new = call_ids_.try_emplace(call_id).second;
  const auto left = milliseconds(call.at("timeout_ms").get<int>());
  stage_.ledger.deliveries.push_back({now(), id(), call_id, request, message.redelivered, is_new, left});
  if (stage_.ledger.request(request).user != user()) {
    stage_.report(own_answers, id() + " was called for " + stage_.ledger.request(request).name());
  }
  if (is_new) {
    perform(call_id, request, static_cast<How>(kwargs.at("how").get<int>()), left);
  } else if (const auto& known = call_ids_.at(call_id); !known.empty()) {
    publish_result(known);
  }
}

void Party::reply(const std::string& call_id, int request, bool success, json what) {
  json answer{{"correlation_id", call_id}, {"success", success}, {"result", nullptr}, {"error", nullptr}};
  answer[success ? "result" : "error"] = std::move(what);
  auto& known = call_ids_.at(call_id);
  if (known.empty()) {
    known = answer.dump();
    if (success) stage_.ledger.results[request].push_back(answer["result"].dump());
  }
  publish_result(answer.dump());
}

/// A device that is disconnected when it has finished sends no result; the hub may repeat the call.
void Party::publish_result(const std::string& payload) {
  if (is_up()) line_.publish({"skills/" + id() + "/result", payload});
}

void Party::perform(const std::string& call_id, int request, How how, milliseconds left) {
  const json result{{"by", id()}, {"n", request}};
  switch (how) {
    case How::ok: return reply(call_id, request, true, result);
    case How::slow:
      return stage_.after(left / 2, [this, call_id, request, result] { reply(call_id, request, true, result); });
    case How::late:
      return stage_.after(left + milliseconds(150),
                          [this, call_id, request, result] { reply(call_id, request, true, result); });
    case How::hang: return;
    case How::twice:
      reply(call_id, request, true, result);
      return reply(call_id, request, true, {{"by", id()}, {"n", request}, {"take", 2}});
    case How::fail:
      if (request % 2 == 0) return reply(call_id, request, false, "out of strings");
      return reply(call_id, request, false, {{"code", "strings"}, {"message", "out of strings"}});
    case How::rubbish:
      publish_result("\xff\xfe not JSON, and no id {{{");
      return publish_result(std::string(1000, '['));
    case How::gibberish: return publish_result(json{{"correlation_id", call_id}, {"success", "perhaps"}}.dump());
    case How::cut: return go(request % 2 == 0, stage_.ms_between(200, 2'500));
    case How::theft:
      if (peer_ != nullptr && peer_->is_up()) {
        peer_->publish_result(json{{"correlation_id", call_id}, {"success", true}, {"result", "stolen"}}.dump());
      }
      return stage_.after(std::min(left / 4, milliseconds(100)),
                          [this, call_id, request, result] { reply(call_id, request, true, result); });
  }
}

}  // namespace strawberry::soak

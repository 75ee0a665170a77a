#include "tests/soak/workload.h"

#include <algorithm>
#include <array>

namespace strawberry::soak {
namespace {

using nlohmann::json;

constexpr int unanswered_max = 20;
constexpr int chats_max = 3;  // the hub's limit is four

json skills() {
  const auto skill = [](const char* function, bool device_agnostic) {
    return json{{"class_name", skill_class},
                {"function_name", function},
                {"signature", std::string(function) + "(n: int, how: int = 0) -> dict"},
                {"docstring", "Does what the caller of the fault run wishes."},
                {"device_agnostic", device_agnostic}};
  };
  return json::array({skill("perform", false), skill("anywhere", true)});
}

json says(const std::string& text) { return {{"messages", {{{"role", "user"}, {"content", text}}}}}; }

}  // namespace

Workload::Workload(Stage& stage, const std::vector<Party*>& parties, bool presses_often)
    : stage_(stage), parties_(parties), presses_often_(presses_often) {
  for (auto* party : parties_) {
    if (party->is_device()) devices_[party->user()].push_back(party);
    party->on_answer = [this, party](int number, const json& reply) { remember(*party, number, reply); };
  }
}

Request Workload::draft(const std::string& service, const std::string& kind, int low_ms, int high_ms) {
  Request request;
  request.service = service;
  request.kind = kind;
  request.timeout = stage_.ms_between(low_ms, high_ms);
  return request;
}

void Workload::begin(Party& party) {
  if (party.is_device()) {
    party.ask(draft("skills", "register", 10'000, 10'000), {{"op", "register"}, {"skills", skills()}});
  }
  party.ask(draft("sessions", "first session", 10'000, 10'000), {{"op", "create"}, {"title", "t%N%"}});
}

Party& Workload::somebody() {
  return *parties_[static_cast<std::size_t>(stage_.between(0, static_cast<int>(parties_.size()) - 1))];
}

bool Workload::ask_something() {
  for (int tries = 0; tries < 20; ++tries) {
    auto& party = somebody();
    if (!party.is_up() || party.unanswered() >= unanswered_max) continue;
    const int dice = stage_.between(1, 100);
    const int number = dice <= 60   ? call(party)
                       : dice <= 76 ? about_skills(party)
                       : dice <= 83 ? about_devices(party)
                       : dice <= 91 ? about_sessions(party)
                       : dice <= 97 ? chat(party)
                                    : something_wrong(party);
    if (number < 0) continue;
    if (stage_.one_in(20)) party.send_again(number);  // repeated by accident
    if (stage_.one_in(presses_often_ ? 2 : 15)) to_press_.insert(number);
    return true;
  }
  return false;
}

int Workload::call(Party& party) {
  static constexpr std::array<How, 24> hows = {
      How::ok,   How::ok,   How::ok,    How::ok,    How::ok,   How::ok,   How::ok,      How::ok,
      How::ok,   How::ok,   How::ok,    How::ok,    How::slow, How::slow, How::slow,    How::late,
      How::late, How::hang, How::twice, How::twice, How::fail, How::fail, How::rubbish, How::gibberish};
  auto request = draft("skills", "call", 300, 3'000);
  request.how = hows[static_cast<std::size_t>(stage_.between(0, static_cast<int>(hows.size()) - 1))];
  if (stage_.one_in(25)) request.how = How::theft;
  if (stage_.one_in(150)) request.how = How::cut;
  if (stage_.one_in(10)) request.timeout = stage_.ms_between(5'000, 12'000);
  const auto& devices = devices_.at(party.user());
  const auto& target = *devices[static_cast<std::size_t>(stage_.between(0, static_cast<int>(devices.size()) - 1))];
  json body{{"op", "call"},
            {"skill_path", std::string(skill_class) + ".perform"},
            {"args", json::array()},
            {"kwargs", {{"how", static_cast<int>(request.how)}}}};
  if (stage_.one_in(10)) {
    body["skill_path"] = std::string(skill_class) + ".anywhere";
    body["target"] = "hub";
  } else if (stage_.one_in(10) && party.is_device()) {
    request.target = party.id();  // without a target: its own
  } else {
    request.target = target.id();
    body["target"] = target.id();
  }
  if (stage_.one_in(3)) body.erase("op");
  std::optional<std::string> topic;
  if (party.is_mqtt_5() && stage_.one_in(8)) topic = "skills/" + party.id() + "/response/here";
  return party.ask(std::move(request), std::move(body), topic);
}

int Workload::chat(Party& party) {
  if (party.unanswered("chat") >= chats_max) return -1;
  if (stage_.one_in(2)) return party.ask(draft("chat", "chat", 4'000, 10'000), says("hello %N%"));
  auto body = says("perform %N%");
  body["stream"] = stage_.one_in(2);
  return party.ask(draft("chat", "chat with a call", 4'000, 10'000), std::move(body));
}

int Workload::about_skills(Party& party) {
  const auto ask = [&](const char* kind, json body) {
    body["op"] = kind;
    return party.ask(draft("skills", kind, 1'000, 8'000), std::move(body));
  };
  switch (stage_.between(1, party.is_device() ? 5 : 3)) {
    case 1: return ask("list", json::object());
    case 2: return ask("search", {{"query", stage_.one_in(2) ? "perform" : "wishes fault"}, {"device_limit", 3}});
    case 3: return ask("describe", {{"path", std::string(skill_class) + ".perform"}});
    case 4: return ask("heartbeat", json::object());
    default: return ask("register", {{"skills", skills()}});
  }
}

int Workload::about_devices(Party& party) {
  const auto ask = [&](const char* kind, json body) {
    body["op"] = kind;
    return party.ask(draft("devices", kind, 1'000, 8'000), std::move(body));
  };
  switch (stage_.between(party.is_device() ? 1 : 2, 3)) {
    case 1: return ask("me", json::object());
    case 2: return ask("list", json::object());
    default: return ask("get", {{"device_id", devices_.at(party.user()).front()->id()}});
  }
}

int Workload::about_sessions(Party& party) {
  const auto ask = [&](const char* kind, json body) {
    body["op"] = kind;
    return party.ask(draft("sessions", kind, 1'000, 8'000), std::move(body));
  };
  const auto session = sessions_.at(party.id());
  auto& spare = spare_sessions_[party.id()];
  switch (stage_.between(1, 8)) {
    case 1: return ask("create", {{"title", "t%N%"}});
    case 2: return ask("get", {{"session_id", session}});
    case 3: return ask("messages", {{"session_id", session}, {"limit", 3}});
    case 4: return ask("list", {{"limit", 5}});
    case 5: return ask("update", {{"session_id", session}, {"title", "renamed"}});
    case 6: {
      if (spare.empty()) return ask("create", {{"title", "t%N%"}});
      const auto [number, id] = spare.back();
      spare.pop_back();
      deleted_.insert(number);
      return ask("delete", {{"session_id", id}});
    }
    default:
      return ask("append", {{"session_id", session}, {"role", "user"}, {"content", "words"}, {"message_id", "m%N%"}});
  }
}

int Workload::something_wrong(Party& party) {
  auto request = draft("skills", "wrong", 2'000, 2'000);
  const auto ask = [&](const char* code, json body, std::optional<std::string> topic = std::nullopt) {
    request.expected_code = code;
    return party.ask(std::move(request), std::move(body), std::move(topic));
  };
  switch (stage_.between(party.is_mqtt_5() ? 1 : 3, 9)) {
    case 1: return ask("bad_request", "{\"op\":\"call\", and then nothing");
    case 2: return ask("bad_response_topic", {{"op", "list"}}, "skills/somebody_else/response");
    case 3: return ask("bad_request", {{"op", "call"}, {"args", "not a list"}});
    case 4: return ask("unknown_op", {{"op", "dance"}});
    case 5: return ask("unsupported_version", {{"op", "list"}, {"v", 2}});
    case 6: return ask("not_found", {{"op", "describe"}, {"path", "No.such"}});
    case 7: return ask("forbidden", {{"op", "list"}, {"user_id", "somebody_else"}});
    case 8: return ask("not_found", {{"op", "call"}, {"skill_path", "Soak.perform"}, {"target", "no_such"}});
    default:
      if (!stage_.one_in(5)) return ask("unknown_op", {{"op", ""}});
      return ask("too_large", {{"op", "search"}, {"query", std::string(300'000, 'x')}});
  }
}

void Workload::remember(Party& party, int number, const json& reply) {
  const auto& request = stage_.ledger.request(number);
  if (request.service == "sessions" && reply.at("success") == true) {
    const auto& result = reply.at("result");
    if (request.kind == "first session") {
      sessions_[party.id()] = result.at("session_id").get<std::string>();
    } else if (request.kind == "create") {
      spare_sessions_[party.id()].emplace_back(number, result.at("session_id").get<std::string>());
    }
  }
  if (to_press_.erase(number) > 0) {
    stage_.after(stage_.ms_between(50, 2'000), [this, &party, number] { press_again(party, number); });
  }
}

void Workload::press_again(Party& party, int number) {
  if (!party.is_up()) return;
  stage_.ledger.request(number).presses.push_back(now());
  party.send_again(number);
}

}  // namespace strawberry::soak

// Every example in schemas/examples/ is sent to a real hub, and all messages on the broker meanwhile are checked
// against the schemas: replies, events, calls, presence and the hub's own messages.
#include <gtest/gtest.h>

#include <set>

#include "common/contract/schemas/request_schemas.h"
#include "common/text/ids.h"
#include "tests/support/contract_schemas.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// The ids in the examples.
constexpr const char* speaker_id = "3f0c6a52-1b7e-4f0e-9b61-7f5a0c1d2e3f";
constexpr const char* tablet_id = "9a1b2c3d-0000-4000-8000-0123456789ab";
constexpr const char* session_id = "5f7c0c7e-9d1c-4a61-8f2e-0c2f3f4c9b10";

HubProcess::Options asking(const StubLlm& model) {
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"openai\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"gpt-4o-mini\"\n";
  return options;
}

/// `skills/call@without-op` is an example of `skills/call`.
std::string schema_of(const std::string& example) { return example.substr(0, example.find('@')); }
std::string service_of(const std::string& example) { return example.substr(0, example.find('/')); }

std::string code_of(const json& reply) {
  return reply.at("success").get<bool>() ? "ok" : reply.at("error").at("code").get<std::string>();
}

/// A hub with the devices, the user and the session of the examples, and a client that sees all messages.
class ExchangedExamples : public testing::Test {
 protected:
  struct Sent {
    std::string example;
    std::string correlation_data;
  };

  void SetUp() override {
    watcher_->mqtt().subscribe("#");
    answer("devices/register@admin", *admin_);  // the speaker
    admin_->result_of("devices",
                      {{"op", "register"}, {"user_id", "alice"}, {"name", "Kitchen Tablet"}, {"device_id", tablet_id}});
    admin_->result_of("devices",
                      {{"op", "register"}, {"user_id", "alice"}, {"name", "Hall Lamp"}, {"device_id", "lamp"}});
    speaker_ = connected(speaker_id);
    tablet_ = connected(tablet_id);
    lamp_ = connected("lamp");
  }

  std::unique_ptr<Spoke> connected(const std::string& id) {
    auto spoke = std::make_unique<Spoke>(hub_, Principal{PrincipalType::device, id, "alice"});
    spoke->mqtt().subscribe("skills/" + id + "/call");
    while (!spoke->result_of("devices", {{"op", "me"}}).at("online").get<bool>()) {
    }
    return spoke;
  }

  /// Publishes an example, or `patch` merged into it.
  Sent send(const std::string& example, Spoke& who, const json& patch = json::object()) {
    json body = examples_.at(example);
    body.merge_patch(patch);
    sent_.insert(example);
    return send_body(example, who, body);
  }
  Sent send_body(const std::string& example, Spoke& who, const json& body) {
    TestMessage message;
    message.topic = service_of(example) + "/" + who.id() + "/request";
    message.payload = body.dump();
    message.correlation_data = new_id();
    Sent sent{example, *message.correlation_data};
    EXPECT_EQ(who.mqtt().publish(message), 0) << example;
    return sent;
  }
  /// The response, checked against the operation's schemas.
  json response(const Sent& sent, Spoke& who) {
    const auto message = who.mqtt().wait_for([&](const TestMessage& candidate) {
      return candidate.correlation_data == sent.correlation_data && json::parse(candidate.payload).contains("success");
    });
    if (!message) throw std::runtime_error(sent.example + " has no response\n" + hub_.bridge().output());
    auto reply = json::parse(message->payload);
    EXPECT_EQ(schemas_.complaints("envelope.response", reply), "") << sent.example;
    if (reply.at("success").get<bool>()) {
      EXPECT_EQ(schemas_.complaints(schema_of(sent.example) + ".result", reply.at("result")), "") << sent.example;
    }
    return reply;
  }
  json answer(const std::string& example, Spoke& who, const json& patch = json::object()) {
    auto reply = response(send(example, who, patch), who);
    EXPECT_EQ(code_of(reply), "ok") << example << ": " << reply;
    return reply;
  }
  /// The device answers its next call as an example of `skills/result.message` does.
  void device_answers(Spoke& device, const std::string& example) {
    const auto call = device.next_call();
    ASSERT_TRUE(call);
    auto result = examples_.at("skills/" + example);
    result["correlation_id"] = call->at("correlation_id");
    device.answer_raw(result.dump());
  }
  json event(Spoke& who, const std::string& name) {
    const auto message = who.mqtt().wait_for([&](const TestMessage& candidate) {
      const auto body = json::parse(candidate.payload, nullptr, false);
      return body.is_object() && body.value("event", "") == name;
    });
    if (!message) throw std::runtime_error("no event " + name + "\n" + hub_.bridge().output());
    return json::parse(message->payload).at("data");
  }

  void exchange_skills();
  void exchange_sessions();
  void exchange_chats();
  void exchange_a_question();
  void exchange_devices();
  void exchange_people();
  void exchange_users();
  void look_at(const TestMessage& message);
  /// Checks all messages on the broker until the condition is true.
  template <class Condition>
  bool look_until(Condition is_enough) {
    while (!is_enough()) {
      const auto message = watcher_->mqtt().wait_for([](const TestMessage&) { return true; }, 15s);
      if (!message) return false;
      look_at(*message);
    }
    return true;
  }

  const ContractSchemas schemas_;
  const std::map<std::string, json> examples_ = read_json_folder("examples");
  const RequestSchemas requests_ = RequestSchemas::load();
  StubLlm model_;
  HubProcess hub_{asking(model_)};
  std::unique_ptr<Spoke> watcher_ = hub_.admin();
  std::unique_ptr<Spoke> admin_ = hub_.admin();
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
  std::unique_ptr<Spoke> speaker_, tablet_, lamp_;
  std::set<std::string> sent_;
  std::string hub_state_;
  std::set<std::string> seen_;  // addresses, and the names of events
};

void ExchangedExamples::exchange_skills() {
  EXPECT_EQ(answer("skills/register", *speaker_).at("result").at("registered"), 2);
  EXPECT_EQ(answer("skills/register@none", *lamp_).at("result").at("registered"), 0);
  EXPECT_EQ(answer("skills/register@schema", *lamp_).at("result").at("registered"), 1);
  answer("skills/register@nulls", *lamp_);
  answer("skills/heartbeat", *speaker_);
  EXPECT_EQ(answer("skills/list", *tablet_).at("result").at("total"), 3);
  EXPECT_EQ(answer("skills/list@page", *tablet_).at("result").at("total"), 3);
  EXPECT_EQ(answer("skills/search@page", *tablet_).at("result").at("total"), 1);
  EXPECT_EQ(answer("skills/search", *tablet_).at("result").at("total"), 1);
  EXPECT_EQ(answer("skills/search@everything", *alice_).at("result").at("total"), 3);
  answer("skills/describe", *alice_);
  EXPECT_EQ(answer("skills/tools", *alice_).at("result").at("total"), 3);
  EXPECT_EQ(answer("skills/tools@query", *tablet_).at("result").at("total"), 1);
  EXPECT_EQ(answer("skills/tools@one", *alice_).at("result").at("tools"),
            examples_.at("skills/tools.result").at("tools"));
  for (const auto* example : {"skills/call_tool", "skills/call_tool@allowed"}) {
    const auto tool = send(example, *tablet_);
    device_answers(*speaker_, "result.message");
    EXPECT_EQ(response(tool, *tablet_).at("result").at("result"), examples_.at("skills/call.result"));
  }

  auto call = send("skills/call", *tablet_);
  device_answers(*speaker_, "result.message");
  EXPECT_EQ(response(call, *tablet_).at("result"), examples_.at("skills/call.result"));
  call = send("skills/call@without-op", *tablet_);
  device_answers(*speaker_, "result.message@failed");
  EXPECT_EQ(code_of(response(call, *tablet_)), "skill_error");
  call = send("skills/call@nulls", *alice_);
  device_answers(*lamp_, "result.message@sentence");
  EXPECT_EQ(code_of(response(call, *alice_)), "skill_error");
}

void ExchangedExamples::exchange_sessions() {
  answer("sessions/sync", *tablet_);
  const json message = {{"id", "m-9"}, {"role", "user"}, {"content", "Later."}, {"created_at", "2026-01-31T12:00:00Z"}};
  tablet_->result_of(
      "sessions",
      {{"op", "sync"},
       {"sessions", {{{"id", session_id}, {"created_at", "2026-01-31T10:00:00Z"}, {"messages", {message}}}}}});
  answer("sessions/create", *alice_);
  answer("sessions/append", *tablet_);
  answer("sessions/get", *alice_);
  answer("sessions/messages", *tablet_);
  EXPECT_GE(answer("sessions/list", *tablet_).at("result").at("total"), 1);
  EXPECT_EQ(answer("sessions/update", *alice_).at("result").at("title"), "Loud music");
  answer("sessions/delete", *tablet_);
}

void ExchangedExamples::exchange_chats() {
  for (const auto* example :
       {"chat/complete", "chat/complete@full", "chat/complete@python", "chat/inference", "chat/inference@full"})
    answer(example, *tablet_);
  answer("chat/inference", *tablet_, {{"stream", true}});
  answer("chat/usage", *tablet_);
  answer("chat/usage@admin", *admin_);

  // The client's own tool is run by the client, in all shapes.
  model_.otherwise(stub_calling("clock", json::object()));
  const json asks = {{"messages", {{{"role", "user"}, {"content", "What time is it?"}}}}, {"stream", true}};
  EXPECT_EQ(answer("chat/complete@full", *tablet_, asks)["result"]["choices"][0]["finish_reason"], "tool_calls");
  const json input = {{"input", {{"messages", asks.at("messages")}}}, {"stream", true}};
  EXPECT_EQ(answer("chat/inference@full", *tablet_, input).at("result").at("finish_reason"), "tool_call");

  model_.otherwise(stub_calling("play_song", {{"name", "Yesterday"}}));
  for (const auto* example : {"result.message", "result.message@failed"}) {
    const auto chat = send("chat/complete", *tablet_, {{"stream", true}, {"correlation_id", example}});
    device_answers(*speaker_, example);
    EXPECT_EQ(code_of(response(chat, *tablet_)), "ok");
  }

  model_.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  const auto chat = send("chat/complete", *alice_);
  answer("chat/cancel", *alice_);
  EXPECT_EQ(code_of(response(chat, *alice_)), "cancelled");
}

void ExchangedExamples::exchange_a_question() {
  auto skills = examples_.at("skills/register@nulls").at("skills");
  skills[0]["confirm"] = true;
  lamp_->result_of("skills", {{"op", "register"}, {"skills", skills}});
  model_.otherwise(stub_calling("A-b", json::object()));
  const auto chat = send("chat/complete", *tablet_, {{"correlation_id", "asked"}});
  answer("chat/confirm", *tablet_, {{"confirm", event(*tablet_, "confirm").at("id")}});
  device_answers(*lamp_, "result.message");
  EXPECT_EQ(code_of(response(chat, *tablet_)), "ok");
}

void ExchangedExamples::exchange_devices() {
  answer("devices/me", *tablet_);
  answer("devices/list", *tablet_);
  answer("devices/list@admin", *admin_);
  answer("devices/get", *alice_);
  EXPECT_EQ(answer("devices/update@place", *alice_).at("result").at("room"), "Living Room");
  EXPECT_EQ(answer("devices/list@room", *tablet_).at("result").at("total"), 1);
  EXPECT_EQ(answer("devices/list@capability", *tablet_).at("result").at("total"), 1);
  answer("devices/register", *alice_);
  answer("devices/refresh_token", *tablet_);
  EXPECT_EQ(answer("devices/update", *alice_).at("result").at("normalized_name"), "bedroom_speaker");
  answer("devices/revoke", *alice_);
  answer("devices/delete", *alice_);
  Spoke link(hub_, {PrincipalType::grant, "sign-in-1", "alice"});
  answer("devices/sign_in", link);
  const auto renewal = answer("devices/allow_program", *alice_).at("result").at("renewal_token").get<std::string>();
  const auto holder = verify_token(hub_.files().keys(), renewal, SystemClock().wall_now()).value().principal;
  Spoke program(hub_, holder, 5, {}, renewal);
  answer("devices/renew_program", program);
  answer("devices/end_program", program);
}

void ExchangedExamples::exchange_people() {
  answer("users/quota", *tablet_);
  answer("users/quota@admin", *admin_);
  answer("users/audit", *admin_);
  answer("users/audit@filtered", *admin_);
  answer("users/export", *alice_);
  answer("users/export@admin", *admin_);
  EXPECT_EQ(answer("users/import", *alice_).at("result").at("added"), 2);
  const auto id = answer("users/backup", *alice_).at("result").at("backup").at("id");
  EXPECT_EQ(answer("users/backups", *alice_).at("result").at("total"), 1);
  const json named{{"backup_id", id}};
  answer("users/get_backup", *alice_, named);
  answer("users/read_backup", *alice_, named);
  answer("users/restore_backup", *alice_, named);
  answer("users/delete_backup", *alice_, named);
  answer("users/write_backup", *alice_);
}

void ExchangedExamples::exchange_users() {
  Spoke link(hub_, {PrincipalType::grant, "operator-1", "admin"});
  answer("users/create_first_admin", link);
  Spoke door(hub_, {PrincipalType::gateway, std::string(gateway_principal_id), ""});
  answer("users/login", door);
  answer("users/login@once", door);
  answer("users/me", *alice_);
  answer("users/set_password", *alice_);
  answer("users/create", *admin_);
  answer("users/set_password@admin", *admin_);
  answer("users/list", *admin_);
  answer("users/get", *alice_);
  answer("users/get@admin", *admin_);
  answer("users/token", *alice_);
  answer("users/token@device", *alice_);
  answer("users/token@enroll", *admin_);
  answer("users/tokens", *alice_);
  answer("users/revoke_token", *alice_);
  answer("users/revoke_token@all", *admin_);
  answer("users/update", *admin_);
  answer("users/update@limits", *admin_);
  answer("users/delete", *admin_);
}

/// Checks one message: its topic has a channel, and its payload matches the schema.
void ExchangedExamples::look_at(const TestMessage& message) {
  const auto& topic = message.topic;
  if (topic.rfind("$SYS/", 0) == 0) return;
  std::string address;
  for (const auto& candidate : asyncapi_addresses())
    if (has_address(topic, candidate)) address = candidate;
  EXPECT_NE(address, "") << "schemas/asyncapi.yaml has no channel for " << topic;
  if (address.empty() || message.payload.empty()) return;
  seen_.insert(address);
  if (topic == "homeassistant/status") return;  // plain text
  const auto body = json::parse(message.payload);
  std::string schema;
  if (address.ends_with("/request")) return;  // examples, checked elsewhere
  if (address.ends_with("/response")) {
    schema = body.contains("event") ? "chat/" + body.at("event").get<std::string>() + ".event" : "envelope.response";
    if (body.contains("event")) seen_.insert(body.at("event").get<std::string>());
  } else if (address.rfind("homeassistant/", 0) == 0) {
    schema = "homeassistant" + address.substr(address.rfind('/'));
  } else if (address.ends_with("/call")) {
    schema = "skills/call.message";
  } else if (address.ends_with("/result")) {
    schema = "skills/result.message";
  } else if (address.ends_with("/status")) {
    schema = "devices/status";
  } else if (address == "devices/{id}/skills") {
    schema = "devices/skills";
  } else {
    schema = address;  // hub/state
    if (address == "hub/state") hub_state_ = body.at("state").get<std::string>();
  }
  EXPECT_EQ(schemas_.complaints(schema, body), "") << topic;
}

TEST_F(ExchangedExamples, EveryRequestIsAnsweredAndAllThatPassesIsDescribed) {
  exchange_skills();
  exchange_sessions();
  exchange_chats();
  exchange_a_question();
  EXPECT_EQ(code_of(response(send_body("skills/list", *tablet_, examples_.at("envelope.request")), *tablet_)), "ok");
  exchange_people();
  exchange_users();
  exchange_devices();
  EXPECT_TRUE(look_until([this] { return seen_.contains("hub/broker") && seen_.contains("hub/health"); }));
  hub_.stop_bridge();
  EXPECT_TRUE(look_until([this] { return hub_state_ == "offline"; }));

  for (const auto& [name, body] : examples_) {
    if (name.rfind("invalid/", 0) == 0 || name.find('/') == std::string::npos) continue;
    const auto service = parse_service(service_of(name));
    if (!service || !requests_.knows(*service, schema_of(name).substr(name.find('/') + 1))) continue;
    EXPECT_TRUE(sent_.contains(name)) << name << " was not sent";
  }
  for (const auto& address : asyncapi_addresses()) {
    if (address.rfind("homeassistant/", 0) == 0) continue;
    if (address.rfind("users/", 0) == 0) continue;  // not visible, since they may have a password or a token
    EXPECT_TRUE(seen_.contains(address)) << address;
  }
  for (const auto* name : {"delta", "tool_call", "tool_result", "confirm"}) EXPECT_TRUE(seen_.contains(name)) << name;
}

TEST_F(ExchangedExamples, EveryInvalidRequestIsRefusedAtItsPlace) {
  std::size_t count = 0;
  for (const auto& [name, example] : examples_) {
    if (name.rfind("invalid/", 0) != 0) continue;
    ++count;
    const auto called = name.substr(std::string("invalid/").size());
    if (called == "skills/register.op-of-another") continue;  // which is another operation's valid request
    const auto reply =
        response(send_body(called.substr(0, called.find('.')), *tablet_, example.at("request")), *tablet_);
    if (called == "skills/call.version-two") {  // refused before the schema is checked
      EXPECT_EQ(code_of(reply), "unsupported_version");
      continue;
    }
    EXPECT_EQ(code_of(reply), "bad_request") << name << ": " << reply;
    EXPECT_EQ(reply.at("error").at("details").at("path"), example.at("path")) << name;
  }
  EXPECT_GT(count, 50U);
}

}  // namespace
}  // namespace strawberry::test

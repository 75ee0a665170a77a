/// Skills and calls between devices, through a whole hub (docs/contract.md, section 4).
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json call(const std::string& path, const std::string& target = "", json args = json::array()) {
  json request = {{"op", "call"}, {"skill_path", path}, {"args", std::move(args)}};
  if (!target.empty()) request["target"] = target;
  return request;
}

TEST(Skills, ATabletFindsAndCallsASkillOfTheSpeaker) {
  HubProcess hub;
  auto speaker = hub.device("Living Room Speaker");
  auto tablet = hub.device("Kitchen Tablet");
  speaker->offer("MusicControlSkill", {"play_song(name: str, volume: int = 50) -> bool"});

  const auto found = tablet->result_of("skills", {{"op", "search"}, {"query", "play song"}});
  ASSERT_EQ(found.at("total"), 1);
  const auto& result = found.at("results").at(0);
  EXPECT_EQ(result.at("path"), "MusicControlSkill.play_song");
  EXPECT_EQ(result.at("preferred_device"), "living_room_speaker");
  EXPECT_EQ(result.at("summary"), "For a test.");
  EXPECT_EQ(result.at("is_local"), false);

  const auto id =
      tablet->send("skills", call("MusicControlSkill.play_song", "living_room_speaker", {"Never Gonna Give You Up"}));
  const auto arrived = speaker->next_call();
  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->at("v"), 1);
  EXPECT_EQ(arrived->at("caller_device_id"), "kitchen_tablet");
  EXPECT_EQ(arrived->at("caller_device_name"), "Kitchen Tablet");
  EXPECT_EQ(arrived->at("skill_path"), "MusicControlSkill.play_song");
  EXPECT_EQ(arrived->at("args"), json::parse(R"(["Never Gonna Give You Up"])"));
  EXPECT_EQ(arrived->at("kwargs"), json::object());
  EXPECT_EQ(arrived->at("response_topic"), "skills/living_room_speaker/result");
  EXPECT_NE(arrived->at("correlation_id"), id) << "the caller's own id is not told to the device";
  speaker->answer(*arrived, {{"playing", true}});
  const auto reply = tablet->response("skills", id);
  EXPECT_EQ(reply.at("success"), true);
  EXPECT_EQ(reply.at("result"), json::parse(R"({"playing":true})"));
}

TEST(Skills, ACallCarriesItsDeadlineAndResponseTopicAsProperties) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  auto request = call("speaker.C.f");
  request["timeout_ms"] = 20'500;
  tablet->send("skills", request);
  const auto message = speaker->mqtt().wait_for("skills/speaker/call");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->response_topic, "skills/speaker/result");
  ASSERT_TRUE(message->expiry_s);
  EXPECT_LE(*message->expiry_s, 19U) << "Mosquitto keeps a message up to a second longer";
  EXPECT_GE(*message->expiry_s, 18U);
  EXPECT_EQ(message->correlation_data, json::parse(message->payload).at("correlation_id").get<std::string>());
}

TEST(Skills, OldClientsCallAndAnswerToo) {
  HubProcess hub;
  auto speaker = hub.device("Speaker", "alice", 4);
  auto tablet = hub.device("Tablet", "alice", 4);
  speaker->offer("C", {"f(a: int)"});
  const auto id = tablet->send("skills", {{"skill_path", "C.f"}, {"kwargs", {{"a", 1}}}});
  const auto arrived = speaker->next_call();
  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->at("kwargs").at("a"), 1);
  speaker->answer(*arrived, 42);
  EXPECT_EQ(tablet->response("skills", id).at("result"), 42);
}

TEST(Skills, AWrongTargetGetsItsOwnError) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  auto stranger = hub.device("Strangers Speaker", "bob");
  speaker->offer("C", {"f()"});
  stranger->offer("C", {"g()"});
  EXPECT_EQ(tablet->code_of("skills", call("C.f", "nobody")), "not_found");
  EXPECT_EQ(tablet->code_of("skills", call("C.nothing", "speaker")), "not_found");
  EXPECT_EQ(tablet->code_of("skills", call("C.f", "strangers_speaker")), "not_found")
      << "another user's device is never considered";
  EXPECT_EQ(tablet->code_of("skills", call("C.g")), "not_found");
  EXPECT_EQ(tablet->code_of("skills", call("nonsense")), "bad_request");
  auto as_another = call("C.f");
  as_another["caller_device_id"] = "speaker";
  EXPECT_EQ(tablet->code_of("skills", as_another), "forbidden");
}

TEST(Skills, ADeviceThatIsGoneIsOfflineAtOnce) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  auto request = call("C.f", "speaker");
  request["timeout_ms"] = 60'000;
  const auto id = tablet->send("skills", request);
  ASSERT_TRUE(speaker->next_call());
  speaker->mqtt().drop();
  EXPECT_EQ(tablet->response("skills", id).at("error").at("code"), "device_offline");
  EXPECT_EQ(tablet->code_of("skills", call("C.f", "speaker")), "device_offline");
}

TEST(Skills, ADeviceThatNeverAnswersIsATimeout) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  auto request = call("C.f");
  request["timeout_ms"] = 200;
  const auto id = tablet->send("skills", request);
  const auto arrived = speaker->next_call();
  ASSERT_TRUE(arrived);
  EXPECT_EQ(tablet->response("skills", id).at("error").at("code"), "timeout");
  // An answer too late, and then twice: nothing more arrives, and the next call works.
  speaker->answer(*arrived, "late");
  speaker->answer(*arrived, "later");
  const auto next = tablet->send("skills", call("C.f"));
  const auto second = speaker->next_call();
  speaker->answer(*second, "fresh");
  EXPECT_EQ(tablet->response("skills", next).at("result"), "fresh");
  for (const auto& message : tablet->mqtt().take_all())
    EXPECT_EQ(message.payload.find("late"), std::string::npos) << message.payload;
}

TEST(Skills, RubbishFromADeviceHurtsOnlyItsOwnCall) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  const auto id = tablet->send("skills", call("C.f"));
  const auto arrived = speaker->next_call();
  for (const auto& rubbish : {std::string("not json"), std::string("[]"), std::string("{}"), std::string(100'000, '['),
                              std::string(R"({"correlation_id":"guessed","success":true})")}) {
    speaker->answer_raw(rubbish);
  }
  EXPECT_TRUE(hub.bridge().wait_for_output("result from speaker: nobody waits for it", 2s));
  speaker->answer_raw(json{{"correlation_id", arrived->at("correlation_id")},
                           {"success", false},
                           {"error", {{"code", "E"}, {"message", "no disc"}}}}
                          .dump());
  const auto reply = tablet->response("skills", id);
  EXPECT_EQ(reply.at("error").at("code"), "skill_error");
  EXPECT_EQ(reply.at("error").at("message"), "no disc");
}

TEST(Skills, ADeviceCannotAnswerForAnother) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  auto burglar = hub.device("Burglar");
  speaker->offer("C", {"f()"});
  const auto id = tablet->send("skills", call("C.f"));
  const auto arrived = speaker->next_call();
  burglar->answer(*arrived, "forged");
  speaker->answer(*arrived, "real");
  EXPECT_EQ(tablet->response("skills", id).at("result"), "real");
}

TEST(Skills, SeveralDevicesWithoutATargetAreAmbiguousUnlessItDoesNotMatter) {
  HubProcess hub;
  auto one = hub.device("One");
  auto two = hub.device("Two");
  auto tablet = hub.device("Tablet");
  one->offer("C", {"f()"});
  two->offer("C", {"f()"});
  const auto reply = tablet->ask("skills", call("C.f"));
  EXPECT_EQ(reply.at("error").at("code"), "ambiguous");
  EXPECT_EQ(reply.at("error").at("details").at("candidates"), json::parse(R"(["one","two"])"));

  one->offer("D", {"g()"}, true);
  two->offer("D", {"g()"}, true);
  // Both may register in the same millisecond; after a heartbeat the times differ.
  const auto heard_of = [&](std::size_t i) {
    return tablet->result_of("skills", {{"op", "list"}}).at("skills").at(i).at("last_heartbeat");
  };
  for (int tries = 0; tries < 100 && heard_of(0) == heard_of(1); ++tries)
    two->result_of("skills", {{"op", "heartbeat"}});
  const auto id = tablet->send("skills", call("D.g", ""));
  const auto arrived = two->next_call();
  ASSERT_TRUE(arrived) << "the one most recently heard of";
  two->answer(*arrived, 2);
  EXPECT_EQ(tablet->response("skills", id).at("result"), 2);

  // For the target `hub` any of them is used, each for a part of the calls.
  for (auto* device : {&one, &two}) {
    std::optional<json> mine;
    for (int tries = 0; tries < 50 && !mine; ++tries) {
      tablet->send("skills", call("D.g", "hub"));
      mine = (*device)->next_call(100ms);
    }
    EXPECT_TRUE(mine) << (*device)->id();
  }
}

TEST(Skills, ASignatureThatDoesNotParseIsRefusedByName) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  speaker->offer("Old", {"f()"});
  const auto reply =
      speaker->ask("skills", {{"op", "register"},
                              {"skills",
                               {{{"class_name", "C"}, {"function_name", "good"}, {"signature", "good()"}},
                                {{"class_name", "C"}, {"function_name", "bad"}, {"signature", "bad(a b)"}}}}});
  EXPECT_EQ(reply.at("error").at("code"), "bad_request");
  EXPECT_EQ(reply.at("error").at("details").at("path"), "/skills/1/signature");
  EXPECT_NE(reply.at("error").at("message").get<std::string>().find("C.bad"), std::string::npos);
  const auto list = speaker->result_of("skills", {{"op", "list"}});
  ASSERT_EQ(list.at("total"), 1) << "what was refused changed nothing";
  EXPECT_EQ(list.at("skills").at(0).at("class_name"), "Old");
}

TEST(Skills, ASignatureIsThatOfItsFunction) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  const auto refused_at = [&](const std::string& class_name, const std::string& name, const std::string& signature) {
    const json skill = {{"class_name", class_name}, {"function_name", name}, {"signature", signature}};
    const auto reply = speaker->ask("skills", {{"op", "register"}, {"skills", json::array({skill})}});
    if (reply.at("success").get<bool>()) return std::string("taken");
    return reply.at("error").at("details").at("path").get<std::string>();
  };
  EXPECT_EQ(refused_at("C", "f", "g()"), "/skills/0/signature");
  EXPECT_EQ(refused_at("C", "f", "f():"), "/skills/0/signature");
  EXPECT_EQ(refused_at("C", "class", "class()"), "/skills/0/function_name");
  EXPECT_EQ(refused_at("lambda", "f", "f()"), "/skills/0/class_name");
  EXPECT_EQ(refused_at("C", "a-b", "a()"), "/skills/0/function_name");
  EXPECT_EQ(refused_at("C", "\xf0\x9f\x98\x80", "f()"), "/skills/0/function_name");
  EXPECT_EQ(refused_at("C", "f", "f()"), "taken");
}

TEST(Skills, NamesMayBeOfAnyScript) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("Gerät", {"wähle_größe(größe: int)"});
  const auto id =
      tablet->send("skills", {{"op", "call"}, {"skill_path", "Gerät.wähle_größe"}, {"kwargs", {{"größe", 5}}}});
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  EXPECT_EQ(call->at("skill_path"), "Gerät.wähle_größe");
  EXPECT_EQ(call->at("kwargs").dump(), R"({"größe":5})");
  speaker->answer(*call, "done");
  EXPECT_EQ(tablet->response("skills", id).at("result"), "done");
}

TEST(Skills, ArgumentsThatDoNotFitTheSignatureAreRefused) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f(a: int, b: str = 'x')", "loose(*args, **kwargs)"});
  const auto path_of = [&](json request) {
    request.update({{"op", "call"}, {"skill_path", "C.f"}});
    const auto error = tablet->ask("skills", request).at("error");
    EXPECT_EQ(error.at("code"), "bad_request");
    return error.at("details").at("path").get<std::string>();
  };
  EXPECT_EQ(path_of({{"args", json::array()}}), "/kwargs/a");
  EXPECT_EQ(path_of({{"args", {1, "x", 2}}}), "/args/2");
  EXPECT_EQ(path_of({{"args", {"1"}}}), "/args/0");
  EXPECT_EQ(path_of({{"args", {1}}, {"kwargs", {{"c", 1}}}}), "/kwargs/c");
  EXPECT_EQ(path_of({{"arguments", {1}}}), "/arguments");
  const auto id = tablet->send(
      "skills", {{"op", "call"}, {"skill_path", "C.loose"}, {"args", {1, nullptr}}, {"kwargs", {{"anything", 2.5}}}});
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer(*call, "done");
  EXPECT_EQ(tablet->response("skills", id).at("result"), "done");
}

json skill_with(const std::string& function, const json& schema) {
  return {{"class_name", "Maps"},
          {"function_name", function},
          {"signature", function + "(**arguments)"},
          {"input_schema", schema}};
}

TEST(Skills, ASchemaBesideTheSignatureIsToldKeptAndChecked) {
  HubProcess hub;
  auto maps = hub.device("Maps");
  maps->offer("Maps", {"route()"});  // subscribes to its calls, too
  const json schema =
      json::parse(R"({"properties":{"from-place":{"$ref":"#/$defs/place"},"stops":{"type":"integer","maximum":5}},)"
                  R"("required":["from-place"],"$defs":{"place":{"type":"string"}}})");
  const json known = json::parse(
      R"({"type":"object","properties":{"from-place":{"type":"string"},"stops":{"type":"integer","maximum":5}},)"
      R"("required":["from-place"]})");
  maps->offer("Maps", {});  // receives calls
  maps->result_of("skills", {{"op", "register"}, {"skills", {skill_with("route", schema)}}});
  hub.kill_bridge();
  hub.start_bridge();
  const auto described = maps->result_of("skills", {{"op", "describe"}, {"path", "Maps.route"}});
  EXPECT_EQ(described.at("parameters"), known);
  EXPECT_EQ(maps->result_of("skills", {{"op", "list"}}).at("skills").at(0).at("input_schema"), known);

  auto request = call("Maps.route");
  request["kwargs"] = {{"from-place", "here"}, {"stops", 6}};
  const auto refused = maps->ask("skills", request);
  EXPECT_EQ(refused.at("error").at("code"), "bad_request");
  EXPECT_EQ(refused.at("error").at("details").at("path"), "/kwargs/stops");
  request["kwargs"]["stops"] = 5;
  const auto id = maps->send("skills", request);
  const auto arrived = maps->next_call();
  ASSERT_TRUE(arrived) << hub.bridge().output();
  EXPECT_EQ(arrived->at("kwargs"), request["kwargs"]);
  maps->answer(*arrived, "a way");
  EXPECT_EQ(maps->response("skills", id).at("result"), "a way");
}

TEST(Skills, ASchemaThatCannotBeCheckedIsRefusedByPlace) {
  HubProcess hub;
  auto maps = hub.device("Maps");
  const auto refused = [&](json skills) {
    const auto reply = maps->ask("skills", {{"op", "register"}, {"skills", std::move(skills)}});
    if (reply.at("success") == true) return std::string("taken");
    EXPECT_EQ(reply.at("error").at("code"), "bad_request");
    return reply.at("error").at("details").at("path").get<std::string>();
  };
  const json remote{{"properties", {{"a", {{"$ref", "https://example.org/schema"}}}}}};
  const json circle = json::parse(R"({"properties":{"a":{"$ref":"#/properties/a"}}})");
  EXPECT_EQ(refused({skill_with("f", json::object()), skill_with("g", remote)}), "/skills/1/input_schema");
  EXPECT_EQ(refused({skill_with("f", circle)}), "/skills/0/input_schema");
  EXPECT_EQ(refused({skill_with("f", "{}")}), "/skills/0/input_schema");
  // Small as sent, large with its references resolved.
  const std::string once(700, 'x');
  json wide{{"properties", json::object()}, {"$defs", {{"t", {{"description", once}}}}}};
  for (int i = 0; i < 20; ++i) wide["properties"]["p" + std::to_string(i)] = {{"$ref", "#/$defs/t"}};
  json many = json::array();
  for (int i = 0; i < 40; ++i) many.push_back(skill_with("f" + std::to_string(i), wide));
  EXPECT_EQ(refused(many), "/skills/18/input_schema");
}

TEST(Skills, DescribeAndListSayWhatIsThere) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  speaker->offer("C", {"f(a: int, b: str = 'x') -> bool"});
  const auto described = speaker->result_of("skills", {{"op", "describe"}, {"path", "C.f"}});
  EXPECT_EQ(described.at("signature"), "f(a: int, b: str = 'x') -> bool");
  EXPECT_EQ(described.at("parameters").at("required"), json::parse(R"(["a"])"));
  EXPECT_EQ(described.at("devices"), json::parse(R"(["speaker"])"));
  EXPECT_EQ(speaker->code_of("skills", {{"op", "describe"}, {"path", "C.g"}}), "not_found");
  const auto listed = speaker->result_of("skills", {{"op", "list"}}).at("skills").at(0);
  EXPECT_EQ(listed.at("device_id"), "speaker");
  EXPECT_EQ(listed.at("device_name"), "Speaker");
  EXPECT_EQ(speaker->result_of("skills", {{"op", "heartbeat"}}).at("skills"), 1);
}

TEST(Skills, OnlyADeviceRegisters) {
  HubProcess hub;
  auto alice = hub.user("alice");
  EXPECT_EQ(alice->code_of("skills", {{"op", "register"}, {"skills", json::array()}}), "forbidden");
  EXPECT_EQ(alice->result_of("skills", {{"op", "list"}}).at("total"), 0);
}

TEST(Skills, AUserCallsAsWellAsADevice) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  speaker->offer("C", {"f()"});
  auto alice = hub.user("alice");
  const auto id = alice->send("skills", call("speaker.C.f"));
  const auto arrived = speaker->next_call();
  ASSERT_TRUE(arrived);
  speaker->answer(*arrived, 1);
  EXPECT_EQ(alice->response("skills", id).at("result"), 1);
}

TEST(Skills, TooManyOpenCallsToOneDeviceAreBusyAtOnce) {
  HubProcess::Options options;
  options.config = "[limits]\nopen_calls_per_target_max = 2\n";
  HubProcess hub(options);
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  tablet->send("skills", call("C.f"));
  tablet->send("skills", call("C.f"));
  ASSERT_TRUE(speaker->next_call());
  ASSERT_TRUE(speaker->next_call());
  const auto reply = tablet->ask("skills", call("C.f"));
  EXPECT_EQ(reply.at("error").at("code"), "busy");
  EXPECT_EQ(reply.at("error").at("retryable"), true);
}

/// Registers Door.unlock() marked `confirm` and receives its calls.
void offer_what_asks_first(Spoke& door) {
  ASSERT_LT(door.mqtt().subscribe("skills/door/call"), 0x80);
  door.result_of("skills", {{"op", "register"},
                            {"skills",
                             {{{"class_name", "Door"},
                               {"function_name", "unlock"},
                               {"signature", "unlock() -> str"},
                               {"docstring", "Unlock the door."},
                               {"confirm", true}}}}});
}

TEST(Skills, ADirectCallOfASkillThatAsksFirstRunsAtOnce) {
  HubProcess hub;
  auto door = hub.device("Door");
  auto button = hub.device("Button");
  offer_what_asks_first(*door);
  button->send("skills", {{"op", "call"}, {"skill_path", "Door.unlock"}, {"correlation_id", "c"}});
  const auto call = door->next_call();
  ASSERT_TRUE(call);
  door->answer(*call, "open");
  EXPECT_EQ(button->response("skills", "c").at("result"), "open");
}

TEST(Skills, WithConfirmAlwaysOnlyPeopleCallItDirectly) {
  HubProcess::Options options;
  options.config = "[skills]\nconfirm = \"always\"\n";
  HubProcess hub(options);
  auto door = hub.device("Door");
  auto button = hub.device("Button");
  auto alice = hub.user("alice");
  offer_what_asks_first(*door);
  const auto refused = button->ask("skills", {{"op", "call"}, {"skill_path", "Door.unlock"}});
  EXPECT_EQ(refused.at("error").at("code"), "forbidden");
  EXPECT_FALSE(door->next_call(300ms));
  alice->send("skills", {{"op", "call"}, {"skill_path", "Door.unlock"}, {"correlation_id", "c"}});
  const auto call = door->next_call();
  ASSERT_TRUE(call);
  door->answer(*call, "open");
  EXPECT_EQ(alice->response("skills", "c").at("result"), "open");
}

}  // namespace
}  // namespace strawberry::test

// The contract's table of topics, line by line: who may, and that nobody else may.
#include "broker-plugin/topic_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "common/text/ids.h"

namespace strawberry::plugin {
namespace {

class Owners final : public DeviceOwners {
 public:
  std::string_view owner_of(std::string_view device_id) const override {
    if (device_id == "speaker" || device_id == "tablet") return "alice";
    return device_id == "lamp" ? "bob" : "";
  }
};

const Principal speaker{PrincipalType::device, "speaker", "alice"};
const Principal alice{PrincipalType::user, "alice", "alice"};
const Principal admin{PrincipalType::admin, "admin", ""};
const Principal bridge{PrincipalType::bridge, "bridge", ""};
const Principal enroll{PrincipalType::enroll, "once", "alice"};
const std::array everybody = {speaker, alice, admin, bridge, enroll};

Verdict check(const Principal& who, Access access, std::string_view topic, bool retain = false) {
  return check_topic(who, access, read_topic(topic), retain, Owners());
}

/// Exactly these may; the letters are device, user, admin, bridge, enroll.
void expect_only(std::string_view who, Access access, const std::string& topic, bool retain = false) {
  constexpr std::string_view letters = "duabe";
  for (std::size_t i = 0; i < everybody.size(); ++i) {
    const bool expected = who.find(letters[i]) != std::string_view::npos;
    EXPECT_EQ(check(everybody[i], access, topic, retain) == Verdict::allowed, expected)
        << to_string(everybody[i].type) << " " << to_string(access) << " " << topic;
  }
}

// --- scopes and roles ---

/// alice runs the hub, gerda is her guest, bob has none of both.
class House final : public DeviceOwners {
 public:
  std::string_view owner_of(std::string_view device_id) const override { return Owners().owner_of(device_id); }
  const UserStanding& standing_of(std::string_view user_id) const override {
    static const UserStanding member;
    static const UserStanding operating{Role::admin, "", false};
    static const UserStanding guest{Role::guest, "alice", false};
    return user_id == "alice" ? operating : user_id == "gerda" ? guest : member;
  }
};

Verdict in_house(const Principal& who, Scopes scopes, Access access, std::string_view topic) {
  return check_topic({who, scopes}, access, read_topic(topic), /*retain=*/false, House());
}

TEST(TopicPolicy, AScopeOpensItsTopicsAndNoOthers) {
  struct Place {
    Access access;
    const char* topic;
    std::vector<Scope> opened_by;  // any of them
  };
  using enum Scope;
  const std::vector<Place> places = {
      {Access::write, "skills/speaker/request", {skills_read, skills_call, skills_register}},
      {Access::write, "skills/speaker/result", {skills_register}},
      {Access::read, "skills/speaker/call", {skills_register}},
      {Access::subscribe, "skills/speaker/call", {skills_register}},
      {Access::write, "chat/speaker/request", {chat}},
      {Access::write, "sessions/speaker/request", {sessions}},
      {Access::write, "users/speaker/request", {users}},
      {Access::read, "devices/tablet/status", {devices_read}},
      {Access::subscribe, "devices/+/status", {devices_read}},
      {Access::read, "devices/tablet/skills", {skills_read}},
      {Access::subscribe, "devices/+/skills", {skills_read}},
  };
  for (const Place& place : places) {
    EXPECT_EQ(in_house(speaker, Scopes::all(), place.access, place.topic), Verdict::allowed) << place.topic;
    EXPECT_EQ(in_house(speaker, Scopes(), place.access, place.topic), Verdict::not_in_scope) << place.topic;
    for (unsigned i = 0; i < named_scopes_count; ++i) {
      const auto scope = static_cast<Scope>(i);
      const bool is_opened = std::find(place.opened_by.begin(), place.opened_by.end(), scope) != place.opened_by.end();
      EXPECT_EQ(in_house(speaker, Scopes::of({scope, any_skill, confirmed}), place.access, place.topic),
                is_opened ? Verdict::allowed : Verdict::not_in_scope)
          << to_string(scope) << " " << place.topic;
    }
  }
}

TEST(TopicPolicy, EveryTokenHearsItsAnswersAndTheHubAndMayBeRenewed) {
  for (const char* topic :
       {"skills/speaker/response", "chat/speaker/response/7", "users/speaker/response", "hub/state"})
    EXPECT_EQ(in_house(speaker, Scopes(), Access::read, topic), Verdict::allowed) << topic;
  EXPECT_EQ(in_house(speaker, Scopes(), Access::write, "devices/speaker/request"), Verdict::allowed);
  EXPECT_EQ(in_house(speaker, Scopes(), Access::write, "devices/speaker/status"), Verdict::allowed);
}

TEST(TopicPolicy, WhatIsAnnouncedOfAllSkillsIsNotForTokensThatMayUseSome) {
  const Principal bob{PrincipalType::user, "bob", "bob"};
  const char* topic = "homeassistant/device/lamp/config";
  EXPECT_EQ(in_house(bob, Scopes::all(), Access::read, topic), Verdict::allowed);
  EXPECT_EQ(in_house(bob, Scopes::all().without(Scope::any_skill), Access::read, topic), Verdict::not_in_scope);
  EXPECT_EQ(in_house(bob, Scopes::all().without(Scope::devices_read), Access::read, topic), Verdict::not_in_scope);
}

TEST(TopicPolicy, AGuestSeesTheDevicesOfItsHostAndChangesNothing) {
  const Principal gerda{PrincipalType::user, "gerda", "gerda"};
  const auto may = [&](Access access, const char* topic) {
    return in_house(gerda, Scopes::all(), access, topic) == Verdict::allowed;
  };
  EXPECT_TRUE(may(Access::read, "devices/speaker/status"));
  EXPECT_FALSE(may(Access::read, "devices/lamp/status"));
  EXPECT_TRUE(may(Access::write, "skills/gerda/request"));
  EXPECT_FALSE(may(Access::write, "homeassistant/status"));
  EXPECT_FALSE(may(Access::read, "homeassistant/device/speaker/config")) << "it names skills marked confirm";
  EXPECT_FALSE(may(Access::read, "hub/audit"));
}

TEST(TopicPolicy, AUserWhoRunsTheHubReadsAllButPasswordsAndTokens) {
  const auto may = [&](Scopes scopes, Access access, const char* topic) {
    return in_house(alice, scopes, access, topic) == Verdict::allowed;
  };
  const Scopes limited = Scopes::all().without(Scope::flows);
  for (const char* topic : {"hub/audit", "devices/lamp/status", "skills/lamp/request", "chat/bob/response"}) {
    EXPECT_TRUE(may(Scopes::all(), Access::read, topic)) << topic;
    EXPECT_FALSE(may(limited, Access::read, topic)) << topic;
  }
  EXPECT_TRUE(may(Scopes::all(), Access::subscribe, "#"));
  EXPECT_FALSE(may(limited, Access::subscribe, "#"));
  for (const char* topic : {"users/bob/request", "users/alice/request", "users/bob/response", "devices/lamp/response",
                            "$CONTROL/strawberry/v1/response"})
    EXPECT_FALSE(may(Scopes::all(), Access::read, topic)) << topic;
  EXPECT_TRUE(may(Scopes::all(), Access::read, "users/alice/response"));
  EXPECT_FALSE(may(Scopes::all(), Access::write, "devices/lamp/request")) << "it speaks for itself alone";
}

TEST(TopicPolicy, RequestsAreWrittenByTheirSenderAndReadByTheBridge) {
  for (const std::string service : {"skills", "chat", "sessions", "devices"}) {
    const bool devices = service == "devices";
    expect_only("d", Access::write, service + "/speaker/request");
    expect_only("u", Access::write, service + "/alice/request");
    expect_only("a", Access::write, service + "/admin/request");
    expect_only(devices ? "e" : "", Access::write, service + "/once/request");
    expect_only("", Access::write, service + "/lamp/request");
    expect_only("", Access::write, service + "/bridge/request");
    expect_only("", Access::write, service + "/speaker/request/more");
    expect_only("", Access::write, service + "/speaker/request", /*retain=*/true);
    expect_only("ab", Access::read, service + "/speaker/request");
    expect_only("ab", Access::subscribe, service + "/+/request");
    expect_only("ab", Access::subscribe, service + "/speaker/request");
  }
  expect_only("ab", Access::subscribe, "+/+/request");
}

TEST(TopicPolicy, ResponsesAreWrittenByTheBridgeAndReadByTheReceiver) {
  for (const std::string service : {"skills", "chat", "sessions", "devices"}) {
    const bool devices = service == "devices";
    for (const std::string leaf : {"/response", "/response/7", "/response/a/b"}) {
      expect_only("b", Access::write, service + "/speaker" + leaf);
      expect_only("da", Access::read, service + "/speaker" + leaf);
      expect_only("da", Access::subscribe, service + "/speaker" + leaf);
      expect_only("ua", Access::subscribe, service + "/alice" + leaf);
      expect_only(devices ? "ae" : "a", Access::subscribe, service + "/once" + leaf);
      expect_only("a", Access::subscribe, service + "/lamp" + leaf);
    }
    expect_only("da", Access::subscribe, service + "/speaker/response/#");
    expect_only("da", Access::subscribe, service + "/speaker/response/+");
    expect_only("a", Access::subscribe, service + "/+/response");
    expect_only("a", Access::subscribe, service + "/+/response/#");
    expect_only("a", Access::subscribe, service + "/speaker/+");
    expect_only("a", Access::subscribe, service + "/speaker/#");
    expect_only("", Access::write, service + "/speaker/response", /*retain=*/true);
    expect_only("", Access::write, service + "/speaker/responses");
  }
  expect_only("a", Access::subscribe, "+/speaker/response");
}

TEST(TopicPolicy, CallsGoToDevicesAndResultsComeFromThem) {
  expect_only("b", Access::write, "skills/speaker/call");
  expect_only("da", Access::read, "skills/speaker/call");
  expect_only("da", Access::subscribe, "skills/speaker/call");
  expect_only("a", Access::subscribe, "skills/alice/call");
  expect_only("a", Access::subscribe, "skills/lamp/call");
  expect_only("a", Access::subscribe, "skills/+/call");
  expect_only("", Access::write, "chat/speaker/call");
  expect_only("d", Access::write, "skills/speaker/result");
  expect_only("", Access::write, "skills/alice/result");
  expect_only("", Access::write, "skills/lamp/result");
  expect_only("ab", Access::subscribe, "skills/+/result");
  expect_only("ab", Access::read, "skills/speaker/result");
}

TEST(TopicPolicy, StatusIsForPrincipalsOfTheSameUser) {
  expect_only("db", Access::write, "devices/speaker/status", /*retain=*/true);
  expect_only("db", Access::write, "devices/speaker/status");
  expect_only("b", Access::write, "devices/tablet/status", /*retain=*/true);
  expect_only("b", Access::write, "devices/alice/status", /*retain=*/true);
  expect_only("duab", Access::subscribe, "devices/+/status");
  for (const Access access : {Access::read, Access::subscribe}) {
    expect_only("duab", access, "devices/speaker/status");
    expect_only("duab", access, "devices/tablet/status");
    expect_only("ab", access, "devices/lamp/status");
    expect_only("ab", access, "devices/unknown/status");
  }
  expect_only("a", Access::subscribe, "devices/#");
  expect_only("a", Access::subscribe, "+/+/status");
  expect_only("a", Access::subscribe, "devices/+/+");
}

TEST(TopicPolicy, HubTopicsAreForAllButAudit) {
  for (const std::string leaf : {"state", "info", "health"}) {
    expect_only("b", Access::write, "hub/" + leaf, /*retain=*/true);
    expect_only("duabe", Access::read, "hub/" + leaf);
    expect_only("duabe", Access::subscribe, "hub/" + leaf);
  }
  expect_only("b", Access::write, "hub/audit");
  expect_only("", Access::write, "hub/audit", /*retain=*/true);
  for (const std::string topic : {"hub/audit", "hub/broker", "hub/anything"}) {
    expect_only("ab", Access::read, topic);
    expect_only("ab", Access::subscribe, topic);
  }
  expect_only("duabe", Access::subscribe, "hub/+");
  expect_only("a", Access::subscribe, "hub/#");
  expect_only("a", Access::subscribe, "hub");
  expect_only("a", Access::read, "hub/state/more");
}

TEST(TopicPolicy, HomeAssistantIsForUsersAndTheirOwnDevices) {
  expect_only("ua", Access::subscribe, "homeassistant/#");
  expect_only("ua", Access::subscribe, "homeassistant/device/+/config");
  expect_only("a", Access::subscribe, "homeassistant");
  expect_only("ua", Access::read, "homeassistant/device/speaker/config");
  expect_only("a", Access::read, "homeassistant/device/lamp/config");
  expect_only("ua", Access::read, "homeassistant/device/speaker/state");
  expect_only("a", Access::read, "homeassistant/device/lamp/state");
  expect_only("ua", Access::read, "homeassistant/device/alice/config");
  expect_only("ua", Access::read, "homeassistant/device/alice/state");
  expect_only("a", Access::read, "homeassistant/device/bob/config");
  expect_only("a", Access::read, "homeassistant/device/nobody/config");
  expect_only("a", Access::read, "homeassistant/device/speaker/status");
  expect_only("a", Access::read, "homeassistant/device/speaker/config/more");
  expect_only("a", Access::read, "homeassistant/sensor/speaker/config");
  expect_only("b", Access::write, "homeassistant/device/speaker/config", /*retain=*/true);
  expect_only("u", Access::write, "homeassistant/status", /*retain=*/true);
  expect_only("u", Access::will, "homeassistant/status");
  expect_only("uab", Access::subscribe, "homeassistant/status");
  expect_only("ab", Access::read, "homeassistant/status");
}

TEST(TopicPolicy, AUserWithADevicesNameReadsNothingOfIt) {
  const Principal impostor{PrincipalType::user, "speaker", "speaker"};
  EXPECT_EQ(check(impostor, Access::read, "homeassistant/device/speaker/config"), Verdict::not_yours);
}

TEST(TopicPolicy, WillsAreForStatusAndNeverForRequests) {
  expect_only("db", Access::will, "devices/speaker/status", /*retain=*/true);
  expect_only("b", Access::will, "hub/state", /*retain=*/true);
  for (const std::string service : {"skills", "chat", "sessions", "devices"}) {
    for (const std::string id : {"speaker", "alice", "admin", "once", "bridge"}) {
      expect_only("", Access::will, service + "/" + id + "/request");
    }
  }
  expect_only("", Access::will, "skills/speaker/result");
  EXPECT_EQ(check(speaker, Access::will, "skills/speaker/result"), Verdict::will_is_no_request);
}

TEST(TopicPolicy, SharedSubscriptionsAreForBridgeAndAdmin) {
  expect_only("ab", Access::subscribe, "$share/group/+/+/request");
  expect_only("a", Access::subscribe, "$share/group/skills/speaker/response");
  expect_only("a", Access::subscribe, "$share/group/#");
  expect_only("", Access::subscribe, "$share/group/$share/group/#");
  expect_only("", Access::subscribe, "$share/group");
  expect_only("", Access::subscribe, "$share/+/devices/+/status");
  EXPECT_EQ(check(speaker, Access::subscribe, "$share/g/devices/+/status"), Verdict::shared_subscription);
}

TEST(TopicPolicy, ControlIsForNobodyAndSysForAdmins) {
  for (const std::string topic : {"$CONTROL/dynamic-security/v1", "$CONTROL/#", "$share/g/$CONTROL/#", "$CONTROL"}) {
    expect_only("", Access::subscribe, topic);
  }
  expect_only("", Access::write, "$CONTROL/dynamic-security/v1");
  expect_only("", Access::read, "$CONTROL/dynamic-security/v1");
  expect_only("a", Access::subscribe, "$SYS/#");
  expect_only("a", Access::read, "$SYS/broker/uptime");
  expect_only("", Access::write, "$SYS/broker/uptime");
  expect_only("a", Access::subscribe, "#");
  expect_only("a", Access::subscribe, "+/#");
}

TEST(TopicPolicy, NobodyMayUseWhatIsNotCanonical) {
  for (const std::string& topic :
       {std::string(), std::string("/"), std::string("//"), std::string("/hub/state"), std::string("hub//state"),
        std::string("hub/state/"), std::string("skills/speaker/response/"), std::string("skills//request"),
        std::string("hub/st\x01te"), std::string("hub/state\x7f"), std::string("hub/a+"), std::string("hub/#/x"),
        std::string("hub/x#"), std::string("skills/speaker/response/") + std::string(500, 'x'),
        std::string(65'535, '/'), std::string(65'535, 'x'), std::string("a\0b", 3)}) {
    for (const Access access : {Access::read, Access::write, Access::will, Access::subscribe}) {
      expect_only("", access, topic);
    }
  }
}

TEST(TopicPolicy, NothingIsPublishedOnAFilter) {
  for (const std::string topic : {"skills/+/request", "devices/+/status", "hub/+", "#", "chat/speaker/response/#"}) {
    for (const Access access : {Access::read, Access::write, Access::will}) expect_only("", access, topic);
  }
}

TEST(TopicPolicy, NothingElseExists) {
  for (const std::string topic :
       {"music/speaker/request", "skills/speaker", "skills", "Skills/speaker/request", "skills/speaker/Request",
        "skills/spe aker/request", "skills/speaker/request ", "zigbee2mqtt/lamp/set", "devices/speaker/state"}) {
    expect_only("", Access::write, topic);
    expect_only("a", Access::read, topic);
    expect_only("a", Access::subscribe, topic);
  }
}

TEST(TopicPolicy, SaysWhetherATopicWasSomebodyElses) {
  EXPECT_EQ(check(speaker, Access::write, "skills/lamp/request"), Verdict::not_yours);
  EXPECT_EQ(check(speaker, Access::subscribe, "skills/lamp/call"), Verdict::not_yours);
  EXPECT_EQ(check(speaker, Access::write, "hub/state"), Verdict::not_listed);
  EXPECT_EQ(check(speaker, Access::write, "skills/speaker/request", true), Verdict::retained);
}

TEST(TopicPolicy, EveryTopicTheBridgeActsOnCarriesItsSender) {
  for (const char* topic :
       {"skills/a/request", "chat/a/request", "devices/a/request", "skills/a/result", "homeassistant/status"}) {
    EXPECT_TRUE(read_topic(topic).carries_sender) << topic;
  }
  for (const char* topic : {"devices/a/status", "homeassistant/status/more", "homeassistant/device/a/config",
                            "skills/a/response", "chat/a/result", "hub/state", "", "skills/+/request"}) {
    EXPECT_FALSE(read_topic(topic).carries_sender) << topic;
  }
}

/// Level by level, as MQTT and topic.h say it.
bool is_canonical_by_levels(const std::string& topic) {
  std::vector<std::string> levels(1);
  for (const char c : topic) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    if (c == '/') {
      levels.emplace_back();
    } else {
      levels.back().push_back(c);
    }
  }
  if (topic.size() > policy_topic_bytes_max || levels.size() > topic_levels_max) return false;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const bool has_wildcard = levels[i].find_first_of("+#") != std::string::npos;
    const bool is_wildcard = levels[i] == "+" || (levels[i] == "#" && i + 1 == levels.size());
    if (levels[i].empty() || (has_wildcard && !is_wildcard)) return false;
  }
  return true;
}

/// All texts of at most six characters, of each kind one.
std::vector<std::string> short_texts() {
  std::vector<std::string> texts{""};
  for (std::size_t first = 0, length = 1; length <= 6; ++length) {
    const std::size_t end = texts.size();
    for (; first < end; ++first) {
      for (const char c : {'a', '/', '+', '#', '\x1f', ' '}) texts.push_back(texts[first] + c);
    }
  }
  return texts;
}

TEST(ReadTopic, FindsAllTopicsCanonicalWhoseLevelsAre) {
  std::size_t canonical = 0;
  for (const std::string& text : short_texts()) {
    const Topic topic = read_topic(text);
    ASSERT_EQ(topic.is_canonical, is_canonical_by_levels(text)) << testing::PrintToString(text);
    ASSERT_EQ(topic.has_wildcard, text.find_first_of("+#") != std::string::npos) << testing::PrintToString(text);
    canonical += topic.is_canonical ? 1 : 0;
  }
  EXPECT_GT(canonical, 100U);
}

TEST(ReadTopic, FindsTheServiceThatTheGrammarFinds) {
  std::size_t services = 0;
  for (const std::string& end : short_texts()) {
    for (const std::string before : {"chat/", "no/", "devices"}) {
      const std::string text = before + end;
      const Topic topic = read_topic(text);
      const auto expected = parse_service_topic(text);
      ASSERT_EQ(topic.service.has_value(), expected.has_value()) << testing::PrintToString(text);
      if (!expected) continue;
      ++services;
      ASSERT_EQ(topic.service->service, expected->service);
      ASSERT_EQ(topic.service->id, expected->id) << testing::PrintToString(text);
      ASSERT_EQ(topic.service->rest, expected->rest) << testing::PrintToString(text);
      ASSERT_EQ(topic.rest, expected->rest);
    }
  }
  EXPECT_GT(services, 100U);
  const std::string longest(id_bytes_max, 'a');
  EXPECT_TRUE(read_topic("chat/" + longest + "/request").service);
  EXPECT_FALSE(read_topic("chat/" + longest + "a/request").service);
}

TEST(ReadTopic, KnowsTheMostLevelsAndBytes) {
  std::string levels = "a";
  for (std::size_t i = 1; i < topic_levels_max; ++i) levels += "/a";
  EXPECT_TRUE(read_topic(levels).is_canonical);
  EXPECT_FALSE(read_topic(levels + "/a").is_canonical);
  EXPECT_TRUE(read_topic(std::string(policy_topic_bytes_max, 'a')).is_canonical);
  EXPECT_FALSE(read_topic(std::string(policy_topic_bytes_max + 1, 'a')).is_canonical);
}

TEST(TopicReader, ReadsEachTopicAsItIsAndKeepsItWhenItsTextIsGone) {
  TopicReader reader;
  std::string text = "skills/speaker/request";
  const Topic& topic = reader.read(text);
  text.assign("chat/tablet/response/1");
  EXPECT_EQ(topic.text, "skills/speaker/request");
  EXPECT_EQ(topic.second, "speaker");
  EXPECT_TRUE(topic.carries_sender);

  EXPECT_EQ(reader.read(text).first, "chat");
  EXPECT_EQ(reader.read(text).rest, "response/1");
  EXPECT_FALSE(reader.read(text).carries_sender);
  EXPECT_FALSE(reader.read("").is_canonical);
  EXPECT_EQ(reader.read("skills/speaker/result").service->service, Service::skills);
}

}  // namespace
}  // namespace strawberry::plugin

/// `strawberryctl spoke --discovery`: a real hub, a broker that is not the hub's, and the devices announced there.
#include <csignal>

#include "common/text/clock.h"
#include "tests/cli/hub_run.h"
#include "tests/integration/discovery_fixture.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Discovery : public DiscoveryFixture {};

TEST_F(Discovery, ALightOfAnotherBrokerIsADeviceOfTheHubAndItsSkillIsAMessageThere) {
  announce_light("kitchen_light", "Kitchen Light");
  listen("kitchen_light/set");
  run();
  wait_for("connected to the broker " + url());
  ASSERT_TRUE(comes_online("Kitchen Light")) << process().output();
  const json reply = call("Kitchen Light", "Light.turn_on", {{"brightness_pct", 50}});
  EXPECT_TRUE(reply.at("success").get<bool>()) << reply;
  const json command = command_of("kitchen_light");
  EXPECT_EQ(command.at("state"), "ON");
  EXPECT_EQ(command.at("brightness"), 127);
  wait_for("1 device with 1 entity: 1 connected");
}

TEST_F(Discovery, ADeviceIsOfflineWhenItsAvailabilitySaysSoAndComesBackAsTheSameDevice) {
  announce("lamp", with_availability(light("lamp", "Lamp"), "lamp/availability"));
  publish_there("lamp/availability", "online");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const json id = device("Lamp").at("device_id");
  publish_there("lamp/availability", "offline");
  ASSERT_TRUE(goes_offline("Lamp")) << process().output();
  wait_for("0 connected, 1 not available");
  publish_there("lamp/availability", "online");
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
}

TEST_F(Discovery, ADeviceThatWasNeverAvailableIsNotRegistered) {
  announce("ghost", with_availability(light("ghost", "Ghost"), "ghost/availability"));
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  wait_for("2 devices with 2 entities: 1 connected, 1 not available");
  EXPECT_TRUE(device("Ghost").is_null());
}

TEST_F(Discovery, ADeviceWhoseAnnouncementIsRemovedHasNoSkillsAndReturnsAsTheSameDevice) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const json id = device("Lamp").at("device_id");
  publish_there(config_topic("lamp"), "");
  ASSERT_TRUE(goes_offline("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("skill_count"), 0);
  announce_light("lamp", "Lamp");
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
}

TEST_F(Discovery, AfterARestartTheDevicesAreTheSameAndTheirTokensWereReadableByNobodyElse) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const auto id = device("Lamp").at("device_id").get<std::string>();
  EXPECT_EQ(mode_of(state_dir()), 0700u);
  EXPECT_EQ(mode_of(state_dir() + "/" + id + ".json"), 0600u);
  const auto token = json::parse(content_of(state_dir() + "/" + id + ".json")).at("token").get<std::string>();
  EXPECT_EQ(process().terminate(), 0) << process().output();
  EXPECT_EQ(process().output().find(token), std::string::npos);
  ASSERT_TRUE(goes_offline("Lamp"));
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
  EXPECT_EQ(alice().result_of("devices", {{"op", "list"}}).at("total"), 1);
}

// --- the whole way, from a sentence to a message of the other broker ---

TEST_F(Discovery, TheBuiltInRulesTurnOnTheKitchenLightAtHalf) {
  announce_light("kitchen_light", "Kitchen Light");
  announce_light("bedroom_light", "Bedroom Light");
  listen("+/set");
  run();
  ASSERT_TRUE(comes_online("Kitchen Light")) << process().output();
  ASSERT_TRUE(comes_online("Bedroom Light")) << process().output();
  const json reply = says("turn on the kitchen light at half");
  EXPECT_EQ(reply.at("result").at("provider"), "rules") << reply;
  EXPECT_EQ(command_of("kitchen_light"), json({{"state", "ON"}, {"brightness", 127}})) << reply;
  EXPECT_FALSE(somebody().wait_for("bedroom_light/set", 200ms));
}

class DiscoveryWithAModel : public DiscoveryFixture {
 protected:
  DiscoveryWithAModel() : DiscoveryFixture(asking()) {}
  HubProcess::Options asking() {
    HubProcess::Options options;
    options.config =
        "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model()->base_url() + "\"\nmodel = \"stub-1\"\n";
    return options;
  }
  /// Made before the hub that uses it.
  std::unique_ptr<StubLlm>& model() {
    static std::unique_ptr<StubLlm> stub;
    if (!stub) stub = std::make_unique<StubLlm>();
    return stub;
  }
  void TearDown() override { model().reset(); }
};

TEST_F(DiscoveryWithAModel, AModelTurnsOnTheKitchenLightAtHalf) {
  model()->otherwise(stub_calling("turn_on", {{"brightness_pct", 50}}));
  announce_light("kitchen_light", "Kitchen Light");
  listen("kitchen_light/set");
  run();
  ASSERT_TRUE(comes_online("Kitchen Light")) << process().output();
  const json reply = says("turn on the kitchen light at half");
  EXPECT_EQ(reply.at("result").at("provider"), "stub") << reply;
  EXPECT_EQ(command_of("kitchen_light"), json({{"state", "ON"}, {"brightness", 127}})) << reply;
}

TEST_F(Discovery, TheStatesOfADeviceAreReadAsTheyAre) {
  announce_light("lamp", "Lamp");
  publish_there("lamp", R"({"state":"ON","brightness":254})");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(call("Lamp", "Device.read").at("result").at("Light").at("state"), "on");
  publish_there("lamp", R"({"state":"OFF"})");
  EXPECT_TRUE(until([&] { return call("Lamp", "Device.read").at("result").at("Light").at("state") == "off"; }));
}

TEST_F(Discovery, ADeviceThatIsAnnouncedUnderAnotherNameHasThatAtTheHubAndKeepsOneThatItWasGivenThere) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const json id = device("Lamp").at("device_id");
  announce_light("lamp", "Desk Lamp");
  ASSERT_TRUE(comes_online("Desk Lamp")) << process().output();
  EXPECT_EQ(device("Desk Lamp").at("device_id"), id);
  EXPECT_EQ(alice().code_of("devices", {{"op", "update"}, {"device_id", id}, {"name", "Reading Lamp"}}), "ok");
  EXPECT_EQ(process().terminate(), 0);
  ASSERT_TRUE(goes_offline("Reading Lamp"));
  run();
  EXPECT_TRUE(comes_online("Reading Lamp")) << process().output();
}

TEST_F(Discovery, EndsAtOnceThoughBothBrokersAreAway) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  there().kill();
  hub().broker().kill();
  wait_for("; trying again");
  process().signal(SIGINT);
  EXPECT_EQ(process().wait_for_exit(3s), 0) << process().output();
}

// --- problems with the other broker ---

TEST_F(Discovery, ComesBackAfterTheOtherBrokerWasAwayAndSaysSoToCallersMeanwhile) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  there().kill();
  wait_for("; trying again");
  const json reply = call("Lamp", "Light.turn_on");
  EXPECT_EQ(reply.at("success"), false);
  EXPECT_THAT(reply.at("error").at("message").get<std::string>(), HasSubstr("the broker " + url())) << reply;
  there().start();
  meet_somebody_again();
  wait_for("  connected to the broker");
  listen("lamp/set");
  EXPECT_EQ(call("Lamp", "Light.turn_on").at("success"), true) << process().output();
  EXPECT_EQ(command_of("lamp").at("state"), "ON");
  EXPECT_EQ(count("trying again"), 1u) << process().output();
}

class DiscoveryWithALogin : public DiscoveryFixture {
 protected:
  DiscoveryWithALogin() : DiscoveryFixture({}, with_passwords()) {}
  static BrokerProcess::Options with_passwords() {
    BrokerProcess::Options options;
    options.config = {"password_file " + passwords().string(), "allow_anonymous false"};
    return options;
  }
  /// User `house`, password `geheim`.
  static std::filesystem::path passwords() {
    static const TempDir directory;
    const auto path = directory.path() / "passwords";
    const std::string make = "mosquitto_passwd -b -c " + path.string() + " house geheim 2>/dev/null";
    if (!std::filesystem::exists(path) && std::system(make.c_str()) != 0) throw std::runtime_error("no password file");
    return path;
  }
  void write_login(const std::string& password, unsigned mode = 0600) {
    std::ofstream(file("login"), std::ios::trunc) << "user: house\npassword: " << password << "\n";
    std::filesystem::permissions(file("login"), static_cast<std::filesystem::perms>(mode));
  }
};

TEST_F(DiscoveryWithALogin, ARefusedLoginIsOneLineAndIsTriedAgainWithTheFileAsItIsThen) {
  write_login("falsch");
  run({"--login-file", file("login")});
  wait_for("the broker " + url() + " does not accept the login");
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(count("does not accept the login"), 1u) << process().output();
  EXPECT_EQ(process().output().find("falsch"), std::string::npos);
  std::filesystem::permissions(file("login"), std::filesystem::perms(0644));
  wait_for("login file " + file("login") + " is open to other users");
  write_login("geheim");
  wait_for("  connected to the broker");
  EXPECT_EQ(process().terminate(), 0);
}

TEST_F(DiscoveryWithALogin, ALoginThatIsMissingIsSaid) {
  run();
  wait_for("does not accept the login: ");
  wait_for("(give user and password with --login-file)");
}

TEST_F(DiscoveryWithALogin, AFileThatOthersCanReadIsRefused) {
  write_login("geheim", 0644);
  run({"--login-file", file("login")});
  EXPECT_EQ(process().wait_for_exit(20s), 4) << process().output();
  EXPECT_THAT(process().output(), HasSubstr("is open to other users"));
  EXPECT_EQ(count_lines(process().output()), 1u) << process().output();
}

TEST_F(Discovery, AFloodIsSaidInOneLineAndTheHubStillReachesTheDevice) {
  announce_light("lamp", "Lamp");
  listen("lamp/set");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const std::string junk = R"({"unique_id":"x","command_topic":"x","name":")" + std::string(20'000, 'x') + R"("})";
  auto flood = connected_there("flood");
  for (int i = 0; i < 4'000; ++i) {
    TestMessage message;
    message.topic = "homeassistant/sensor/x" + std::to_string(i) + "/config";
    message.payload = junk;
    message.qos = 0;
    flood->publish(message);
  }
  EXPECT_EQ(call("Lamp", "Light.turn_on").at("success"), true) << process().output().substr(0, 4000);
  EXPECT_EQ(command_of("lamp").at("state"), "ON");
  EXPECT_LT(count_lines(process().output()), 100u);
  EXPECT_LE(count("the broker sends more than can be read"), 1u);
}

TEST_F(Discovery, WhatIsNotUnderstoodIsSaidOnceWithItsTopicAndTheRestWorks) {
  publish_there("homeassistant/light/broken/config", "{not json");
  publish_there("homeassistant/light/large/config", std::string(300 * 1024, 'x'));
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  wait_for("not understood");
  EXPECT_EQ(count("homeassistant/light/broken/config"), 1u) << process().output();
  EXPECT_EQ(count("'homeassistant/light/large/config' has 307200 bytes (at most 262144)"), 1u) << process().output();
}

TEST_F(Discovery, OfTheHubsOwnBrokerNothingBecomesADeviceTwice) {
  auto speaker = hub().device("Speaker");
  speaker->offer("MusicSkill", {"stop() -> bool"});
  std::ofstream(file("login"), std::ios::trunc)
      << "user: alice\npassword: " << hub().files().user_token("alice") << "\n";
  std::filesystem::permissions(file("login"), std::filesystem::perms(0600));
  run({"--login-file", file("login")}, "mqtt://127.0.0.1:" + std::to_string(hub().port()));
  wait_for("2 devices of a Strawberry hub left out");  // Alice's hub is one
  EXPECT_EQ(alice().result_of("devices", {{"op", "list"}}).at("total"), 1) << process().output();
}

class DiscoveryWithTls : public DiscoveryFixture {
 protected:
  DiscoveryWithTls() : DiscoveryFixture({}, with_tls()) {}
  static std::filesystem::path certificates() {
    static const TempDir directory;
    const auto path = directory.path() / "tls";
    const std::string make = STRAWBERRY_SOURCE_DIR "/scripts/certificates " + path.string() + " >/dev/null 2>&1";
    if (!std::filesystem::exists(path) && std::system(make.c_str()) != 0) throw std::runtime_error("no certificates");
    return path;
  }
  static BrokerProcess::Options with_tls() {
    BrokerProcess::Options options;
    options.config = {"certfile " + (certificates() / "server.crt").string(),
                      "keyfile " + (certificates() / "server.key").string()};
    return options;
  }
  std::string tls_url() { return "mqtts://127.0.0.1:" + std::to_string(there().port()); }
};

TEST_F(DiscoveryWithTls, ABrokerWithTlsIsReachedByItsCaAndNotWithoutIt) {
  run({"--discovery-ca-file", certificates() / "ca.crt"}, tls_url());
  wait_for("  connected to the broker " + tls_url());
  EXPECT_EQ(process().terminate(), 0);
  run({}, tls_url());
  wait_for("the broker " + tls_url() + " has a certificate that is not accepted: ");
  wait_for("(give its CA with --discovery-ca-file)");
  EXPECT_EQ(process().terminate(), 0);
  run({}, "mqtt://127.0.0.1:" + std::to_string(there().port()));
  wait_for("; trying again");
}

TEST_F(Discovery, ABrokerWithoutTlsIsToldFromOneWhoseCertificateIsBad) {
  run({}, "mqtts://127.0.0.1:" + std::to_string(there().port()));
  wait_for("does not speak TLS");
}

// --- problems with the hub ---

TEST_F(Discovery, ARevokedDeviceEndsAloneInOneLineAndItsFileIsNamed) {
  announce_light("lamp", "Lamp");
  announce_light("light", "Light");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  ASSERT_TRUE(comes_online("Light")) << process().output();
  const auto id = device("Lamp").at("device_id").get<std::string>();
  EXPECT_EQ(alice().code_of("devices", {{"op", "revoke"}, {"device_id", id}}), "ok");
  wait_for("Lamp: the broker does not let it in");
  EXPECT_THAT(process().output(), HasSubstr(id + ".json"));
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(count("Lamp: "), 1u) << process().output();
  EXPECT_EQ(device("Light").at("online"), true);
  EXPECT_EQ(device("Lamp").at("online"), false);
}

TEST_F(Discovery, ADeviceWhoseTokenHasExpiredGetsAnother) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const auto id = device("Lamp").at("device_id").get<std::string>();
  EXPECT_EQ(process().terminate(), 0);
  const std::string path = state_dir() + "/" + id + ".json";
  json stored = json::parse(content_of(path));
  const WallTime now = SystemClock().wall_now();
  Claims claims;
  claims.principal = {PrincipalType::device, id, "alice"};
  claims.issued_at = now - std::chrono::hours(2);
  claims.expires_at = now - std::chrono::hours(1);
  stored["token"] = issue_token(hub().files().keys(), claims).value();
  std::ofstream(path, std::ios::trunc) << stored.dump();
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
  EXPECT_NE(json::parse(content_of(path)).at("token"), stored.at("token"));
}

TEST_F(Discovery, ComesBackAfterTheHubsBrokerWasAway) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const std::size_t before = hub().bridge().output().size();
  hub().broker().kill();
  wait_for(": 0 connected");
  hub().broker().start();
  hub().wait_until_serving(before);
  meet_alice_again();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(call("Lamp", "Light.turn_on").at("success"), true) << process().output();
}

TEST_F(Discovery, DevicesOfOneNameAreToldApart) {
  announce_light("lamp_1", "Lamp");
  announce_light("lamp_2", "Lamp");
  run();
  wait_for("2 connected");
  EXPECT_TRUE(device("Lamp").is_object());
  EXPECT_THAT(process().output(), testing::ContainsRegex("'Lamp' is called 'Lamp.*2.*' at the hub"));
  EXPECT_EQ(alice().result_of("devices", {{"op", "list"}}).at("total"), 2);
}

class DiscoveryInASmallHub : public DiscoveryFixture {
 protected:
  DiscoveryInASmallHub() : DiscoveryFixture(small()) {}
  static HubProcess::Options small() {
    HubProcess::Options options;
    options.config = "[limits]\ndevices_per_user_max = 2\n";
    return options;
  }
};

TEST_F(DiscoveryInASmallHub, DevicesThatFindNoRoomAreOneLineAndTheOthersWork) {
  for (const char* id : {"a", "b", "c", "d"}) announce_light(id, std::string("Lamp ") + id);
  run();
  wait_for("the hub does not register");
  wait_for("4 devices with 4 entities: 2 connected");
  EXPECT_EQ(count("quota_exceeded"), 1u) << process().output();
  EXPECT_EQ(alice().result_of("devices", {{"op", "list"}}).at("total"), 2);
}

TEST_F(Discovery, IsRegisteredByAUsersTokenWhereTheHubsKeysAreNot) {
  announce_light("lamp", "Lamp");
  std::ofstream(file("token"), std::ios::trunc) << hub().files().user_token("alice") << "\n";
  std::filesystem::permissions(file("token"), std::filesystem::perms(0600));
  run({}, {},
      std::vector<std::string>{"--token-file", file("token"), "--host", "127.0.0.1", "--port",
                               std::to_string(hub().port())});
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("user_id"), "alice");
}

TEST_F(Discovery, MistakesOfTheCommandLineAreOneLine) {
  const auto refused = [&](std::vector<std::string> more, std::optional<std::string> broker = {}) {
    run(std::move(more), std::move(broker));
    const int code = process().wait_for_exit(20s).value_or(-1);
    EXPECT_EQ(count_lines(process().output()), 1u) << process().output();
    return code;
  };
  EXPECT_EQ(refused({}, "localhost"), 2);
  EXPECT_EQ(refused({}, "mqtt://user:geheim@localhost"), 2);
  EXPECT_EQ(process().output().find("geheim"), std::string::npos);
  EXPECT_EQ(refused({"--discovery-prefix", "a/#"}), 2);
  EXPECT_EQ(refused({"--discovery-ca-file", "ca.crt"}), 2) << "without TLS";
  EXPECT_EQ(refused({"--skills", "skills.toml"}), 2);
  EXPECT_EQ(refused({"--device", "Lamp"}), 2);
  std::filesystem::create_directory(state_dir());
  std::ofstream(state_dir() + "/x") << "";
  std::filesystem::permissions(state_dir(), std::filesystem::perms(0755));
  EXPECT_EQ(refused({}), 4) << process().output();
  EXPECT_THAT(process().output(), HasSubstr("may be entered by other users"));
}

}  // namespace
}  // namespace strawberry::test

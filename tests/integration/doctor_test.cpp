/// `strawberryctl doctor` with each problem produced for real.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/cli/hub_run.h"
#include "tests/gateway/gateway_process.h"
#include "tests/support/free_port.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

struct Examined {
  int code = -1;
  json checks;
  std::string output;

  /// `ok`, `warning`, `failed`, or empty when it was not checked.
  std::string verdict(const std::string& check) const { return of(check, "verdict"); }
  std::string what(const std::string& check) const { return of(check, "what"); }
  std::string what_to_do(const std::string& check) const { return of(check, "what_to_do"); }

 private:
  std::string of(const std::string& check, const char* member) const {
    for (const json& entry : checks) {
      if (entry.at("check") == check) return entry.value(member, "");
    }
    return {};
  }
};

/// `port` 0: the address in the endpoint file, with the Unix socket.
Examined doctor(const std::string& data_dir, int port, std::vector<std::string> words = {}) {
  words.insert(words.begin(), {"--data-dir", data_dir, "--json", "doctor"});
  if (port != 0) words.insert(words.begin(), {"--port", std::to_string(port)});
  const Finished done = control(std::move(words));
  Examined examined;
  examined.code = done.code;
  examined.output = done.output;
  const json document = json::parse(done.output.substr(0, done.output.find('\n')), nullptr, false);
  if (document.is_object()) {
    examined.checks = document.at("checks");
    EXPECT_EQ(document.at("healthy"), done.code == 0) << done.output;
  }
  return examined;
}

Examined doctor(const HubProcess& hub, std::vector<std::string> words = {}) {
  return doctor(hub.files().directory().path().string(), hub.port(), std::move(words));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string written(const TempDir& directory, const std::string& name, const std::string& content, mode_t mode = 0600) {
  const std::string path = directory.file(name);
  std::ofstream(path) << content;
  ::chmod(path.c_str(), mode);
  return path;
}

const std::string plugin = std::string(STRAWBERRY_BUILD_DIR) + "/lib/strawberry_auth.so";

TEST(Doctor, HasNothingToSayAgainstAHubThatRuns) {
  HubProcess hub;
  const TempDir files;
  const auto config =
      written(files, "good.conf", "allow_anonymous false\nset_tcp_nodelay true\nplugin " + plugin + "\n");
  const auto token = written(files, "good.token", hub.files().user_token("alice") + "\n");
  const auto seen = doctor(hub, {"--mosquitto-conf", config, "--token-file", token});
  EXPECT_EQ(seen.code, 0) << seen.output;
  for (const auto* check : {"data directory", "keys", "database", "disk", "broker configuration",
                            "per_listener_settings", "allow_anonymous", "set_tcp_nodelay", "plugin", "broker",
                            "clients without a token", "login", "bridge", "clock"}) {
    EXPECT_EQ(seen.verdict(check), "ok") << check << " in " << seen.output;
  }
  EXPECT_TRUE(contains(seen.what("broker"), "mosquitto (process ")) << seen.what("broker");
  EXPECT_EQ(seen.verdict("token"), "warning") << "it is good for an hour only";
  EXPECT_FALSE(contains(seen.output, "eyJ"));
}

TEST(Doctor, SaysThatTheHubStoresNothingNewAndSoDoesAddingADevice) {
  HubProcess::Options options;
  options.config = "[limits]\ndisk_free_min_mib = 1000000000\n";
  HubProcess hub(options);
  const auto seen = doctor(hub);
  EXPECT_EQ(seen.verdict("disk"), "failed") << seen.output;
  EXPECT_TRUE(contains(seen.what("disk"), "the hub stores nothing new")) << seen.what("disk");
  EXPECT_TRUE(contains(seen.what_to_do("disk"), "disk_free_min_mib in ")) << seen.what_to_do("disk");
  const auto added = control({"--data-dir", hub.files().directory().path().string(), "--port",
                              std::to_string(hub.port()), "device", "add", "Radio", "--user", "alice"});
  EXPECT_NE(added.code, 0);
  EXPECT_TRUE(contains(added.output, "quota_exceeded: the hub's disk is almost full, it takes nothing new: "))
      << added.output;
  EXPECT_EQ(std::count(added.output.begin(), added.output.end(), '\n'), 1) << added.output;
}

/// A hub's files, and its broker's port in the endpoint file.
class DoctorSocket : public testing::Test {
 protected:
  Examined look(const BrokerProcess& broker) const {
    written(files.directory(), "endpoint", "127.0.0.1 " + std::to_string(broker.port()) + "\n");
    return doctor(files.directory().path().string(), 0);
  }
  BrokerProcess::Options options(bool has_socket) const {
    BrokerProcess::Options options;
    options.keys_path = files.keys_path();
    options.database_path = files.database_path();
    if (has_socket) options.socket_path = files.socket_path();
    return options;
  }
  TestHub files;
};

TEST_F(DoctorSocket, IsContentWithOneThatIsListenedOn) {
  const BrokerProcess broker(options(true));
  const auto seen = look(broker);
  EXPECT_EQ(seen.verdict("Unix socket"), "ok") << seen.output;
  EXPECT_EQ(seen.verdict("login"), "ok") << seen.output;
  ::chmod(files.socket_path().c_str(), 0777);
  EXPECT_EQ(look(broker).what_to_do("Unix socket"), "chmod 660 " + files.socket_path());
}

TEST_F(DoctorSocket, TellsAStaleFileFromAMissingOne) {
  BrokerProcess(options(true)).kill();
  const BrokerProcess broker(options(false));
  EXPECT_TRUE(contains(look(broker).what("Unix socket"), "left from a broker that was killed")) << look(broker).output;
  ::unlink(files.socket_path().c_str());
  EXPECT_TRUE(contains(look(broker).what("Unix socket"), "there is no")) << look(broker).output;
  written(files.directory(), "broker.sock", "thesis");
  EXPECT_TRUE(contains(look(broker).what("Unix socket"), "is no socket")) << look(broker).output;
}

TEST_F(DoctorSocket, FindsAHubThatHasNoPortWhereItWasLookedFor) {
  const BrokerProcess broker(options(true));
  written(files.directory(), "endpoint", "127.0.0.1 " + std::to_string(free_port()) + "\n");
  const auto seen = doctor(files.directory().path().string(), 0);
  EXPECT_EQ(seen.code, 1);
  EXPECT_TRUE(contains(seen.what("broker"), "but nothing does at 127.0.0.1:")) << seen.output;
  EXPECT_TRUE(contains(seen.what("bridge"), "never run")) << "it came in over the socket: " << seen.output;
}

TEST(Doctor, KnocksAtTheWebDoor) {
  HubProcess hub;
  EXPECT_EQ(doctor(hub).verdict("web door"), "") << "there need not be one";
  GatewayProcess door(hub);
  const auto open = doctor(hub);
  EXPECT_EQ(open.verdict("web door"), "ok") << open.output;
  EXPECT_EQ(open.what("web door"), door.url());
  door.process().signal(SIGKILL);
  door.process().wait_for_exit(5s);
  const auto gone = doctor(hub);
  EXPECT_EQ(gone.code, 1);
  EXPECT_TRUE(contains(gone.what("web door"), "says " + door.url() + ", and nothing listens there")) << gone.output;
  EXPECT_TRUE(contains(gone.what_to_do("web door"), "rm " + hub.files().directory().file("http-endpoint")));
  // The broker listens there, and does not speak HTTP.
  written(hub.files().directory(), "http-endpoint", "http://127.0.0.1:" + std::to_string(hub.port()) + "\n");
  EXPECT_TRUE(contains(doctor(hub).what("web door"), "without an answer in HTTP"));
  for (const auto* rubbish : {"", "rubbish\n", "http://192.0.2.1:80\n", "http://127.0.0.1:80808\n", "http://:1\n"}) {
    written(hub.files().directory(), "http-endpoint", rubbish);
    EXPECT_TRUE(contains(doctor(hub).what("web door"), "does not say where on this machine it is")) << rubbish;
  }
}

TEST(Doctor, SeesOpenFilesAndMissingOnes) {
  HubProcess hub;
  ::chmod(hub.files().keys_path().c_str(), 0644);
  ::chmod(hub.files().directory().path().c_str(), 0755);
  const auto seen = doctor(hub);
  ::chmod(hub.files().directory().path().c_str(), 0700);
  EXPECT_EQ(seen.code, 1);
  EXPECT_TRUE(contains(seen.what_to_do("keys"), "chmod 600 " + hub.files().keys_path())) << seen.output;
  EXPECT_TRUE(contains(seen.what_to_do("data directory"), "chmod 700 ")) << seen.output;

  const auto nothing = doctor(hub.files().directory().file("nowhere"), free_port());
  EXPECT_EQ(nothing.code, 1);
  EXPECT_TRUE(contains(nothing.what_to_do("data directory"), "nowhere init")) << nothing.output;
  EXPECT_TRUE(contains(nothing.what("broker"), "nothing listens")) << nothing.output;
}

TEST(Doctor, SeesAnEndpointFileThatIsNone) {
  TestHub files;
  written(files.directory(), "endpoint", "rubbish");
  const Finished done = control({"--data-dir", files.directory().path().string(), "doctor"});
  EXPECT_EQ(done.code, 1);
  EXPECT_TRUE(contains(done.output, "failed  broker: ")) << done.output;
  EXPECT_TRUE(contains(done.output, "is not 'host port'")) << done.output;
}

TEST(Doctor, SeesAnotherBrokerOnThePort) {
  TestHub files;
  BrokerProcess other({});
  const auto seen = doctor(files.directory().path().string(), other.port());
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.verdict("broker"), "ok");
  EXPECT_TRUE(contains(seen.what("clients without a token"), "another broker than the hub's")) << seen.output;
  EXPECT_TRUE(contains(seen.what("clients without a token"), "process " + std::to_string(other.process().pid())));
  EXPECT_EQ(seen.verdict("bridge"), "");
}

TEST(Doctor, SeesABrokerWithOtherKeysOrThatLetsNobodyIn) {
  HubProcess hub;
  TestHub other;
  const auto seen = doctor(other.directory().path().string(), hub.port());
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.verdict("clients without a token"), "ok");
  EXPECT_EQ(seen.verdict("login"), "failed") << seen.output;
}

TEST(Doctor, SeesAProgramThatIsNoBroker) {
  TestHub files;
  StubLlm web_server;
  const std::string url = web_server.base_url();
  const int port = std::stoi(url.substr(url.find(':', 6) + 1));
  const auto seen = doctor(files.directory().path().string(), port);
  EXPECT_EQ(seen.verdict("broker"), "failed") << seen.output;
  // Newer versions of the web server's library wait for more input where older ones answer.
  EXPECT_TRUE(contains(seen.what("broker"), "no MQTT broker") || contains(seen.what("broker"), "did not answer"))
      << seen.output;
}

/// Accepts connections, and never answers.
class SilentServer {
 public:
  SilentServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool is_open =
        ::bind(fd_, generic, size) == 0 && ::listen(fd_, 8) == 0 && ::getsockname(fd_, generic, &size) == 0;
    if (!is_open) throw std::runtime_error("no socket to listen on");
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(fd_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

TEST(Doctor, DoesNotCallAServerGoodThatIsSilent) {
  TestHub files;
  const SilentServer server;
  const auto seen = doctor(files.directory().path().string(), server.port());
  EXPECT_EQ(seen.code, 1);
  EXPECT_EQ(seen.verdict("broker"), "failed") << seen.output;
  EXPECT_TRUE(contains(seen.what("broker"), "did not answer")) << seen.output;
  EXPECT_EQ(seen.verdict("clients without a token"), "") << seen.output;
}

/// A hub's files, and a broker with TLS that uses them.
class DoctorTls : public testing::Test {
 protected:
  static std::string certificates(const std::string& directory) {
    ChildProcess::Options make;
    make.argv = {STRAWBERRY_SOURCE_DIR "/scripts/certificates", directory};
    EXPECT_EQ(ChildProcess(make).wait_for_exit(20s), 0);
    return directory;
  }
  BrokerProcess::Options with_tls(bool has_plugin = true) const {
    BrokerProcess::Options options;
    if (has_plugin) {
      options.keys_path = files.keys_path();
      options.database_path = files.database_path();
    }
    options.config = {"certfile " + tls + "/server.crt", "keyfile " + tls + "/server.key"};
    return options;
  }
  Examined look(const BrokerProcess& broker, std::vector<std::string> words) const {
    return doctor(files.directory().path().string(), broker.port(), std::move(words));
  }

  TestHub files;
  std::string tls = certificates(files.directory().file("tls"));
};

TEST_F(DoctorTls, KnocksOverTlsAndComesIn) {
  const BrokerProcess broker(with_tls());
  const auto seen = look(broker, {"--ca-file", tls + "/ca.crt"});
  for (const auto* check : {"broker", "TLS", "clients without a token", "login"}) {
    EXPECT_EQ(seen.verdict(check), "ok") << check << " in " << seen.output;
  }
  EXPECT_TRUE(contains(seen.what("bridge"), "never run")) << seen.output;
}

TEST_F(DoctorTls, SeesABrokerThatLetsEverybodyIn) {
  const BrokerProcess broker(with_tls(/*has_plugin=*/false));
  const auto seen = look(broker, {"--ca-file", tls + "/ca.crt"});
  EXPECT_EQ(seen.verdict("TLS"), "ok") << seen.output;
  EXPECT_EQ(seen.verdict("clients without a token"), "failed") << seen.output;
}

TEST_F(DoctorTls, SaysWhyACertificateIsNotAccepted) {
  const BrokerProcess broker(with_tls());
  const auto other = look(broker, {"--ca-file", certificates(files.directory().file("other")) + "/ca.crt"});
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(contains(other.what("TLS"), "certificate is not accepted for 127.0.0.1")) << other.output;
  EXPECT_TRUE(contains(other.what_to_do("TLS"), "--ca-file")) << other.output;
  EXPECT_EQ(other.verdict("login"), "") << "it was never tried: " << other.output;
  const auto missing = look(broker, {"--ca-file", tls + "/absent.crt"});
  EXPECT_TRUE(contains(missing.what("TLS"), "cannot use the CA certificates")) << missing.output;
}

TEST_F(DoctorTls, SeesThatOneSideSpeaksNone) {
  const BrokerProcess broker(with_tls());
  const auto plain = look(broker, {});
  EXPECT_EQ(plain.verdict("broker"), "failed") << plain.output;
  EXPECT_TRUE(contains(plain.what_to_do("broker"), "--tls --ca-file")) << plain.output;
  EXPECT_EQ(plain.verdict("clients without a token"), "") << plain.output;
  const BrokerProcess without({});
  const auto seen = look(without, {"--ca-file", tls + "/ca.crt"});
  EXPECT_EQ(seen.verdict("TLS"), "failed") << seen.output;
  EXPECT_EQ(seen.verdict("clients without a token"), "") << seen.output;
}

TEST(Doctor, ReadsTheBrokersConfigurationWithWhatItIncludes) {
  TestHub files;
  const TempDir folder;
  std::filesystem::create_directory(folder.file("conf.d"));
  const auto broken = written(folder, "strawberry_broken.so", "no library");
  written(folder, "conf.d/a.conf",
          "# per_listener_settings false\nper_listener_settings true\nplugin " + broken + "\n");
  const auto config = written(folder, "m.conf", "allow_anonymous true\r\ninclude_dir " + folder.file("conf.d") + "\n");
  const auto look = [&](const std::string& path) {
    return doctor(files.directory().path().string(), free_port(), {"--mosquitto-conf", path});
  };
  const auto seen = look(config);
  EXPECT_EQ(seen.verdict("per_listener_settings"), "failed") << seen.output;
  EXPECT_EQ(seen.verdict("allow_anonymous"), "failed");
  EXPECT_EQ(seen.verdict("set_tcp_nodelay"), "warning");
  EXPECT_TRUE(contains(seen.what("plugin"), "strawberry_broken.so")) << seen.output;
  EXPECT_TRUE(contains(look(written(folder, "none.conf", "")).what("plugin"), "does not load")) << seen.output;
  EXPECT_TRUE(
      contains(look(written(folder, "gone.conf", "plugin /no/strawberry_auth.so\n")).what("plugin"), "No such"));
  EXPECT_EQ(look(folder.file("missing.conf")).verdict("broker configuration"), "failed");
}

TEST(Doctor, SeesWhatIsWrongWithTheDatabase) {
  TestHub files;
  const auto look = [&] { return doctor(files.directory().path().string(), free_port()); };
  EXPECT_EQ(look().verdict("database"), "ok");
  files.database().exec("PRAGMA user_version = 999");
  EXPECT_TRUE(contains(look().what("database"), "schema version 999, newer than this program"));
  files.database().exec("PRAGMA wal_checkpoint(TRUNCATE)");
  // Damages every page but the first, which identifies the file as a database.
  std::fstream file(files.database_path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(std::filesystem::file_size(files.database_path()) - 4096, 'x');
  file.close();
  files.database().exec("PRAGMA user_version = 3");
  EXPECT_EQ(look().verdict("database"), "failed") << look().output;
  std::ofstream(files.database_path(), std::ios::trunc) << "no database at all, and that for more than a hundred bytes "
                                                           "so that SQLite does not take it for an empty one . . .";
  EXPECT_EQ(look().verdict("database"), "failed") << look().output;
}

TEST(Doctor, KnowsWhyATokenIsNotGood) {
  TestHub files;
  TestHub other;
  files.add_device("lamp", "alice", "Lamp");
  const auto judge = [&](const std::string& content) {
    const auto path = written(files.directory(), "judged.token", content);
    return doctor(files.directory().path().string(), free_port(), {"--token-file", path});
  };
  const Principal lamp{PrincipalType::device, "lamp", "alice"};
  Claims old;
  old.principal = lamp;
  old.issued_at = SystemClock().wall_now() - 2h;
  old.expires_at = old.issued_at + 1h;
  EXPECT_TRUE(contains(judge(issue_token(files.keys(), old).value()).what("token"), "has expired"));
  EXPECT_TRUE(contains(judge(other.token(lamp)).what("token"), "another hub's key"));
  EXPECT_TRUE(contains(judge("rubbish").what("token"), "no good token"));
  const std::string good = files.token(lamp, 72h);
  EXPECT_EQ(judge(good).verdict("token"), "ok");
  EXPECT_FALSE(contains(judge(good).output, good.substr(0, 20)));
  files.set_active("lamp", false);
  EXPECT_TRUE(contains(judge(good).what("token"), "a device that was revoked"));
  files.delete_device("lamp");
  EXPECT_TRUE(contains(judge(good).what("token"), "does not have"));
  Claims ahead;
  ahead.principal = {PrincipalType::user, "alice", "alice"};
  ahead.issued_at = SystemClock().wall_now() + 1h;
  ahead.expires_at = ahead.issued_at + 72h;
  EXPECT_TRUE(contains(judge(issue_token(files.keys(), ahead).value()).what("token"), "issued in the future"));
  EXPECT_TRUE(
      contains(doctor(files.directory().path().string(), free_port(), {"--token-file", "/no/file"}).what("token"),
               "there is no /no/file"));
}

TEST(Doctor, SeesWhatIsWrongWithTheBridgesConfiguration) {
  TestHub files;
  const auto path = written(files.directory(), "bridge.toml", "[broker]\nport = \"x\"\n[limits]\nwishes_max = 3\n");
  const auto seen = doctor(files.directory().path().string(), free_port());
  EXPECT_EQ(seen.verdict("bridge configuration"), "failed") << seen.output;
  EXPECT_TRUE(contains(seen.what("bridge configuration"), "bridge.toml:2: [broker] port")) << seen.output;
  EXPECT_TRUE(contains(seen.what("bridge configuration"), "(and 1 more)")) << seen.output;
  ChildProcess::Options options;
  options.argv = {STRAWBERRY_BRIDGE_PATH, "--check", "--config", path};
  ChildProcess wrong(options);
  EXPECT_EQ(wrong.wait_for_exit(10s), 1);
  EXPECT_TRUE(contains(wrong.output(), "bridge.toml:2: ")) << wrong.output();
  EXPECT_TRUE(contains(wrong.output(), "bridge.toml:4: ")) << wrong.output();
  written(files.directory(), "bridge.toml", "[broker]\nport = 1883\n");
  ChildProcess right(options);
  EXPECT_EQ(right.wait_for_exit(10s), 0) << right.output();
  EXPECT_EQ(doctor(files.directory().path().string(), free_port()).verdict("bridge configuration"), "ok");
}

TEST(Doctor, SeesADeviceThatIsNotLetInAndWhy) {
  HubProcess hub;
  hub.files().add_device("lamp-1", "alice", "Garden Lamp");
  Claims old;
  old.principal = {PrincipalType::device, "lamp-1", "alice"};
  old.issued_at = SystemClock().wall_now() - 2h;
  old.expires_at = old.issued_at + 1h;
  MqttTestClient::Options options;
  options.port = hub.port();
  options.client_id = "lamp-1";
  options.password = issue_token(hub.files().keys(), old).value();
  EXPECT_NE(MqttTestClient(options).connect(), 0);
  EXPECT_NE(MqttTestClient(options).connect(), 0);
  auto admin = hub.admin();
  ASSERT_LT(admin->mqtt().subscribe("hub/broker"), 0x80);
  // The plugin reports every 10 s; the first may be an older one.
  for (int i = 0; i < 3; ++i) {
    const auto report = admin->mqtt().wait_for("hub/broker", 20s);
    if (report && contains(report->payload, "lamp-1") && contains(report->payload, "\"times\":2")) break;
  }
  const auto seen = doctor(hub);
  EXPECT_TRUE(contains(seen.what("refused logins"), "Garden Lamp (lamp-1): token_expired, 2 times")) << seen.output;
  EXPECT_TRUE(contains(seen.what_to_do("refused logins"), "token issue --device lamp-1")) << seen.output;
}

TEST(Doctor, SeesABridgeThatIsNotThere) {
  HubProcess::Options options;
  options.start_bridge = false;
  HubProcess hub(options);
  EXPECT_TRUE(contains(doctor(hub).what("bridge"), "never run"));
  hub.start_bridge();
  EXPECT_EQ(doctor(hub).verdict("bridge"), "ok");
  hub.kill_bridge();
  const auto seen = doctor(hub);
  EXPECT_EQ(seen.code, 1);
  EXPECT_TRUE(contains(seen.what("bridge"), "is not running")) << seen.output;
}

TEST(Doctor, SeesABridgeThatIsSilentAndAClockThatIsWrong) {
  HubProcess::Options options;
  options.start_bridge = false;
  HubProcess hub(options);
  MqttTestClient::Options as_bridge;
  as_bridge.port = hub.port();
  as_bridge.client_id = "bridge";
  as_bridge.password = hub.files().bridge_token();
  MqttTestClient bridge(as_bridge);
  ASSERT_EQ(bridge.connect(), 0);
  const auto soon = format_rfc3339(SystemClock().wall_now() + 1h);
  TestMessage state;
  state.topic = "hub/state";
  state.payload = R"({"state":"online"})";
  state.retained = true;
  ASSERT_EQ(bridge.publish(state), 0);
  TestMessage health;
  health.topic = "hub/health";
  health.payload = json{{"ts", soon}}.dump();
  health.retained = true;
  ASSERT_EQ(bridge.publish(health), 0);
  const auto seen = doctor(hub);
  EXPECT_TRUE(contains(seen.what("bridge"), "does not answer")) << seen.output;
  EXPECT_TRUE(contains(seen.what("clock"), "in the future")) << seen.output;
}

TEST(Doctor, AsksTheModelsWhenToldToAndSeesAKeyThatIsRefused) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::http(401, R"({"error":{"message":"bad key"}})"); });
  HubProcess::Options options;
  options.config = "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() +
                   "\"\nmodel = \"stub-1\"\napi_key_env = \"STUB_KEY\"\n";
  options.environment["STUB_KEY"] = "sk-old";
  HubProcess hub(options);
  EXPECT_EQ(doctor(hub).verdict("chat"), "") << "only when told to: it may cost something";
  EXPECT_EQ(model.requests().size(), 0u);
  const auto refused = doctor(hub, {"--chat"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.what("chat"), "stub did not answer")) << refused.output;
  EXPECT_TRUE(contains(refused.what_to_do("chat"), "the key is refused")) << refused.output;
  EXPECT_TRUE(contains(refused.what_to_do("chat"), "STUB_KEY")) << refused.output;
}

TEST(Doctor, SeesAModelThatIsNotThere) {
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"gone\"\nbase_url = \"http://127.0.0.1:" + std::to_string(free_port()) +
      "/v1\"\nmodel = \"m\"\n";
  HubProcess hub(options);
  const auto seen = doctor(hub, {"--chat"});
  EXPECT_TRUE(contains(seen.what("chat"), "gone did not answer")) << seen.output;
  EXPECT_TRUE(contains(seen.what_to_do("chat"), "base_url")) << seen.output;
}

TEST(Doctor, IsContentWithAModelThatAnswers) {
  StubLlm model;
  model.otherwise(stub_echo);
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  HubProcess hub(options);
  const auto seen = doctor(hub, {"--chat"});
  EXPECT_EQ(seen.code, 0) << seen.output;
  EXPECT_EQ(seen.what("chat"), "answered by stub");
  hub.files().add_device("lamp", "alice", "Lamp");
  EXPECT_EQ(doctor(hub, {"--chat"}).what("chat"), "answered by stub") << "as alice";
}

TEST(Doctor, AsksEachModelAndBlamesTheOneThatFailed) {
  StubLlm bad;
  bad.otherwise([](const StubRequest&) { return StubAnswer::http(401, R"({"error":{"message":"bad key"}})"); });
  const auto gone = "http://127.0.0.1:" + std::to_string(free_port()) + "/v1";
  const auto provider = [](const std::string& name, const std::string& url) {
    return "[[llm.provider]]\nname = \"" + name + "\"\nbase_url = \"" + url + "\"\nmodel = \"m\"\nretries_max = 0\n";
  };
  HubProcess::Options options;
  options.config = "[llm]\n" + provider("gone", gone) + provider("bad", bad.base_url());
  HubProcess hub(options);
  const auto seen = doctor(hub, {"--chat"});
  EXPECT_TRUE(contains(seen.what("chat"), "gone did not answer")) << seen.output;
  EXPECT_FALSE(contains(seen.what_to_do("chat"), "the key is refused")) << "that is the other's: " << seen.output;
}

}  // namespace
}  // namespace strawberry::test

#include "cli/doctor/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

namespace strawberry::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const WallTime now = from_unix_ms(1'767'225'600'000);

// Members are set one by one: g++ 12 has false alarms about temporaries in nested braces.
FileFacts file(unsigned mode) {
  FileFacts facts;
  facts.exists = true;
  facts.mode = mode;
  facts.owner = 1000;
  return facts;
}

/// The facts of a healthy hub.
Facts healthy() {
  Facts f;
  f.now = now;
  f.data_dir = "/hub";
  f.settings_path = "/hub/bridge.toml";
  f.data_dir_is_directory = true;
  f.data_dir_file = file(0700);
  f.disk_free_bytes = std::uint64_t{10} << 30;
  f.keys_path = "/hub/keys.json";
  f.keys = file(0600);
  f.database_path = "/hub/hub.db";
  f.database.file = file(0600);
  f.database.version = f.database.version_known = 4;
  f.config.file = file(0600);
  f.config.path = "/hub/mosquitto.conf";
  f.config.set_tcp_nodelay = true;
  f.config.plugin = "/lib/strawberry_auth.so";
  f.broker.host = "127.0.0.1";
  f.broker.port = 1883;
  f.broker.is_listening = true;
  f.broker.program = "mosquitto (process 7)";
  f.broker.files_max = 65'536;
  f.broker.anonymous = LoginResult::refused;
  f.broker.admin = LoginResult::accepted;
  f.socket.path = "/hub/broker.sock";
  f.socket.file = file(0770);
  f.socket.is_socket = f.socket.is_listening = true;
  f.web_door.file = "/hub/http-endpoint";
  f.web_door.url = "http://127.0.0.1:8080";
  f.web_door.is_listening = true;
  f.web_door.status = 200;
  f.hub.state = "online";
  f.hub.answers = true;
  f.hub.reported_at = now - 9s;
  f.hub.devices = 3;
  f.hub.providers = {{"openai", "closed", 7, 1}, {"rules", "closed", 0, 0}};
  f.gateway_token.path = "/hub/gateway.token";
  f.gateway_token.file = file(0600);
  f.gateway_token.who = "gateway web door";
  f.gateway_token.type = "gateway";
  f.gateway_token.expires_at = now + 48h;
  f.admin_token.path = "/hub/admin.token";
  f.admin_token.file = file(0600);
  f.admin_token.who = "admin admin";
  f.admin_token.type = "admin";
  f.admin_token.expires_at = now + 48h;
  return f;
}

void deny(FileFacts& facts) {
  facts.problem = "Permission denied";
  facts.error = EACCES;
}

std::optional<Finding> finding(const Facts& facts, const std::string& check) {
  for (const Finding& found : examine(facts)) {
    if (found.check == check) return found;
  }
  return std::nullopt;
}

TEST(Doctor, FindsNothingWrongWithAHealthyHub) {
  const auto findings = examine(healthy());
  EXPECT_GE(findings.size(), 16u);
  for (const Finding& found : findings) {
    EXPECT_EQ(found.verdict, Verdict::good) << found.check << ": " << found.what;
    EXPECT_EQ(found.what_to_do, "");
  }
  EXPECT_TRUE(is_healthy(findings));
}

struct Trouble {
  std::string name;
  std::function<void(Facts&)> make;
  std::string check;
  Verdict verdict;
  std::string what;
  std::string what_to_do;
};
void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }

void no_tls(Facts& facts, TlsTrouble trouble, const std::string& problem) {
  facts.broker.tls = true;
  facts.broker.tls_trouble = trouble;
  facts.broker.tls_problem = problem;
  facts.broker.anonymous = facts.broker.admin = LoginResult::untried;
}

void no_socket(Facts& facts) {
  facts.socket = {};
  facts.socket.path = "/hub/broker.sock";
}

class DoctorSees : public testing::TestWithParam<Trouble> {};

TEST_P(DoctorSees, TheTroubleAndSaysWhatToDo) {
  Facts facts = healthy();
  GetParam().make(facts);
  const auto found = finding(facts, GetParam().check);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->verdict, GetParam().verdict);
  EXPECT_THAT(found->what, HasSubstr(GetParam().what));
  EXPECT_THAT(found->what_to_do, HasSubstr(GetParam().what_to_do));
  EXPECT_EQ(is_healthy(examine(facts)), GetParam().verdict != Verdict::bad);
}

RefusedLogin refused(const std::string& reason, WallTime at) {
  RefusedLogin login;
  login.at = at;
  login.reason = reason;
  login.id = "lamp-1";
  login.name = "Garden Lamp";
  login.times = 5;
  return login;
}

constexpr auto bad = Verdict::bad;
constexpr auto warning = Verdict::warning;
TokenFacts token(const std::string& problem) {
  TokenFacts facts;
  facts.path = "lamp.token";
  facts.file = file(0600);
  facts.problem = problem;
  return facts;
}

INSTANTIATE_TEST_SUITE_P(
    Each, DoctorSees,
    testing::Values(
        Trouble{"NoDirectory", [](Facts& f) { f.data_dir_is_directory = f.data_dir_file.exists = false; },
                "data directory", bad, "there is no /hub", "strawberryctl init"},
        Trouble{"OpenDirectory", [](Facts& f) { f.data_dir_file.mode = 0755; }, "data directory", bad, "mode 0755",
                "chmod 700 /hub"},
        Trouble{"ClosedDirectory", [](Facts& f) { deny(f.data_dir_file); }, "data directory", bad,
                "Permission denied", "run this as the user"},
        Trouble{"ADoorWithoutAnAddress", [](Facts& f) { f.web_door.url.clear(); }, "web door", bad,
                "/hub/http-endpoint does not say where on this machine", "rm /hub/http-endpoint"},
        Trouble{"ADoorThatIsGone", [](Facts& f) { f.web_door.is_listening = false; }, "web door", bad,
                "/hub/http-endpoint says http://127.0.0.1:8080, and nothing listens there", "tail /hub/log/gateway.log"},
        Trouble{"ADoorThatIsAnothers", [](Facts& f) { f.web_door.status = 404; }, "web door", bad,
                "http://127.0.0.1:8080/health: status 404", "tail /hub/log/gateway.log"},
        Trouble{"ADoorThatSpeaksNoHttp", [](Facts& f) { f.web_door.status = 0; }, "web door", bad,
                "without an answer in HTTP", "tail /hub/log/gateway.log"},
        Trouble{"ADoorWhoseCertificateHasExpired", [](Facts& f) { f.web_door.has_ended_certificate = true; }, "web door",
                bad, "its certificate has expired", "start the hub again: scripts/run"},
        Trouble{"TheServicesDoor",
                [](Facts& f) {
                  f.is_package = true;
                  f.web_door.is_listening = false;
                },
                "web door", bad, "nothing listens there", "systemctl restart strawberry-gateway"},
        Trouble{"NoKeys", [](Facts& f) { f.keys.exists = false; }, "keys", bad, "there is no", "strawberryctl init"},
        Trouble{"OpenKeys", [](Facts& f) { f.keys.mode = 0640; }, "keys", bad, "mode 0640",
                "chmod 600 /hub/keys.json"},
        Trouble{"BrokenKeys", [](Facts& f) { f.keys.problem = "is not JSON"; }, "keys", bad, "is not JSON", "backup"},
        Trouble{"AWrongDirectory", [](Facts& f) { f.keys.exists = f.database.file.exists = false; }, "data directory", bad,
                "has no hub's data in it", "strawberryctl init"},
        Trouble{"KeysOfAnother", [](Facts& f) { deny(f.keys); }, "keys", bad,
                "cannot read /hub/keys.json", "ls -ld /hub/keys.json"},
        Trouble{"ThePackagesDirectoryForAStranger",
                [](Facts& f) {
                  f.is_package = true;
                  deny(f.data_dir_file);
                },
                "data directory", bad, "cannot look into /hub", "sudo strawberryctl doctor"},
        Trouble{"OpenDatabase", [](Facts& f) { f.database.file.mode = 0644; }, "database", warning, "mode 0644",
                "chmod 600 /hub/hub.db"},
        Trouble{"OpenDatabaseInAnOpenDirectory",
                [](Facts& f) {
                  f.database.file.mode = 0640;
                  f.data_dir_file.mode = 0750;
                },
                "database", bad, "mode 0640", "chmod 600 /hub/hub.db"},
        Trouble{"NoDatabase", [](Facts& f) { f.database.file.exists = false; }, "database", bad, "there is no",
                "strawberryctl init"},
        Trouble{"NewerDatabase", [](Facts& f) { f.database.version = 999; }, "database", bad, "schema version 999, newer",
                "a newer one"},
        Trouble{"OlderDatabase", [](Facts& f) { f.database.version = 1; }, "database", warning, "older",
                "strawberryctl init"},
        Trouble{"DamagedDatabase", [](Facts& f) { f.database.damage = "row 7 missing"; }, "database", bad,
                "damaged: row 7 missing", ".recover"},
        Trouble{"ReadOnlyDatabase", [](Facts& f) { f.database.write_problem = "attempt to write"; }, "database", bad,
                "cannot be written", "ls -l /hub/hub.db"},
        Trouble{"FullDisk", [](Facts& f) { f.disk_free_bytes = (64 << 20) - 1; }, "disk", bad, "almost full", "df -h /hub"},
        Trouble{"FillingDisk", [](Facts& f) { f.disk_free_bytes = 64 << 20; }, "disk", warning, "64 MiB", "make room"},
        Trouble{"DiskTooFullForTheHub", [](Facts& f) { f.hub.disk_low = true; }, "disk", bad,
                "stores nothing new: less than disk_free_min_mib was free", "disk_free_min_mib in /hub/bridge.toml"},
        Trouble{"DiskTooFullForAHubElsewhere",
                [](Facts& f) {
                  f.disk_free_bytes.reset();
                  f.hub.disk_low = true;
                },
                "disk", bad, "stores nothing new", "make room"},
        Trouble{"ConfigurationNotThere",
                [](Facts& f) {
                  f.config = {};
                  f.config.path = "/no.conf";
                  f.config.is_asked_for = true;
                },
                "broker configuration", bad, "cannot read /no.conf", "--mosquitto-conf"},
        Trouble{"PerListener", [](Facts& f) { f.config.per_listener_settings = true; }, "per_listener_settings", bad,
                "timer stops", "delete the line from config/mosquitto.conf, of which scripts/run makes /hub/mosquitto.conf"},
        Trouble{"AllowAnonymous", [](Facts& f) { f.config.allow_anonymous = true; }, "allow_anonymous", bad, "on",
                "allow_anonymous false"},
        Trouble{"Nagle", [](Facts& f) { f.config.set_tcp_nodelay = false; }, "set_tcp_nodelay", warning, "88 ms",
                "set_tcp_nodelay true"},
        Trouble{"NoPlugin", [](Facts& f) { f.config.plugin = ""; }, "plugin", bad, "does not load strawberry_auth.so",
                "config/mosquitto.conf"},
        Trouble{"PluginDoesNotLoad", [](Facts& f) { f.config.plugin_problem = "file too short"; }, "plugin", bad,
                "file too short", "correct 'plugin'"},
        Trouble{"NoSocket", no_socket, "Unix socket", warning, "there is no /hub/broker.sock",
                "write 'listener 0 /hub/broker.sock' into /hub/mosquitto.conf"},
        Trouble{"AFileThatIsNoSocket",
                [](Facts& f) {
                  f.socket.is_socket = f.socket.is_listening = false;
                  f.socket.problem = "Connection refused";
                },
                "Unix socket", warning, "is no socket", "move that file away"},
        Trouble{"AStaleSocket",
                [](Facts& f) {
                  f.socket.is_listening = false;
                  f.socket.is_stale = true;
                },
                "Unix socket", warning, "left from a broker that was killed", "listener 0 /hub/broker.sock"},
        Trouble{"ASocketOfAnother",
                [](Facts& f) {
                  f.socket.is_listening = false;
                  deny(f.socket.file);
                  f.socket.problem = "Permission denied";
                },
                "Unix socket", warning, "may not be used by this user (mode 0770)", "the user who runs the hub"},
        Trouble{"ASocketForEverybody", [](Facts& f) { f.socket.file.mode = 0777; }, "Unix socket", warning,
                "open to every user", "chmod 660 /hub/broker.sock"},
        Trouble{"ASocketPathTooLong", [](Facts& f) { f.socket.path = "/" + std::string(107, 'x'); }, "Unix socket",
                warning, "more than 107 bytes", "shorter --data-dir"},
        Trouble{"OnlyTheSocket", [](Facts& f) { f.broker.is_listening = false; }, "broker", bad,
                "listens at /hub/broker.sock, but nothing does at 127.0.0.1:1883", "add a listener"},
        Trouble{"NoBroker", [](Facts& f) {
                  no_socket(f);
                  f.broker = {};
                  f.broker.host = "h";
                  f.broker.port = 1;
                }, "broker", bad,
                "nothing listens at h:1", "scripts/run"},
        Trouble{"NoEndpoint", [](Facts& f) {
                  f.broker = {};
                  f.broker.endpoint_problem = "is not 'host port'";
                }, "broker",
                bad, "is not 'host port'", "scripts/run"},
        Trouble{"NoMqtt",
                [](Facts& f) {
                  f.broker.anonymous = LoginResult::not_mqtt;
                  f.broker.program = "nginx (process 9)";
                },
                "broker", bad, "taken by nginx (process 9)", "--port"},
        Trouble{"NoHost", [](Facts& f) { f.broker.host_problem = "Name or service not known"; }, "broker", bad,
                "there is no host 127.0.0.1: Name or", "--host HOST"},
        Trouble{"SilentBroker",
                [](Facts& f) { f.broker.anonymous = f.broker.admin = LoginResult::no_answer; }, "broker", bad,
                "did not answer", "--tls --ca-file /hub/tls/ca.crt"},
        Trouble{"BrokerSilentToStrangers", [](Facts& f) { f.broker.anonymous = LoginResult::no_answer; },
                "clients without a token", warning, "is not known", "broker.log"},
        Trouble{"BrokerSilentToTheAdmin",
                [](Facts& f) {
                  f.broker.admin = LoginResult::no_answer;
                  f.broker.admin_problem = "The connection was lost.";
                },
                "login", bad, "got no answer by mosquitto (process 7) (The connection was lost.)", "broker.log"},
        Trouble{"BrokerThatSpeaksTls", [](Facts& f) { f.broker.anonymous = LoginResult::speaks_tls;
                                                      f.broker.admin = LoginResult::untried; }, "broker",
                bad, "speaks TLS", "strawberryctl --tls --ca-file /hub/tls/ca.crt doctor"},
        Trouble{"AnotherCa", [](Facts& f) { no_tls(f, TlsTrouble::certificate, "self-signed"); },
                "TLS", bad, "self-signed", "name the CA that signed it: strawberryctl --tls --ca-file"},
        Trouble{"AnotherName",
                [](Facts& f) { no_tls(f, TlsTrouble::other_name, "hostname mismatch"); }, "TLS",
                bad, "hostname mismatch", "scripts/certificates /hub/tls 127.0.0.1"},
        Trouble{"AnExpiredCertificate",
                [](Facts& f) { no_tls(f, TlsTrouble::not_now, "it has expired"); },
                "TLS", bad, "has expired", "date -u"},
        Trouble{"NoTlsThere", [](Facts& f) { no_tls(f, TlsTrouble::no_tls, "wrong version number"); }, "TLS", bad,
                "wrong version number", "leave --tls out"},
        Trouble{"AnotherBroker", [](Facts& f) { f.broker.anonymous = LoginResult::accepted; }, "clients without a token",
                bad, "another broker than the hub's, or the plugin is not loaded", "disable --now mosquitto"},
        Trouble{"RefusesEverybody", [](Facts& f) { f.broker.admin = LoginResult::refused; }, "login", bad,
                "signed just now with /hub/keys.json is refused", "plugin_opt_keys"},
        Trouble{"FewFiles", [](Facts& f) { f.broker.files_max = 1'023; }, "file limit", warning, "1023", "ulimit -n"},
        Trouble{"FewFilesForSoManyDevices", [](Facts& f) { f.hub.devices = 65'281; }, "file limit", warning, "65537 would",
                "ulimit -n 65537, then"},
        Trouble{"BridgeNeverRan",
                [](Facts& f) {
                  f.hub = {};
                },
                "bridge", bad, "has never run", "scripts/run"},
        Trouble{"BridgeDown",
                [](Facts& f) {
                  f.hub.answers = false;
                  f.hub.state = "offline";
                },
                "bridge", bad, "is not running", "bridge.log"},
        Trouble{"BridgeSilent", [](Facts& f) { f.hub.answers = false; }, "bridge", bad, "does not answer", "restart it"},
        Trouble{"ClockNeverSet", [](Facts& f) { f.now = from_unix_ms(1'704'067'199'999); }, "clock", bad, "never set",
                "timedatectl"},
        Trouble{"HubInTheFuture", [](Facts& f) { f.hub.reported_at = f.now + 6s; }, "clock", bad,
                "6 s in the future", "timedatectl"},
        Trouble{"HubInThePast", [](Facts& f) { f.hub.reported_at = f.now - 41s; }, "clock", bad, "41 s old",
                "timedatectl"},
        Trouble{"ModelDown", [](Facts& f) { f.hub.providers[0] = {"openai", "open", 9, 6}; }, "language models", bad,
                "openai (open, 6 of 9 requests failed)", "doctor --chat"},
        Trouble{"ModelFailsAlways", [](Facts& f) { f.hub.providers[0] = {"openai", "closed", 2, 2}; }, "language models",
                bad, "2 of 2", "doctor --chat"},
        Trouble{"KeyRefused", [](Facts& f) { f.chats = {{"openai", "", "no such key", {"", "OPENAI_API_KEY", ""}, 401}}; },
                "chat", bad, "no such key", "the key is refused: start the hub with a good one: OPENAI_API_KEY=… scripts/run"},
        Trouble{"KeyInAFileRefused", [](Facts& f) { f.chats = {{"mine", "", "not yours", {"", "", "/etc/my key"}, 403}}; },
                "chat", bad, "not yours", "the key is refused: put a good one into '/etc/my key'"},
        Trouble{"NoKeyAtAll", [](Facts& f) { f.chats = {{"mine", "", "no", {}, 401}}; }, "chat", bad, "mine did not answer: no",
                "the key is refused: /hub/bridge.toml names none for mine: write api_key_env"},
        Trouble{"HubSilentAboutModels",
                [](Facts& f) {
                  f.chats.emplace();
                  f.hub.reported_at.reset();
                },
                "chat", warning, "has not said", "doctor --chat"},
        Trouble{"ModelUnreachable", [](Facts& f) { f.chats = {{"ollama", "", "refused", {"http://o/v1", "", ""}}}; }, "chat",
                bad, "ollama did not answer", "curl 'http://o/v1/models'"},
        Trouble{"OnlyTheRules", [](Facts& f) { f.chats = {{"openai", "rules", ""}}; }, "chat", bad, "only rules did",
                "base_url"},
        Trouble{"ModelThatKeptFailing",
                [](Facts& f) { f.chats = {{"openai", "", "it rests", {}, 0, "circuit_open"}}; }, "chat", bad, "it rests",
                "its base_url and key: /hub/bridge.toml"},
        Trouble{"AMistakeInTheSettings",
                [](Facts& f) {
                  f.settings.file = file(0600);
                  f.settings.problems = {"/hub/bridge.toml:3: [broker] port", "/hub/bridge.toml:9: x", "y"};
                },
                "bridge configuration", bad, "/hub/bridge.toml:3: [broker] port (and 2 more)",
                "strawberry-bridge --check --config /hub/bridge.toml"},
        Trouble{"ADeviceThatIsRefused", [](Facts& f) { f.refused_logins = {refused("token_expired", f.now - 9min)}; },
                "refused logins", warning, "Garden Lamp (lamp-1): token_expired, 5 times, last at 23:51:00",
                "Garden Lamp (lamp-1): give it a new token: strawberryctl token issue --device lamp-1"},
        Trouble{"AUserWhoIsRefused",
                [](Facts& f) {
                  RefusedLogin login = refused("token_revoked", f.now - 9min);
                  login.id = "alice";
                  login.name.clear();
                  login.is_user = true;
                  f.refused_logins = {login};
                },
                "refused logins", warning, "alice: token_revoked", "strawberryctl token issue --user alice"},
        Trouble{"AClientWithoutAPassword", [](Facts& f) { f.refused_logins = {refused("token_missing", f.now)}; },
                "refused logins", warning, "token_missing", "many clients send no password without"},
        Trouble{"ADeviceThatWasRevoked", [](Facts& f) { f.refused_logins = {refused("device_inactive", f.now)}; },
                "refused logins", warning, "device_inactive", "strawberryctl device restore lamp-1"},
        Trouble{"ADeadTokenOfMosquittoSub",
                [](Facts& f) {
                  f.clients_token = token("token_unknown_key");
                  f.clients_token.path = "/hub/clients/mosquitto_sub";
                },
                "mosquitto_sub's token", bad, "another hub's key, or with one that was retired",
                "token issue --admin --name scripts/run --replace --mosquitto /hub/clients"},
        Trouble{"AUserWithADevicesId", [](Facts& f) { f.token = token("id_is_a_device"); }, "token", bad,
                "the id of a device", "token issue"},
        Trouble{"NoModel", [](Facts& f) { f.chats.emplace(); }, "chat", warning, "no language model", "OPENAI_API_KEY"},
        Trouble{"OldAdminToken", [](Facts& f) { f.admin_token.problem = "token_expired"; }, "admin token", bad, "has expired",
                "strawberryctl init"},
        Trouble{"AgingAdminToken", [](Facts& f) { f.admin_token.expires_at = f.now + 23h; }, "admin token", warning,
                "good only until", "strawberryctl init"},
        Trouble{"OpenToken", [](Facts& f) { f.admin_token.file.mode = 0644; }, "admin token", bad, "mode 0644",
                "chmod 600"},
        Trouble{"NoToken",
                [](Facts& f) {
                  f.token = token("");
                  f.token->file.exists = false;
                },
                "token", bad, "there is no lamp.token", "name a file"},
        Trouble{"TokenThatNobodyCouldJudge", [](Facts& f) { f.token = token(""); }, "token", warning, "was not looked at", "strawberryctl doctor"},
        Trouble{"ExpiredToken", [](Facts& f) { f.token = token("token_expired"); }, "token", bad, "has expired",
                "token issue --device"},
        Trouble{"TokenOfAnotherHub", [](Facts& f) { f.token = token("token_bad_signature"); }, "token", bad,
                "another hub's key", "token issue"},
        Trouble{"TokenOfARetiredKey", [](Facts& f) { f.token = token("token_unknown_key"); }, "token", bad, "retired",
                "token issue"},
        Trouble{"TokenFromTheFuture", [](Facts& f) { f.token = token("token_not_yet_valid"); }, "token", bad,
                "issued in the future", "date -u"},
        Trouble{"TokenOfARevokedDevice", [](Facts& f) { f.token = token("device_inactive"); }, "token", bad,
                "of a device that was revoked", "device add"},
        Trouble{"RevokedToken", [](Facts& f) { f.token = token("token_revoked"); }, "token", bad, "was revoked",
                "token issue"},
        Trouble{"NoTokenAtAll", [](Facts& f) { f.token = token("token_malformed"); }, "token", bad, "no good token: token_malformed",
                "token issue"}),
    [](const auto& named) { return named.param.name; });

TEST(Doctor, AcceptsWhatThePackageSharesWithItsGroup) {
  Facts facts = healthy();
  facts.is_package = true;
  facts.data_dir_file = file(02770);
  facts.keys = file(0640);
  facts.database.file = file(0660);
  facts.data_dir_file.owner = facts.keys.owner = facts.database.file.owner = 0;
  for (const auto* check : {"data directory", "keys", "database"})
    EXPECT_EQ(finding(facts, check)->verdict, Verdict::good) << check;
  EXPECT_THAT(finding(facts, "keys")->what, HasSubstr("the hub's group"));
  deny(facts.admin_token.file);
  EXPECT_FALSE(finding(facts, "admin token")) << "it is root's alone";
  facts.keys.mode = 0644;
  facts.data_dir_file.mode = 02775;
  EXPECT_THAT(finding(facts, "keys")->what_to_do, HasSubstr("chmod 640 "));
  EXPECT_THAT(finding(facts, "data directory")->what_to_do, HasSubstr("chmod 2770 "));
  facts.hub.answers = false;
  EXPECT_THAT(finding(facts, "bridge")->what_to_do, HasSubstr("journalctl -u strawberry-bridge"));
}

TEST(Doctor, ForgetsWhoWasRefusedLongAgo) {
  Facts facts = healthy();
  EXPECT_FALSE(finding(facts, "refused logins")) << "the plugin has not reported";
  facts.refused_logins.emplace();
  EXPECT_EQ(finding(facts, "refused logins")->verdict, Verdict::good);
  facts.refused_logins->push_back(refused("token_expired", facts.now - 601s));
  EXPECT_EQ(finding(facts, "refused logins")->verdict, Verdict::good);
  for (int i = 0; i < 7; ++i) facts.refused_logins->push_back(refused("token_expired", facts.now - 1s));
  EXPECT_THAT(finding(facts, "refused logins")->what, HasSubstr("and 3 more"));
  RefusedLogin stranger;
  stranger.at = facts.now;
  stranger.reason = "token_malformed";
  stranger.address = "192.0.2.1";
  facts.refused_logins = {stranger};
  EXPECT_THAT(finding(facts, "refused logins")->what, HasSubstr("somebody at 192.0.2.1: token_malformed, 1 time,"));
}

TEST(Doctor, IsContentWithSettingsThatAreGoodOrNone) {
  Facts facts = healthy();
  EXPECT_FALSE(finding(facts, "bridge configuration"));
  facts.settings.file = file(0600);
  EXPECT_EQ(finding(facts, "bridge configuration")->verdict, Verdict::good);
}

TEST(Doctor, IsContentWithTlsThatIsGood) {
  Facts facts = healthy();
  EXPECT_FALSE(finding(facts, "TLS"));
  facts.broker.tls = true;
  facts.broker.ca_file = "/hub/tls/ca.crt";
  EXPECT_EQ(finding(facts, "TLS")->verdict, Verdict::good);
  no_tls(facts, TlsTrouble::no_tls, "the broker ended it");
  for (const auto* check : {"broker", "clients without a token", "login", "bridge"})
    EXPECT_FALSE(finding(facts, check)) << check << " says something that nobody has seen";
}

TEST(Doctor, SaysNothingOfWhatItCouldNotSee) {
  Facts nothing;
  nothing.now = now;
  nothing.data_dir = "/nowhere";
  nothing.broker.host = "127.0.0.1";
  std::string checks;
  for (const Finding& found : examine(nothing)) checks += found.check + ";";
  EXPECT_EQ(checks, "data directory;broker;clock;");
  Facts foreign = healthy();
  foreign.broker.anonymous = LoginResult::accepted;
  EXPECT_FALSE(finding(foreign, "bridge")) << "another broker knows nothing of it";
  EXPECT_FALSE(finding(foreign, "login"));
}

TEST(Doctor, MissesNoWebDoor) {
  Facts facts = healthy();
  EXPECT_EQ(finding(facts, "web door")->what, "http://127.0.0.1:8080");
  facts.web_door = {};
  EXPECT_FALSE(finding(facts, "web door"));
}

TEST(Doctor, LooksAtTheWebDoorsOwnToken) {
  Facts facts = healthy();
  EXPECT_EQ(finding(facts, "web door's token")->verdict, Verdict::good);
  facts.gateway_token.file.mode = 0644;
  EXPECT_EQ(finding(facts, "web door's token")->what_to_do, "chmod 600 /hub/gateway.token");
  facts.gateway_token.file = file(0640);
  facts.gateway_token.file.owner = 0;
  EXPECT_EQ(finding(facts, "web door's token")->verdict, Verdict::good) << "as the package shares it";
  facts.gateway_token.type = "admin";
  EXPECT_EQ(finding(facts, "web door's token")->verdict, Verdict::bad);
  facts.gateway_token = {};
  facts.gateway_token.path = "/hub/gateway.token";
  EXPECT_THAT(finding(facts, "web door's token")->what, HasSubstr("nobody can sign in with a password"));
  EXPECT_EQ(finding(facts, "web door's token")->what_to_do, "strawberryctl init");
  facts.web_door = {};
  EXPECT_FALSE(finding(facts, "web door's token")) << "there is no web door";
}

TEST(Doctor, LimitsAreExact) {
  Facts facts = healthy();
  facts.hub.reported_at = now + 5s;
  EXPECT_EQ(finding(facts, "clock")->verdict, Verdict::good);
  facts.hub.reported_at = now - 40s;
  EXPECT_EQ(finding(facts, "clock")->verdict, Verdict::good);
  facts.broker.files_max = 1'024;
  EXPECT_EQ(finding(facts, "file limit")->verdict, Verdict::good);
  facts.admin_token.expires_at = now + 24h;
  EXPECT_EQ(finding(facts, "admin token")->verdict, Verdict::good);
  facts.disk_free_bytes = 512 << 20;
  EXPECT_EQ(finding(facts, "disk")->verdict, Verdict::good);
}

TEST(Doctor, ShowsMarksOnATerminalAndWordsElsewhere) {
  const std::vector<Finding> findings = {{"keys", Verdict::good, "fine", ""},
                                         {"disk", Verdict::warning, "filling", "make room"},
                                         {"broker", Verdict::bad, "gone", "start it"}};
  EXPECT_EQ(show_findings(findings, true, false),
            "✓ keys: fine\n! disk: filling\n  → make room\n✗ broker: gone\n  → start it\n");
  EXPECT_EQ(show_findings(findings, false, false),
            "ok      keys: fine\nwarning disk: filling\n  → make room\nfailed  broker: gone\n  → start it\n");
  EXPECT_THAT(show_findings(findings, true, true), HasSubstr("\x1b[31m✗\x1b[0m broker"));
  const auto json = findings_as_json(findings);
  EXPECT_EQ(json.at("healthy"), false);
  EXPECT_EQ(json.at("checks").at(1).at("verdict"), "warning");
  EXPECT_EQ(json.at("checks").at(2).at("what_to_do"), "start it");
}

TEST(Doctor, DisarmsWhatItFound) {
  Facts facts = healthy();
  facts.broker.program = "\x1b[2Jevil (process 1)";
  facts.hub.providers[0] = {"\n\x1b[31m", "open", 1, 1};
  facts.database.damage = std::string(100'000, 'x');
  const std::string shown = show_findings(examine(facts), true, false);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_LT(shown.size(), 8'000u);
}

}  // namespace
}  // namespace strawberry::cli

/// Five hundred devices of another broker in one process, against a real hub: the time and the memory.
#include <iostream>

#include "tests/cli/hub_run.h"
#include "tests/integration/discovery_fixture.h"
#include "tests/support/free_port.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

constexpr int devices = 500;
constexpr double memory_max_mib = 60;

/// `VmRSS` or `VmHWM` of a process.
double memory_mib(pid_t pid, const std::string& name) {
  const std::string status = content_of("/proc/" + std::to_string(pid) + "/status");
  const auto at = status.find(name + ":");
  return at == std::string::npos ? 0 : std::stod(status.substr(at + name.size() + 1)) / 1024;
}

/// A TLS port for a hub, and the certificates for it.
struct TlsListener {
  TempDir directory;
  int port = free_port();

  TlsListener() {
    ChildProcess::Options options;
    options.argv = {STRAWBERRY_SOURCE_DIR "/scripts/certificates", directory.file("tls")};
    ChildProcess certificates(std::move(options));
    if (certificates.wait_for_exit(20s) != 0) throw std::runtime_error(certificates.output());
  }
  std::vector<std::string> config() const {
    return {"listener " + std::to_string(port) + " 127.0.0.1", "certfile " + directory.file("tls/server.crt"),
            "keyfile " + directory.file("tls/server.key")};
  }
};

class ManyDevices : public DiscoveryFixture {
 protected:
  explicit ManyDevices(const TlsListener* tls = nullptr) : DiscoveryFixture(roomy(tls), many_messages()) {}
  static HubProcess::Options roomy(const TlsListener* tls) {
    HubProcess::Options options;
    options.config = "[limits]\ndevices_per_user_max = 1000\ndevice_registrations_per_hour = 2000\n";
    if (tls != nullptr) options.broker_config = tls->config();
    return options;
  }
  static BrokerProcess::Options many_messages() {
    BrokerProcess::Options options;
    options.config = {"max_queued_messages 10000"};
    return options;
  }
  void announce_many() {
    for (int i = 0; i < devices; ++i) {
      const std::string id = "light_" + std::to_string(i);
      json config = with_availability(light(id, "Light " + std::to_string(i)), "bridge/state");
      config["device"]["manufacturer"] = "Signify Netherlands B.V.";
      config["device"]["model"] = "Hue White and color ambiance E27 (9290012573A)";
      config["supported_color_modes"] = {"xy", "color_temp"};
      config["effect"] = true;
      config["effect_list"] = {"blink", "breathe", "okay", "channel_change", "finish_effect", "colorloop"};
      announce(id, config);
      publish_there(id, R"({"state":"ON","brightness":100,"color_temp":250})");
    }
    publish_there("bridge/state", "online");
  }
  /// All are connected, can be called, and the memory is within the limit.
  void expect_all(std::chrono::steady_clock::time_point begin, const std::string& how) {
    const std::string all = std::to_string(devices) + " connected";
    ASSERT_TRUE(process().wait_for_output(all, 100s)) << process().output();
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ASSERT_TRUE(comes_online("Light 499")) << process().output();
    listen("light_499/set");
    const json reply = call("Light 499", "Light.turn_on", {{"brightness_pct", 50}});
    EXPECT_TRUE(reply.at("success").get<bool>()) << reply;
    EXPECT_EQ(command_of("light_499").at("brightness"), 127);
    const double now = memory_mib(process().pid(), "VmRSS");
    const double most = memory_mib(process().pid(), "VmHWM");
    std::cout << devices << " devices" << how << ": " << now << " MiB resident, " << most
              << " MiB at most, connected in " << took << " s\n";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LE(most, memory_max_mib);
#endif
    EXPECT_EQ(process().terminate(), 0) << "it does not end when it is told to";
  }
};

TEST_F(ManyDevices, AreOneProcessOfAtMostSixtyMegabytes) {
  announce_many();
  const auto begin = std::chrono::steady_clock::now();
  run();
  expect_all(begin, "");
}

class ManyDevicesWithTls : public TlsListener, public ManyDevices {
 protected:
  ManyDevicesWithTls() : ManyDevices(this) {}
};

TEST_F(ManyDevicesWithTls, AreOneProcessOfAtMostSixtyMegabytes) {
  announce_many();
  const auto begin = std::chrono::steady_clock::now();
  run({}, {},
      std::vector<std::string>{"--user", "alice", "--data-dir", hub().files().directory().path(), "--host", "127.0.0.1",
                               "--port", std::to_string(port), "--tls", "--ca-file", directory.file("tls/ca.crt")});
  expect_all(begin, " with TLS");
}

}  // namespace
}  // namespace strawberry::test

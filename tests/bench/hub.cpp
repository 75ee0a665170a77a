#include "tests/bench/hub.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/support/no_language_model.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;

constexpr const char* owner = "bench";
constexpr std::chrono::seconds start_time_max{30};

/// Runs one strawberryctl command; returns its JSON output.
json control(const std::string& data_dir, std::vector<std::string> words) {
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRY_BIN_DIR "/strawberryctl", "--json", "--data-dir", data_dir};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  test::ChildProcess child(std::move(options));
  const auto code = child.wait_for_exit(std::chrono::seconds(20));
  if (code != 0) throw std::runtime_error("strawberryctl " + words.front() + ": " + child.output());
  return json::parse(child.output());
}

}  // namespace

std::unique_ptr<test::ChildProcess> start_bridge(const std::string& data_dir, int broker_port,
                                                 std::map<std::string, std::string> environment,
                                                 std::vector<std::string> run_by) {
  test::ChildProcess::Options options;
  // The defaults, except that one device may have as many open calls as the benchmark makes.
  const std::string config = data_dir + "/bench.toml";
  std::ofstream(config) << "[limits]\nopen_calls_per_target_max = 256\n";
  options.argv = std::move(run_by);
  options.argv.insert(options.argv.end(), {STRAWBERRY_BIN_DIR "/strawberry-bridge", "--config", config});
  options.environment = std::move(environment);
  options.environment.merge(test::no_language_model());
  options.environment["STRAWBERRY_DATA_DIR"] = data_dir;
  options.environment["STRAWBERRY_BROKER_HOST"] = "127.0.0.1";
  options.environment["STRAWBERRY_BROKER_PORT"] = std::to_string(broker_port);
  auto bridge = std::make_unique<test::ChildProcess>(std::move(options));
  if (!bridge->wait_for_output("serving at", start_time_max)) throw std::runtime_error(bridge->output());
  return bridge;
}

Hub::Hub(const std::map<std::string, std::string>& environment, const std::vector<std::string>& run_by) {
  control(data_dir_, {"init"});
  test::BrokerProcess::Options broker;
  broker.config = broker_config();
  broker.keys_path = data_dir_ + "/keys.json";
  broker.database_path = data_dir_ + "/hub.db";
  broker.socket_path = data_dir_ + "/broker.sock";  // for the bridge; clients come over TCP
  broker.rate_limits = false;
  broker_ = std::make_unique<test::BrokerProcess>(std::move(broker));
  std::ofstream(data_dir_ + "/endpoint") << "127.0.0.1 " << broker_->port() << "\n";

  bridge_ = start_bridge(data_dir_, broker_->port(), environment, run_by);
}

Hub::~Hub() { bridge_->terminate(); }

Hub::Device Hub::add_device(const std::string& name) {
  const json added = control(data_dir_, {"device", "add", name, "--user", owner});
  return {added.at("device_id").get<std::string>(), added.at("access_token").get<std::string>()};
}

std::string Hub::limited_token(const Device& device, const std::string& class_name) {
  const json issued = control(data_dir_, {"token", "issue", "--device", device.id, "--scope", "skills:read skills:call",
                                          "--skills", class_name + ".*"});
  return issued.at("access_token").get<std::string>();
}

}  // namespace strawberry::bench

/// A hub, one Spoke that is a program, and a client that calls its skills.
///
/// Lifetime: a hub for each test. The Spoke is Alice's device `lamp`.   Errors: ADD_FAILURE with the Spoke's output, or
/// throws.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/files.h"
#include "common/text/ids.h"
#include "tests/support/hub_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {

using nlohmann::json;

class SpokeFixture : public testing::Test {
 protected:
  SpokeFixture() : caller_(hub_.user("alice")) {}

  HubProcess& hub() { return hub_; }
  ChildProcess& process() { return *process_; }
  std::string file(const std::string& name) const { return directory_.file(name); }

  /// Like `device add --mosquitto`, for a registered device; `token`: used instead of a valid one; the device is then
  /// as old as the token's time.
  std::string connect_directory(const std::string& id, const std::string& token = {}) {
    hub_.admin()->result_of("devices", {{"op", "register"}, {"user_id", "alice"}, {"name", id}, {"device_id", id}});
    if (!token.empty()) hub_.files().revoke_tokens(id, WallTime{});
    const std::string path = file(id);
    const cli::Endpoint endpoint{"127.0.0.1", static_cast<std::uint16_t>(hub_.port())};
    const auto written = cli::write_mosquitto_options(path, endpoint, id,
                                                      token.empty() ? hub_.files().device_token(id, "alice") : token);
    if (!written) throw std::runtime_error(written.error().message);
    return path;
  }
  void write_skills(const std::string& skills) { std::ofstream(file("skills.toml"), std::ios::trunc) << skills; }

  void run(std::vector<std::string> argv, const std::string& working_directory = {}) {
    ChildProcess::Options options;
    options.argv = std::move(argv);
    options.working_directory = working_directory;
    process_ = std::make_unique<ChildProcess>(std::move(options));
    seen_ = 0;
  }
  /// Runs `strawberryctl spoke` with these options and skills.
  void spoke(const std::vector<std::string>& options, const std::string& skills) {
    write_skills(skills);
    std::vector<std::string> argv = {STRAWBERRYCTL_PATH, "spoke", "--skills", file("skills.toml")};
    argv.insert(argv.end(), options.begin(), options.end());
    run(std::move(argv));
  }
  /// Waits for this output, after the output of the previous wait.
  void wait_for(const std::string& text) {
    if (!process_->wait_for_output(text, std::chrono::seconds(20), seen_))
      ADD_FAILURE() << "no '" << text << "' in:\n" << process_->output();
    seen_ = process_->output().find(text, seen_) + text.size();
  }
  /// Waits until `text` was written `times` times: a Spoke may answer before it writes its line.
  void wait_for_count(const std::string& text, std::size_t times) const {
    std::size_t end = 0;
    for (std::size_t found = 0; found < times; ++found) {
      ASSERT_TRUE(process_->wait_for_output(text, std::chrono::seconds(20), end)) << process_->output();
      end = process_->output().find(text, end) + text.size();
    }
  }
  std::size_t count(const std::string& text) const {
    const std::string output = process_->output();
    std::size_t found = 0;
    for (std::size_t at = output.find(text); at != std::string::npos; at = output.find(text, at + 1)) ++found;
    return found;
  }

  /// The whole reply.
  json call(const std::string& path, const json& args = json::array(), const json& kwargs = json::object(),
            const std::string& correlation_id = new_id(),
            std::chrono::milliseconds timeout = std::chrono::seconds(25)) {
    return caller_->ask("skills",
                        {{"op", "call"},
                         {"skill_path", path},
                         {"target", "lamp"},
                         {"args", args},
                         {"kwargs", kwargs},
                         {"timeout_ms", timeout.count()},
                         {"correlation_id", correlation_id}},
                        std::chrono::seconds(30));
  }
  /// The error's message, or the result when there is none.
  std::string answer(const std::string& path, const json& args = json::array()) {
    const json reply = call(path, args);
    if (!reply.at("success").get<bool>()) return "failed: " + reply.at("error").at("message").get<std::string>();
    return reply.at("result").is_string() ? reply.at("result").get<std::string>() : reply.at("result").dump();
  }
  Spoke& caller() { return *caller_; }

  /// Publishes directly on a topic that only the bridge may use.
  void publish_call_text(const std::string& payload) { router().publish("skills/lamp/call", payload); }
  void publish_call(const json& payload) { publish_call_text(payload.dump()); }
  json next_result() {
    const auto message = router().wait_for("skills/lamp/result", std::chrono::seconds(20));
    if (!message) throw std::runtime_error("no result; the Spoke said:\n" + process_->output());
    return json::parse(message->payload);
  }

  void restart_broker() {
    const std::size_t before = hub_.bridge().output().size();
    hub_.broker().kill();
    hub_.broker().start();
    hub_.wait_until_serving(before);
    meet_again();
  }
  /// New connections, after the broker was restarted.
  void meet_again() {
    caller_ = hub_.user("alice");
    router_ = nullptr;
  }

  bool is_online() {
    return caller_->result_of("devices", {{"op", "get"}, {"device_id", "lamp"}}).at("online").get<bool>();
  }
  bool goes_offline() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (is_online()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
    return true;
  }

 private:
  /// A client with the bridge's permissions; also receives the results.
  MqttTestClient& router() {
    if (router_) return *router_;
    MqttTestClient::Options options;
    options.port = hub_.port();
    options.client_id = "router";
    options.password = hub_.files().bridge_token();
    router_ = std::make_unique<MqttTestClient>(options);
    if (router_->connect() != 0) throw std::runtime_error("the router may not connect");
    if (router_->subscribe("skills/lamp/result") >= 0x80) throw std::runtime_error("the router may not hear results");
    return *router_;
  }

  TempDir directory_;
  HubProcess hub_;
  std::unique_ptr<Spoke> caller_;  // Alice as a user
  std::unique_ptr<MqttTestClient> router_;
  std::unique_ptr<ChildProcess> process_;
  std::size_t seen_ = 0;
};

}  // namespace strawberry::test

/// A broker with the plugin, and a token for every principal of cast(). For tests of the whole matrix.
///
/// The parameter is the MQTT version: 4 (which is 3.1.1) or 5.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/broker-plugin/policy_matrix.h"
#include "tests/support/broker_process.h"
#include "tests/support/test_hub.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {

class MatrixInBroker : public ::testing::TestWithParam<int> {
 protected:
  MatrixInBroker();

  /// Starts a broker with the plugin after the one that publishes for `injector`. `config`: additional lines.
  void start_with_plugin(const std::vector<std::string>& config = {});
  /// Starts one without the plugin on the same stored sessions: every principal may subscribe to everything.
  void start_without_plugin();

  wire::Connect credentials(const Principal& who) const;
  std::unique_ptr<WireClient> client(wire::Connect connect) const;
  /// Connected, under its own id.
  std::unique_ptr<WireClient> connected(const Principal& who) const;
  std::unique_ptr<WireClient> observer() const;  // observer_principal()

  struct Answer {
    std::uint16_t packet_id = 0;
    std::optional<int> code;  // nullopt: the broker closed the connection
  };
  using Act = std::function<std::uint16_t(WireClient&, const std::string& topic)>;
  /// Runs `act` for every topic, `lined_up_max` at once, and one at a time for those that are `suspect` of making the
  /// broker close the connection.
  static std::vector<Answer> answers_to(WireClient& client, const std::vector<std::string>& topics, const Act& act,
                                        bool (*suspect)(const std::string&), std::size_t lined_up_max);

  /// Publishes `payload` on `topic` without a permission check.
  static void inject(WireClient& injector, const std::string& topic, const std::string& payload, bool retain);

  /// Fails, readably, when policy and broker disagree. Shows only a few of many differences.
  void compare(const Principal& who, const std::string& action, const std::string& topic, Verdict verdict,
               bool broker_allowed, const std::string& broker_did);
  std::size_t cells() const { return cells_; }

  TestHub hub_;
  TempDir sessions_;
  std::unique_ptr<BrokerProcess> broker_;
  Principal injector_{PrincipalType::user, "injector", "injector"};

 private:
  BrokerProcess::Options without_plugin() const;

  std::size_t cells_ = 0;
  int disagreements_ = 0;
};

/// An admin, who may read almost everything.
Principal observer_principal();

/// True for topics for which Mosquitto closes the connection, whatever the policy allows.
bool is_no_topic(const std::string& topic);
bool is_no_filter(const std::string& filter);

}  // namespace strawberry::test

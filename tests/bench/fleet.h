/// Devices with their tokens, and the brokers they connect to: bare, with Mosquitto's own password file, with the
/// plugin. All tokens and hashes are made before the clock starts.
///
/// Life: brokers must end before the Fleet, whose files they read.   Errors: throws.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/contract/rights.h"
#include "tests/bench/wire.h"
#include "tests/support/broker_process.h"
#include "tests/support/test_hub.h"

namespace strawberry::bench {

/// The same for all brokers, as in config/mosquitto.conf.
const std::vector<std::string>& broker_config();

class Fleet {
 public:
  /// Each user has `devices_per_user` of the devices.
  Fleet(std::size_t devices, std::size_t devices_per_user);

  std::size_t size() const { return ids_.size(); }
  const std::string& id(std::size_t index) const { return ids_.at(index); }

  /// Returns the credentials with which a device connects.
  wire::Credentials anonymous(std::size_t index) const;
  wire::Credentials with_password(std::size_t index) const;
  /// `algorithm` is HS256, RS256 or ES256.
  wire::Credentials with_token(std::size_t index, const std::string& algorithm = "HS256",
                               const Rights& rights = {}) const;
  wire::Credentials bridge() const;

  /// Keys and database, also for a bridge.
  test::TestHub& files() { return hub_; }
  const test::TestHub& files() const { return hub_; }

  std::unique_ptr<test::BrokerProcess> start_bare() const;
  std::unique_ptr<test::BrokerProcess> start_with_passwords() const;
  std::unique_ptr<test::BrokerProcess> start_with_plugin() const;

 private:
  std::string owner_of(std::size_t index) const { return "user" + std::to_string(index / devices_per_user_); }
  void add_key(const std::string& jwk, const std::string& algorithm);

  std::size_t devices_per_user_;
  test::TestHub hub_;
  std::vector<std::string> ids_;
  std::vector<KeySet> signing_keys_;  // of one key each: HS256, RS256, ES256
};

}  // namespace strawberry::bench

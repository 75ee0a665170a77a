#include "tests/bench/fleet.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <cjose/cjose.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/identity/token.h"
#include "common/text/clock.h"
#include "common/text/ids.h"
#include "tests/support/child_process.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;

constexpr std::size_t rsa_key_bits = 2048;

/// Returns a new private key as a JSON Web Key.
std::string exported(cjose_jwk_t* jwk) {
  char* text = jwk == nullptr ? nullptr : cjose_jwk_to_json(jwk, /*priv=*/true, nullptr);
  cjose_jwk_release(jwk);
  if (text == nullptr) throw std::runtime_error("no key could be made");
  std::string key(text);
  std::free(text);
  return key;
}

std::string new_rsa_key() {
  static constexpr std::array<std::uint8_t, 3> exponent{1, 0, 1};
  return exported(cjose_jwk_create_RSA_random(rsa_key_bits, exponent.data(), exponent.size(), nullptr));
}
std::string new_p256_key() { return exported(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr)); }

json read_json(const std::string& path) {
  std::ifstream file(path);
  return json::parse(file);
}

}  // namespace

const std::vector<std::string>& broker_config() {
  static const std::vector<std::string> lines{"max_inflight_messages 1000", "max_queued_messages 100000",
                                              "connection_messages false"};
  return lines;
}

Fleet::Fleet(std::size_t devices, std::size_t devices_per_user) : devices_per_user_(devices_per_user) {
  signing_keys_.push_back(hub_.keys());
  add_key(new_rsa_key(), "RS256");
  add_key(new_p256_key(), "ES256");
  SQLite::Transaction transaction(hub_.database());
  for (std::size_t i = 0; i < devices; ++i) {
    ids_.push_back(new_id());
    hub_.add_device(ids_.back(), owner_of(i), "Speaker " + std::to_string(i));
  }
  transaction.commit();
}

void Fleet::add_key(const std::string& jwk, const std::string& algorithm) {
  json key = json::parse(jwk);
  key["kid"] = algorithm;
  key["alg"] = algorithm;
  json alone = json::object();
  alone["keys"] = json::array({key});
  auto parsed = KeySet::parse(alone.dump());
  if (!parsed) throw std::runtime_error(parsed.error().message);
  signing_keys_.push_back(std::move(*parsed));

  json all = read_json(hub_.keys_path());
  all["keys"].push_back(key);
  std::ofstream(hub_.keys_path(), std::ios::trunc) << all.dump();  // an existing file keeps its mode
}

wire::Credentials Fleet::anonymous(std::size_t index) const { return {id(index), {}, {}}; }

wire::Credentials Fleet::with_password(std::size_t index) const {
  return {id(index), id(index), "secret-" + id(index)};
}

wire::Credentials Fleet::with_token(std::size_t index, const std::string& algorithm, const Rights& rights) const {
  const auto keys = std::find_if(signing_keys_.begin(), signing_keys_.end(), [&](const KeySet& set) {
    return to_string(set.signing_key().algorithm()) == algorithm;
  });
  Claims claims;
  claims.principal = {PrincipalType::device, id(index), owner_of(index)};
  claims.name = "Speaker " + std::to_string(index);
  claims.issued_at = SystemClock().wall_now();
  claims.expires_at = claims.issued_at + token_lifetime_default;
  claims.jti = new_id();
  claims.rights = rights;
  auto token = issue_token(*keys, claims);
  if (!token) throw std::runtime_error(token.error().message);
  return {id(index), {}, *token};
}

wire::Credentials Fleet::bridge() const {
  const std::string id(bridge_principal_id);
  return {id, {}, hub_.token({PrincipalType::bridge, id, {}})};
}

std::unique_ptr<test::BrokerProcess> Fleet::start_bare() const {
  test::BrokerProcess::Options options;
  options.config = broker_config();
  return std::make_unique<test::BrokerProcess>(std::move(options));
}

std::unique_ptr<test::BrokerProcess> Fleet::start_with_passwords() const {
  const std::string path = hub_.directory().file("passwords");
  {
    std::ofstream file(path, std::ios::trunc);
    for (std::size_t i = 0; i < size(); ++i) file << id(i) << ":" << with_password(i).password << "\n";
  }
  ::chmod(path.c_str(), 0600);
  test::ChildProcess::Options hash;
  hash.argv = {"/usr/bin/mosquitto_passwd", "-U", path};
  test::ChildProcess hashing(std::move(hash));
  if (hashing.wait_for_exit(std::chrono::seconds(30)) != 0) throw std::runtime_error(hashing.output());

  test::BrokerProcess::Options options;
  options.config = broker_config();
  options.config.emplace_back("allow_anonymous false");
  options.config.push_back("password_file " + path);
  return std::make_unique<test::BrokerProcess>(std::move(options));
}

std::unique_ptr<test::BrokerProcess> Fleet::start_with_plugin() const {
  test::BrokerProcess::Options options;
  options.config = broker_config();
  options.keys_path = hub_.keys_path();
  options.database_path = hub_.database_path();
  options.socket_path = hub_.socket_path();  // for a bridge
  options.rate_limits = false;
  return std::make_unique<test::BrokerProcess>(std::move(options));
}

}  // namespace strawberry::bench

/// The plugin without a broker: a gatekeeper on a fake broker, a directory filled by tests, real keys, a fake clock.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "broker-plugin/gatekeeper.h"
#include "common/text/base64url.h"
#include "tests/broker-plugin/fakes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A JWK Set with one key for each letter, whose `kid` is the letter.
inline std::string jwk_set(std::string_view letters) {
  nlohmann::json keys = nlohmann::json::array();
  for (const char letter : letters) {
    keys.push_back({{"kty", "oct"}, {"kid", std::string(1, letter)}, {"k", base64url_encode(std::string(32, letter))}});
  }
  return nlohmann::json{{"keys", keys}}.dump();
}

inline const Principal speaker{PrincipalType::device, "speaker", "alice"};
inline const Principal tablet{PrincipalType::device, "tablet", "alice"};
inline const Principal lamp{PrincipalType::device, "lamp", "bob"};
inline const Principal alice{PrincipalType::user, "alice", "alice"};
inline const Principal mallory{PrincipalType::user, "mallory", "mallory"};
inline const Principal bridge{PrincipalType::bridge, "bridge", ""};
inline const Principal admin{PrincipalType::admin, "admin", ""};

class Gate : public ::testing::Test {
 protected:
  Gate() {
    directory_.add("speaker", "alice");
    directory_.add("tablet", "alice");
    directory_.add("lamp", "bob");
    EXPECT_TRUE(directory_.refresh().has_value());
    write_keys(jwk_set("k"));
    make();
    // For the broker a handle is an address, here only a number.
    broker_.on_kick = [this](const std::string& client_id) {
      for (const auto& [handle, id] : open_) {
        if (id == client_id) return end(handle);
      }
    };
  }
  void make(Gatekeeper::Options options = {}) {
    gate_ = std::make_unique<Gatekeeper>(broker_, KeyFile::open(keys_path_).value(), directory_, clock_, options);
  }
  void write_keys(const std::string& content) {
    const std::string draft = keys_path_ + ".new";
    std::ofstream(draft) << content;
    ::chmod(draft.c_str(), 0600);
    std::filesystem::rename(draft, keys_path_);
  }

  static Connection::Handle handle(int number) { return reinterpret_cast<Connection::Handle>(std::intptr_t{number}); }
  std::string token(const Principal& principal, std::chrono::seconds lifetime = 1h, const std::string& jti = "",
                    std::string_view key = "k") const {
    Claims claims;
    claims.principal = principal;
    claims.issued_at = clock_.wall_now();
    claims.expires_at = clock_.wall_now() + lifetime;
    claims.jti = jti;
    return issue_token(KeySet::parse(jwk_set(key)).value(), claims).value();
  }
  /// A token made from another, in the line of `root_jti`.
  std::string refreshed(const Principal& principal, const std::string& jti, const std::string& root_jti) const {
    Claims claims;
    claims.principal = principal;
    claims.issued_at = clock_.wall_now();
    claims.expires_at = clock_.wall_now() + 1h;
    claims.jti = jti;
    claims.root_jti = root_jti;
    claims.root_issued_at = clock_.wall_now() - 1h;
    return issue_token(KeySet::parse(jwk_set("k")).value(), claims).value();
  }
  /// The views must outlive the result.
  static Login login(int number, std::string_view client_id, std::string_view password) {
    Login login;
    login.handle = handle(number);
    login.attempt.client_id = client_id;
    login.attempt.password = password;
    login.address = "127.0.0.1";
    return login;
  }
  bool enters(const Login& login) {
    const LoginAnswer answer = gate_->login(login);
    if (!answer.accepted()) return false;
    user_names_[login.handle] = answer.user_name;
    open_[static_cast<int>(reinterpret_cast<std::intptr_t>(login.handle))] = login.attempt.client_id;
    return true;
  }
  bool connect(int number, const Principal& principal, const std::string& client_id, std::chrono::seconds lifetime = 1h,
               bool session_may_stay = false) {
    const std::string password = token(principal, lifetime);
    Login attempt = login(number, client_id, password);
    attempt.session_may_stay = session_may_stay;
    if (!enters(attempt)) return false;
    EXPECT_EQ(decode_session_name(user_names_.at(handle(number)))->principal, principal);
    return true;
  }
  void end(int number) {
    open_.erase(number);
    gate_->disconnected(handle(number));
  }
  Gatekeeper::TopicEvent topic(int number, const Principal& who, Access access, std::string_view name,
                               std::string_view payload = "") {
    names_.push_back(encode_principal(who));
    Gatekeeper::TopicEvent event;
    event.handle = handle(number);
    event.client_id = "client";
    event.user_name = names_.back();
    event.access = access;
    event.topic = name;
    event.payload = payload;
    return event;
  }
  /// Simulates how the broker handles a publication.
  bool publishes(int number, const Principal& who, std::string_view name, std::string_view payload = "") {
    return gate_->allows(topic(number, who, Access::write, name, payload)) &&
           sender_of(topic(number, who, Access::write, name, payload)).has_value();
  }
  /// Nothing when the message must be dropped.
  std::optional<std::string> sender_of(const Gatekeeper::TopicEvent& event) {
    std::string sender = "of the message before";
    if (!gate_->write_sender(event, sender)) return std::nullopt;
    return sender;
  }
  std::string stamp_of(const std::string& principal) const {
    return principal + " " + std::to_string(to_unix_ms(clock_.wall_now()));
  }
  void seconds_pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(1s);
      gate_->tick();
    }
  }

  test::TempDir files_;
  std::string keys_path_ = files_.file("keys.json");
  FakeClock clock_;
  FakeBroker broker_;
  FakeDirectory directory_;
  std::unique_ptr<Gatekeeper> gate_;
  std::map<int, std::string> open_;
  std::map<Connection::Handle, std::string> user_names_;
  std::list<std::string> names_;
};

}  // namespace strawberry::test

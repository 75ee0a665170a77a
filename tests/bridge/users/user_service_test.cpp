// The `users` service on a real database and real argon2id, without a broker.
#include "bridge/users/user_service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "bridge/adapters/sodium/sodium_passwords.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/users/token_service.h"
#include "common/identity/key_file.h"
#include "common/text/base64url.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class Users : public ::testing::Test {
 protected:
  TokenIssuer issuer() {
    const auto path = directory_.file("keys.json");
    std::ofstream(path) << R"({"keys":[{"kty":"oct","kid":"k","k":")" << base64url_encode(std::string(32, '1'))
                        << "\"}]}";
    if (::chmod(path.c_str(), 0600) != 0) throw std::runtime_error("no key file");
    keys_.emplace(KeyFile::open(path).value());
    return TokenIssuer(KeyFile::open(path).value());
  }
  /// As the pipeline does.
  Reply<json> ask(const Principal& sender, json body, Rights rights = {}) {
    RequestHandler* service = &service_;
    const Operation* operation = service_.table().find(body.at("op").get<std::string>());
    if (operation == nullptr) {
      service = &tokens_service_;
      operation = tokens_service_.table().find(body.at("op").get<std::string>());
    }
    Request request;
    request.sender = sender;
    request.service = Service::users;
    Allowance allowance;
    allowance.standing = users_.standing_of(sender.user_id);
    allowance.rights = rights;
    allowance.rights.scopes = rights.scopes & scopes_of(allowance.standing.role);
    auto acting = permit(service->table(), *operation, sender, body, allowance);
    if (!acting) return tl::unexpected(acting.error());
    request.acting_user = *acting;
    request.body = std::move(body);
    request.rights = allowance.rights;
    request.token_rights = rights;
    AskingToken token;
    token.jti = "asking";
    token.issued_at = clock_.wall_now();
    token.expires_at = clock_.wall_now() + std::chrono::hours(1);
    request.token = token;
    return test::run_task(loop_, operation->handler(*service, std::move(request)));
  }
  Reply<json> create(json body) {
    body["op"] = "create";
    return ask(operator_, std::move(body));
  }
  Reply<json> login(const std::string& user, const std::string& password, const std::string& address = "192.0.2.1") {
    return ask(door_, {{"op", "login"}, {"user", user}, {"password", password}, {"address", address}});
  }
  Claims claims_of(const json& given) const {
    return verify_token(keys_->keys(), given.at("access_token").get<std::string>(), clock_.wall_now()).value();
  }
  static ErrorCode code(const Reply<json>& reply) { return reply ? ErrorCode::internal : reply.error().code; }
  static Principal person(const std::string& id) { return {PrincipalType::user, id, id}; }

  test::TempDir directory_;
  test::FakeClock clock_;
  asio::io_context loop_;
  std::optional<KeyFile> keys_;
  TokenIssuer tokens_ = issuer();
  std::unique_ptr<SqliteStorage> store_ = SqliteStorage::open(loop_, directory_.file("hub.db"), {}).value();
  DeviceRegistry devices_;
  UserDirectory users_;
  Events events_{clock_};
  SodiumPasswords passwords_{loop_, {}};
  std::vector<std::string> told_;
  std::function<Task<void>(std::vector<std::string>)> tell_ = [this](std::vector<std::string> ids) -> Task<void> {
    told_.insert(told_.end(), ids.begin(), ids.end());
    co_return;
  };
  UserService service_{clock_,
                       {store_->users(), store_->devices(), devices_, users_, passwords_, tokens_, events_, tell_,
                        [](const std::string&, const LimitChange&) -> Task<Reply<void>> { co_return Reply<void>(); }},
                       {}};
  TokenService tokens_service_{clock_, {store_->users(), devices_, tokens_, events_, tell_}, {}};
  const Principal operator_{PrincipalType::admin, "admin", ""};
  const Principal door_{PrincipalType::gateway, std::string(gateway_principal_id), ""};
};

TEST_F(Users, SignInWithTheirPasswordAndWithNoOther) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  const auto given = login("alice", "correct horse");
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(claims_of(*given).principal, person("alice"));
  EXPECT_TRUE(claims_of(*given).rights.is_full());
  const auto wrong = login("alice", "correct hors");
  const auto unknown = login("nobody", "correct horse");
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(wrong.error().message, unknown.error().message) << "nothing tells who exists";
  EXPECT_EQ(code(wrong), ErrorCode::forbidden);
}

TEST_F(Users, APasswordOfAMebibyteIsRefusedBeforeItIsHashed) {
  const auto refused = login("alice", std::string(1024 * 1024, 'x'));
  EXPECT_EQ(code(refused), ErrorCode::bad_request);
  EXPECT_LT(refused.error().message.size(), 100U) << "it is not repeated";
  EXPECT_EQ(code(create({{"user_id", "bob"}, {"password", "short"}})), ErrorCode::bad_request);
}

TEST_F(Users, ThatAreDisabledCannotSignInAndThePluginIsTold) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  told_.clear();
  ASSERT_TRUE(ask(operator_, {{"op", "update"}, {"user_id", "alice"}, {"disabled", true}}));
  EXPECT_EQ(told_, std::vector<std::string>{"alice"});
  EXPECT_EQ(code(login("alice", "correct horse")), ErrorCode::forbidden);
}

TEST_F(Users, WhoseIdsDifferOnlyInCaseCannotBothBe) {
  ASSERT_TRUE(create({{"user_id", "alice"}}));
  EXPECT_EQ(code(create({{"user_id", "Alice"}})), ErrorCode::forbidden);
  EXPECT_EQ(code(create({{"user_id", "alice"}})), ErrorCode::forbidden);
}

TEST_F(Users, WhoGuessAreSlowedDownAndTheRightfulUserElsewhereIsNot) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code(login("alice", "guess number")), ErrorCode::forbidden);
  EXPECT_EQ(code(login("alice", "correct horse")), ErrorCode::rate_limited);
  EXPECT_TRUE(login("alice", "correct horse", "192.0.2.99"));
}

TEST_F(Users, TheLastAdminStaysOne) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"role", "admin"}}));
  EXPECT_EQ(code(ask(operator_, {{"op", "update"}, {"user_id", "alice"}, {"role", "member"}})), ErrorCode::forbidden);
  EXPECT_EQ(code(ask(operator_, {{"op", "delete"}, {"user_id", "alice"}})), ErrorCode::forbidden);
  ASSERT_TRUE(create({{"user_id", "bob"}, {"role", "admin"}}));
  EXPECT_TRUE(ask(operator_, {{"op", "delete"}, {"user_id", "alice"}}));
}

TEST_F(Users, OnlyAdminsManageThem) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"role", "admin"}}));
  ASSERT_TRUE(create({{"user_id", "bob"}}));
  const json list{{"op", "list"}};
  EXPECT_TRUE(ask(person("alice"), list));
  EXPECT_EQ(code(ask(person("bob"), list)), ErrorCode::forbidden);
  const Rights limited{scopes_in("users"), {}};
  EXPECT_EQ(code(ask(person("alice"), list, limited)), ErrorCode::forbidden)
      << "an admin's limited token is no admin's";
  EXPECT_EQ(code(ask(person("alice"), {{"op", "set_password"}, {"new", "long enough"}}, limited)),
            ErrorCode::forbidden);
}

TEST_F(Users, AnOperatorsLinkMakesTheFirstAdminOnce) {
  const Principal link{PrincipalType::grant, "operator-1", "admin"};
  const json wish{{"op", "create_first_admin"}, {"user_id", "alice"}, {"password", "correct horse"}};
  const Principal other_link{PrincipalType::grant, "sign-in-1", "bob"};
  EXPECT_EQ(code(ask(other_link, wish)), ErrorCode::forbidden) << "a login link of somebody's is no operator's";
  ASSERT_TRUE(ask(link, wish));
  EXPECT_EQ(users_.standing_of("alice").role, Role::admin);
  json again = wish;
  again["user_id"] = "eve";
  EXPECT_EQ(code(ask({PrincipalType::grant, "operator-2", "admin"}, again)), ErrorCode::forbidden);
}

TEST_F(Users, ATokenGivesNoMoreThanTheOneThatAsks) {
  const Rights light{scopes_in("skills:call users").without(Scope::any_skill), {"LightSkill.*"}};
  const auto token = [&](json more, const Rights& rights) {
    more["op"] = "token";
    more["name"] = "t" + std::to_string(more.dump().size()) + std::to_string(told_.size());
    told_.emplace_back();
    return ask(person("alice"), std::move(more), rights);
  };
  const auto full = token({{"ttl_s", 7200}}, Rights());
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_TRUE(claims_of(*full).rights.is_full());
  const auto same = token({{"ttl_s", 7200}}, light);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(claims_of(*same).rights, light) << "what is not said is as it is of the asking token";
  EXPECT_LE(claims_of(*same).expires_at, clock_.wall_now() + std::chrono::hours(1)) << "and no longer";
  EXPECT_EQ(claims_of(*same).root_jti, "asking") << "and it ends with it";
  EXPECT_EQ(code(token({{"scope", "chat"}}, light)), ErrorCode::forbidden);
  EXPECT_EQ(code(token({{"skills", {"*.*"}}}, light)), ErrorCode::forbidden);
  EXPECT_TRUE(token({{"skills", {"LightSkill.turn_on"}}, {"scope", "skills:call"}}, light));
  EXPECT_EQ(code(token({{"scope", "everything"}}, Rights())), ErrorCode::bad_request);
}

TEST_F(Users, ADevicesNameInAPatternBecomesItsId) {
  DeviceRow row;
  row.device_id = "3f0c";
  row.user_id = "alice";
  row.name = "Lamp";
  row.normalized_name = "lamp";
  devices_.put(row);
  const auto given = ask(person("alice"), {{"op", "token"}, {"name", "light"}, {"skills", {"lamp.LightSkill.*"}}});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(claims_of(*given).rights.skills, std::vector<std::string>{"3f0c.LightSkill.*"});
  EXPECT_EQ(code(ask(person("alice"), {{"op", "token"}, {"name", "x"}, {"skills", {"tv.LightSkill.*"}}})),
            ErrorCode::bad_request);
}

TEST_F(Users, TokensAreListedAndRevokedByName) {
  const json wish{{"op", "token"}, {"name", "light"}};
  ASSERT_TRUE(ask(person("alice"), wish));
  EXPECT_EQ(code(ask(person("alice"), wish)), ErrorCode::forbidden) << "one of that name is there";
  EXPECT_EQ(ask(person("alice"), {{"op", "tokens"}})->at("total"), 1);
  EXPECT_EQ(code(ask(person("bob"), {{"op", "revoke_token"}, {"name", "light"}})), ErrorCode::not_found);
  ASSERT_TRUE(ask(person("alice"), {{"op", "revoke_token"}, {"name", "light"}}));
  EXPECT_EQ(ask(person("alice"), {{"op", "tokens"}})->at("total"), 0);
}

TEST_F(Users, AGuestHasAHostAndNoDevices) {
  EXPECT_EQ(code(create({{"user_id", "gerda"}, {"role", "guest"}})), ErrorCode::bad_request);
  EXPECT_EQ(code(create({{"user_id", "gerda"}, {"role", "guest"}, {"guest_of", "alice"}})), ErrorCode::not_found);
  ASSERT_TRUE(create({{"user_id", "alice"}}));
  ASSERT_TRUE(create({{"user_id", "gerda"}, {"role", "guest"}, {"guest_of", "alice"}}));
  DeviceRow row;
  row.device_id = "lamp";
  row.user_id = "gerda";
  row.name = row.normalized_name = "lamp";
  const auto added = test::run_task(loop_, store_->devices().add_device(row));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::forbidden);
  ASSERT_TRUE(ask(operator_, {{"op", "delete"}, {"user_id", "alice"}}));
  EXPECT_EQ(users_.standing_of("gerda").guest_of, "");
}

}  // namespace
}  // namespace strawberry::bridge

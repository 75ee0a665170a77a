// The `users` service on a real database and real argon2id, without a broker.
#include "bridge/users/user_service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <set>

#include "bridge/adapters/sodium/sodium_passwords.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/users/token_service.h"
#include "bridge/users/token_uses.h"
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
  /// Calls the service like the pipeline.
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
    token.jti = asking_;
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
  std::string asking_ = "asking";
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

TEST_F(Users, TwoChangesAtOnceAreBothMade) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  std::size_t done = 0;
  for (const json& change : {json{{"disabled", true}}, json{{"name", "Alice"}}, json{{"role", "admin"}}}) {
    Request request;
    request.sender = operator_;
    request.service = Service::users;
    request.op = "update";
    request.body = change;
    request.body["user_id"] = "alice";
    asio::co_spawn(loop_, service_.table().find("update")->handler(service_, std::move(request)),
                   [&](const std::exception_ptr&, const Reply<json>& reply) { done += reply ? 1U : 0U; });
  }
  loop_.restart();
  while (done < 3 && loop_.run_one_for(std::chrono::seconds(10)) > 0) continue;
  ASSERT_EQ(done, 3U);
  const UserStanding both{Role::admin, "", true};
  EXPECT_EQ(users_.standing_of("alice"), both);
  EXPECT_EQ(users_.find("alice")->name, "Alice");
  UserDirectory stored;
  ASSERT_TRUE(store_->load_users([&](UserRow user) { stored.put(std::move(user)); }));
  EXPECT_EQ(stored.standing_of("alice"), both);
  EXPECT_EQ(stored.find("alice")->name, "Alice");
}

TEST_F(Users, WhoHaveAnotherRoleOrHostKeepNothingUnderWay) {
  ASSERT_TRUE(create({{"user_id", "alice"}}));
  ASSERT_TRUE(create({{"user_id", "carol"}}));
  ASSERT_TRUE(create({{"user_id", "bob"}, {"role", "guest"}, {"guest_of", "alice"}}));
  std::vector<std::string> ended;
  bool ends_devices = false;
  const auto listening = events_.listen<UserStandingChanged>("test", [&](const UserStandingChanged& changed) {
    ended.push_back(changed.user_id);
    ends_devices = changed.ends_devices;
  });
  const auto ends = [&](json change) {
    ended.clear();
    change["op"] = "update";
    change["user_id"] = "bob";
    EXPECT_TRUE(ask(operator_, std::move(change)));
    return ended == std::vector<std::string>{"bob"};
  };
  EXPECT_FALSE(ends({{"name", "Bob"}}));
  EXPECT_TRUE(ends({{"guest_of", "carol"}}));
  EXPECT_FALSE(ends({{"guest_of", "carol"}})) << "it is the same";
  EXPECT_TRUE(ends({{"role", "member"}}));
  EXPECT_FALSE(ends_devices) << "its devices stay connected, and may do what they did";
  EXPECT_TRUE(ends({{"disabled", true}}));
  EXPECT_TRUE(ends_devices);
  EXPECT_FALSE(ends({{"disabled", false}}));
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

TEST_F(Users, WhomNobodyKnowsGetNoPassword) {
  const auto set = [this](const std::string& id) {
    return ask(operator_, {{"op", "set_password"}, {"user_id", id}, {"new", "correct horse"}});
  };
  EXPECT_EQ(code(set("alcie")), ErrorCode::not_found) << "a mistyped id makes no account";
  EXPECT_EQ(users_.find("alcie"), nullptr);
  for (const char* id : {"admin", "hub", "strawberry-bridge", "strawberry-gateway"})
    EXPECT_EQ(code(set(id)), ErrorCode::not_found) << id;
  ASSERT_TRUE(ask(operator_, {{"op", "token"}, {"user_id", "carol"}}));
  EXPECT_TRUE(set("carol")) << "a token makes her known";
  EXPECT_TRUE(ask(person("dave"), {{"op", "set_password"}, {"new", "correct horse"}})) << "who asks is there";
}

TEST_F(Users, ANewPasswordEndsTheOtherLoginsAndLeavesTokens) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  const auto stolen = claims_of(login("alice", "correct horse").value()).jti;
  const auto own = claims_of(login("alice", "correct horse").value());
  ASSERT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "script"}}));
  const auto good = [this] {
    std::set<std::string> jtis;
    const json listed = ask(person("alice"), {{"op", "tokens"}}).value();
    for (const json& token : listed.at("tokens")) jtis.insert(token.at("jti").get<std::string>());
    return jtis;
  };
  ASSERT_EQ(good().size(), 3U);
  asking_ = own.jti;
  told_.clear();
  ASSERT_TRUE(ask(person("alice"), {{"op", "set_password"}, {"old", "correct horse"}, {"new", "battery staple"}}));
  EXPECT_EQ(good().size(), 2U);
  EXPECT_TRUE(good().contains(own.jti)) << "who sets it stays signed in";
  EXPECT_FALSE(good().contains(stolen));
  EXPECT_EQ(told_, std::vector<std::string>{stolen}) << "the plugin ends the connection at once";

  ASSERT_TRUE(ask(operator_, {{"op", "set_password"}, {"user_id", "alice"}, {"new", "third password"}}));
  EXPECT_EQ(good().size(), 1U) << "an admin's reset ends them all, and leaves the script's token";
}

TEST_F(Users, TheHubsOwnPrincipalsAreNotDeleted) {
  EXPECT_EQ(code(ask(operator_, {{"op", "delete"}, {"user_id", "admin"}})), ErrorCode::not_found);
  EXPECT_EQ(code(ask(operator_, {{"op", "delete"}, {"user_id", "strawberry-bridge"}})), ErrorCode::not_found);
}

TEST_F(Users, AnAdminIsNotToldThatOnlyAnAdminMay) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"role", "admin"}}));
  for (const Principal& admin : {operator_, person("alice")}) {
    const auto refused = ask(admin, {{"op", "login"}, {"user", "bob"}, {"password", "x"}});
    ASSERT_EQ(code(refused), ErrorCode::forbidden);
    EXPECT_EQ(refused.error().message.find("only an admin"), std::string::npos) << refused.error().message;
  }
}

TEST_F(Users, NobodyIsTheirOwnGuest) {
  const auto refused = create({{"user_id", "gerda"}, {"role", "guest"}, {"guest_of", "gerda"}});
  ASSERT_EQ(code(refused), ErrorCode::bad_request);
  EXPECT_EQ(refused.error().message, "nobody is their own guest");
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

TEST_F(Users, ShowWhenTheirTokensWereUsed) {
  ASSERT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "light"}}));
  const auto listed = [this] { return ask(person("alice"), {{"op", "tokens"}})->at("tokens").at(0); };
  const auto jti = listed().at("jti").get<std::string>();
  EXPECT_TRUE(listed().at("last_used").is_null());
  const WallTime used_at = clock_.wall_now();
  const auto note = [&](const std::string& id, WallTime at) {
    std::vector<TokenUse> uses(1, TokenUse{id, at});
    EXPECT_TRUE(test::run_task(loop_, store_->users().note_used(std::move(uses))));
  };
  note(jti, used_at);
  note("of-nobody", used_at);
  EXPECT_EQ(listed().at("last_used"), format_rfc3339(used_at));
  note(jti, used_at - std::chrono::hours(1));
  EXPECT_EQ(listed().at("last_used"), format_rfc3339(used_at)) << "an earlier use comes late";
}

TEST_F(Users, ATimeOfUseInTheFutureIsNow) {
  ASSERT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "light"}}));
  const auto listed = [this] { return ask(person("alice"), {{"op", "tokens"}})->at("tokens").at(0); };
  TokenUses uses(loop_, clock_, store_->users());
  uses.note({{listed().at("jti").get<std::string>(), clock_.wall_now() + std::chrono::hours(1)}});
  for (int i = 0; i < 1'000 && listed().at("last_used").is_null(); ++i) {
  }
  EXPECT_EQ(listed().at("last_used"), format_rfc3339(clock_.wall_now()));
}

TEST_F(Users, AShortLoginEndsInMinutes) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  const auto given = ask(door_, {{"op", "login"}, {"user", "alice"}, {"password", "correct horse"}, {"stay", false}});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_LE(claims_of(*given).expires_at, clock_.wall_now() + std::chrono::minutes(15));
  EXPECT_GT(claims_of(*login("alice", "correct horse")).expires_at, clock_.wall_now() + std::chrono::hours(24));
}

TEST_F(Users, EverythingThatTheyHaveBeenGivenIsRevokedAtOnce) {
  ASSERT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "one"}}));
  ASSERT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "two"}}));
  ASSERT_TRUE(ask(person("bob"), {{"op", "token"}, {"name", "one"}}));
  told_.clear();
  const auto done = ask(operator_, {{"op", "revoke_token"}, {"user_id", "alice"}, {"all", true}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->at("listed"), 2);
  EXPECT_GT(parse_rfc3339(done->at("valid_from").get<std::string>()), clock_.wall_now());
  EXPECT_EQ(told_, std::vector<std::string>{"alice"});
  EXPECT_EQ(ask(person("alice"), {{"op", "tokens"}})->at("total"), 0);
  EXPECT_EQ(ask(person("bob"), {{"op", "tokens"}})->at("total"), 1);
  EXPECT_EQ(code(ask(person("alice"), {{"op", "token"}, {"name", "three"}})), ErrorCode::forbidden)
      << "the token that asks was revoked, too";
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "three"}}));
}

TEST_F(Users, OneOfManyWaysSaysWhichTokenIsRevoked) {
  ASSERT_TRUE(ask(person("alice"), {{"op", "token"}, {"name", "one"}}));
  for (const json& way : {json::object(), json{{"all", true}, {"name", "one"}}, json{{"jti", "x"}, {"name", "one"}}}) {
    json body = way;
    body["op"] = "revoke_token";
    EXPECT_EQ(code(ask(person("alice"), body)), ErrorCode::bad_request) << body;
  }
  EXPECT_EQ(code(ask(operator_, {{"op", "revoke_token"}, {"name", "one"}})), ErrorCode::bad_request) << "whose?";
  EXPECT_EQ(code(ask(operator_, {{"op", "revoke_token"}, {"all", true}})), ErrorCode::bad_request) << "whose?";
  EXPECT_EQ(code(ask(operator_, {{"op", "revoke_token"}, {"jti", "x"}})), ErrorCode::not_found);
}

TEST_F(Users, ThePrincipalAdminAloneIssuesTokensOfAdminsAndForNewDevices) {
  const json admins{{"op", "token"}, {"type", "admin"}, {"name", "second"}};
  const json enroll{{"op", "token"}, {"type", "enroll"}, {"user_id", "alice"}};
  const auto of_admin = ask(operator_, admins);
  ASSERT_TRUE(of_admin) << of_admin.error().message;
  EXPECT_EQ(claims_of(*of_admin).principal, operator_);
  const auto of_device = ask(operator_, enroll);
  ASSERT_TRUE(of_device) << of_device.error().message;
  const Principal principal = claims_of(*of_device).principal;
  EXPECT_EQ(principal.type, PrincipalType::enroll);
  EXPECT_EQ(principal.user_id, "alice");
  EXPECT_EQ(of_device->at("id"), principal.id);
  EXPECT_TRUE(ask(operator_, {{"op", "revoke_token"}, {"jti", of_admin->at("jti")}}));
  EXPECT_EQ(ask(operator_, {{"op", "tokens"}})->at("total"), 1);

  ASSERT_TRUE(create({{"user_id", "root"}, {"role", "admin"}}));
  for (const char* who : {"alice", "root"}) {
    EXPECT_EQ(code(ask(person(who), admins)), ErrorCode::forbidden) << who;
    json own = enroll;
    own["user_id"] = who;
    EXPECT_EQ(code(ask(person(who), own)), ErrorCode::forbidden) << who;
  }
  json wrong = admins;
  wrong["user_id"] = "alice";
  EXPECT_EQ(code(ask(operator_, wrong)), ErrorCode::bad_request) << "an admin's is no user's";
  wrong = enroll;
  wrong.erase("user_id");
  EXPECT_EQ(code(ask(operator_, wrong)), ErrorCode::bad_request);
  for (const json& more : {json{{"scope", "chat"}}, json{{"device_id", "lamp"}}, json{{"skills", {"A.b"}}}}) {
    json body = enroll;
    body.update(more);
    EXPECT_EQ(code(ask(operator_, body)), ErrorCode::bad_request) << body;
  }
  EXPECT_EQ(code(ask(operator_, {{"op", "token"}, {"name", "x"}})), ErrorCode::bad_request) << "for whom?";
}

/// What a member may try to get more than it has.
TEST_F(Users, AMemberDoesNotRaiseItsRights) {
  ASSERT_TRUE(create({{"user_id", "root"}, {"role", "admin"}, {"password", "correct horse"}}));
  ASSERT_TRUE(create({{"user_id", "mallory"}}));
  const auto mallory = person("mallory");
  std::vector<json> attempts;
  for (const char* id : {"root", "Root", "ROOT", "Mallory", "MALLORY", "admin", "hub", "strawberry-bridge", "", "*"}) {
    attempts.push_back({{"op", "create"}, {"user_id", id}, {"role", "admin"}});
    attempts.push_back({{"op", "update"}, {"user_id", id}, {"role", "admin"}});
    attempts.push_back({{"op", "delete"}, {"user_id", id}});
    attempts.push_back({{"op", "get"}, {"user_id", id}});
    attempts.push_back({{"op", "set_password"}, {"user_id", id}, {"new", "mine from now on"}});
    attempts.push_back({{"op", "token"}, {"user_id", id}, {"name", "theirs"}});
    attempts.push_back({{"op", "tokens"}, {"user_id", id}});
    attempts.push_back({{"op", "revoke_token"}, {"user_id", id}, {"all", true}});
  }
  attempts.push_back({{"op", "update"}, {"user_id", "mallory"}, {"role", "admin"}});
  attempts.push_back({{"op", "update"}, {"user_id", "mallory"}, {"limits", {{"devices", 0}}}});
  attempts.push_back({{"op", "create_first_admin"}, {"user_id", "mallory"}, {"password", "correct horse"}});
  attempts.push_back({{"op", "login"}, {"user", "root"}, {"password", "correct horse"}});
  for (const json& attempt : attempts) EXPECT_EQ(code(ask(mallory, attempt)), ErrorCode::forbidden) << attempt;
  EXPECT_EQ(users_.standing_of("mallory").role, Role::member);
  EXPECT_EQ(users_.all().size(), 2U);
  EXPECT_TRUE(login("root", "correct horse"));
}

TEST_F(Users, NoOddPatternOfSkillsIsMoreThanItSays) {
  const Rights limited{scopes_in("skills:call users").without(Scope::any_skill), {"LightSkill.*"}};
  int number = 0;
  const auto wish = [&](const json& patterns, const Rights& rights) {
    json body{{"op", "token"}, {"name", "t" + std::to_string(++number)}, {"skills", patterns}};
    return ask(person("alice"), std::move(body), rights);
  };
  for (const char* pattern : {"*", "**", "*.*.*.*", "Light*Skill.x", "*Skill.x", "LightSkill.", ".x", "..", "a..b",
                              "LightSkill.*x", "LightSkill.**", "LightSkill. *", "LightSkill"})
    EXPECT_EQ(code(wish({pattern}, Rights())), ErrorCode::bad_request) << pattern;
  for (const char* pattern : {"?.x", "?ightSkill.turn_on", "[a-z]*.*", "%.%", "lightskill.*", "LightSkill.TURN*"}) {
    const auto given = wish({pattern}, Rights());
    ASSERT_TRUE(given) << pattern;
    EXPECT_FALSE(claims_of(*given).rights.may_use("lamp", "LightSkill", "turn_on")) << pattern << " is no wildcard";
  }
  for (const char* pattern : {"*.*", "*.*.*", "L*.*", "Light*.*", "LightSkil*.turn_on", "lightskill.*", "LIGHTSKILL.*",
                              "LightSkill2.*", "DoorSkill.unlock"})
    EXPECT_EQ(code(wish({pattern}, limited)), ErrorCode::forbidden) << pattern;
  EXPECT_EQ(code(wish({"LightSkill.*", "*.*"}, limited)), ErrorCode::forbidden) << "one of several";
  const auto none = wish(json::array(), limited);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_FALSE(claims_of(*none).rights.has(Scope::any_skill)) << "no pattern is no skill, not every one";
}

/// A thread that compares passwords and is never done.
class StuckPasswords final : public Passwords {
 public:
  explicit StuckPasswords(asio::io_context& loop) : timer_(loop, asio::steady_timer::time_point::max()) {}
  Task<Reply<std::string>> hash(std::string) override { co_return std::string("$argon2id$"); }
  Task<Reply<bool>> matches(std::string, std::string) override {
    ++waiting;
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    --waiting;
    co_return true;
  }
  void finish() { timer_.cancel(); }
  std::size_t waiting = 0;

 private:
  asio::steady_timer timer_;
};

class LoginFlood : public Users {
 protected:
  /// The error code of those that end before the passwords are compared.
  void begin(const std::string& user, const std::string& address) {
    Request request;
    request.sender = door_;
    request.service = Service::users;
    request.body = {{"op", "login"}, {"user", user}, {"password", "guess"}, {"address", address}};
    const auto* operation = flooded_.table().find("login");
    asio::co_spawn(loop_, operation->handler(flooded_, std::move(request)),
                   [this](const std::exception_ptr&, const Reply<json>& reply) {
                     ++(reply ? signed_in_ : refused_[reply.error().code]);
                   });
    loop_.restart();
    loop_.poll();
  }
  void finish() {
    while (stuck_.waiting > 0 || signed_in_ + refused() < begun_) {
      stuck_.finish();
      loop_.restart();
      loop_.run_for(std::chrono::milliseconds(10));
    }
  }
  std::size_t refused() const {
    std::size_t all = 0;
    for (const auto& [error_code, count] : refused_) all += count;
    return all;
  }

  StuckPasswords stuck_{loop_};
  UserService flooded_{clock_,
                       {store_->users(), store_->devices(), devices_, users_, stuck_, tokens_, events_, tell_,
                        [](const std::string&, const LimitChange&) -> Task<Reply<void>> { co_return Reply<void>(); }},
                       {}};
  std::map<ErrorCode, std::size_t> refused_;
  std::size_t signed_in_ = 0;
  std::size_t begun_ = 0;
};

TEST_F(LoginFlood, OfOneAccountTakesFewTurnsAndNeverThoseOfOthersOrOfItsOwnersPlaces) {
  ASSERT_TRUE(create({{"user_id", "alice"}, {"password", "correct horse"}}));
  ASSERT_TRUE(create({{"user_id", "bob"}, {"password", "correct horse"}}));
  const auto at = [this](const std::string& user, const std::string& address) {
    ++begun_;
    begin(user, address);
  };
  at("alice", "192.0.2.1");  // her own device signs in
  finish();
  ASSERT_EQ(signed_in_, 1U);

  for (int i = 0; i < 100; ++i) at("alice", "198.51.100." + std::to_string(i));
  EXPECT_EQ(stuck_.waiting, 4U) << "of a hundred addresses";
  EXPECT_EQ(refused_[ErrorCode::busy], 96U);
  at("bob", "203.0.113.1");
  EXPECT_EQ(stuck_.waiting, 5U) << "somebody else";
  at("alice", "192.0.2.1");
  EXPECT_EQ(stuck_.waiting, 6U) << "where she has signed in before";
  finish();
  at("alice", "198.51.100.200");
  EXPECT_EQ(stuck_.waiting, 1U) << "turns end";
  finish();
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

// The rollback of the service when the database refuses. The rest is tested on the wire (tests/integration).
#include "bridge/devices/device_service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "bridge/adapters/sqlite/issued_tokens.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/devices/program_tokens.h"
#include "common/identity/key_file.h"
#include "common/identity/token.h"
#include "common/text/base64url.h"
#include "tests/support/ask_service.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class DeviceServices : public ::testing::Test {
 protected:
  DeviceServices() { start({}); }
  void start(DeviceService::Options options) {
    store_ = std::move(SqliteStorage::open(loop_, directory_.file("hub.db"), store_options_).value());
    DeviceService::Functions functions;
    functions.tell_plugin = [this](std::vector<std::string> ids) { return told(std::move(ids)); };
    service_ = std::make_unique<DeviceService>(clock_, devices_, store_->devices(), tokens_, published_,
                                               std::move(functions), options);
  }
  Task<void> told(std::vector<std::string> ids) {
    for (const auto& id : ids) events_.push_back("told " + id);
    co_return;
  }
  TokenIssuer issuer() {
    const auto path = directory_.file("keys.json");
    std::ofstream(path) << R"({"keys":[{"kty":"oct","kid":"k","k":")" << base64url_encode(std::string(32, '1'))
                        << "\"}]}";
    if (::chmod(path.c_str(), 0600) != 0) throw std::runtime_error("no key file");
    keys_.emplace(KeyFile::open(path).value());
    return TokenIssuer(KeyFile::open(path).value());
  }
  Reply<json> add(const Principal& sender, json body) { return ask("register", sender, std::move(body)); }
  Reply<json> enroll(const std::string& enroll_id, const std::string& name, const std::string& user_id) {
    return add({PrincipalType::enroll, enroll_id, user_id}, {{"name", name}});
  }
  Reply<json> add_lamp() {
    return add({PrincipalType::user, "alice", "alice"}, {{"name", "Lamp"}, {"device_id", "lamp"}});
  }
  Reply<json> remove(const Principal& sender, const std::string& device_id) {
    return ask("delete", sender, {{"device_id", device_id}});
  }
  Reply<json> ask(const std::string& op, const Principal& sender, json body) {
    Request request;
    request.sender = sender;
    request.service = Service::devices;
    request.op = op;
    request.body = std::move(body);
    return test::run_task(loop_, test::ask_service(*service_, std::move(request)));
  }
  std::int64_t valid_from(const std::string& device_id) { return devices_.find(device_id)->row.tokens_valid_from_ms; }

  /// A request that came with this token.
  Reply<json> refresh(const Principal& sender, const AskingToken& token) {
    Request request;
    request.sender = sender;
    request.service = Service::devices;
    request.op = "refresh_token";
    request.body = {{"op", "refresh_token"}};
    request.token = token;
    return test::run_task(loop_, test::ask_service(*service_, std::move(request)));
  }
  AskingToken asking(const Claims& claims) const { return decode_token_stamp(encode_token_stamp(claims)).value(); }
  Claims claims_of(const Reply<json>& reply) const {
    const auto claims =
        reply ? verify_token(keys_->keys(), reply->at("access_token").get<std::string>(), clock_.wall_now())
              : tl::unexpected(TokenError::missing);
    EXPECT_TRUE(claims) << (reply ? "" : reply.error().message);
    return claims.value_or(Claims{});
  }
  TokenList listed() const { return issued_tokens(directory_.file("hub.db"), {"k"}, now_ms()).value(); }
  std::int64_t now_ms() const { return to_unix_ms(clock_.wall_now()); }

  test::TempDir directory_;
  test::FakeClock clock_;
  asio::io_context loop_;
  DeviceRegistry devices_;
  std::optional<KeyFile> keys_;
  TokenIssuer tokens_ = issuer();
  SqliteStorage::Options store_options_;
  std::unique_ptr<SqliteStorage> store_;
  Events published_{clock_};
  std::vector<DeviceRow> taken_back_;
  std::vector<std::string> events_;
  std::unique_ptr<DeviceService> service_;
  Subscription changed_ = published_.listen<DeviceChanged>(
      "test", [this](const DeviceChanged& changed) { events_.push_back("changed " + changed.device_id); });
  Subscription rolled_back_ = published_.listen<DeviceRolledBack>(
      "test", [this](const DeviceRolledBack& rolled_back) { taken_back_.push_back(rolled_back.row); });
};

TEST_F(DeviceServices, WhoeverHeardOfARegistrationThatIsNotStoredHearsThatItIsTakenBack) {
  ASSERT_TRUE(enroll("once", "lamp", "alice"));
  EXPECT_TRUE(taken_back_.empty());
  const auto refused = enroll("once", "radio", "alice");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_EQ(devices_.find_for("alice", "radio"), nullptr);
  ASSERT_EQ(taken_back_.size(), 1U);
  EXPECT_EQ(taken_back_[0].name, "radio");
  EXPECT_EQ(taken_back_[0].user_id, "alice");
}

TEST_F(DeviceServices, ThePluginIsToldOfDeviceAndSpentTokenBeforeOthersHearOfTheChange) {
  const auto lamp = enroll("once", "lamp", "alice");
  ASSERT_TRUE(lamp);
  const auto id = lamp->at("device_id").get<std::string>();
  EXPECT_EQ(events_, (std::vector<std::string>{"told " + id, "told once", "changed " + id}));
  ASSERT_FALSE(enroll("once", "radio", "alice"));
  EXPECT_EQ(events_.size(), 3U) << "nothing was stored";
}

TEST_F(DeviceServices, AUsersRegistrationsComeAtARateAndAnAdminsDoNot) {
  start({.registrations_per_hour_max = 2});
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const Principal bob{PrincipalType::user, "bob", "bob"};
  const Principal admin{PrincipalType::admin, "root", ""};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}})) << "the same again is one more";
  const auto refused = add({PrincipalType::device, "one", "alice"}, {{"name", "Two"}});
  ASSERT_FALSE(refused) << "its devices count for the user";
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limited);
  EXPECT_EQ(refused.error().details.at("retry_after_ms"), 30 * 60 * 1000);
  EXPECT_EQ(devices_.size(), 1U);
  EXPECT_TRUE(add(bob, {{"name", "Lamp"}}));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(add(admin, {{"name", "More"}, {"user_id", "alice"}})) << i;
  clock_.advance(std::chrono::minutes(30));
  EXPECT_TRUE(add(alice, {{"name", "Two"}}));
}

TEST_F(DeviceServices, ADeviceTooManyLeavesNothingWhoeverRegistersIt) {
  store_options_.limits.devices_per_user_max = 2;
  start({});
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const Principal admin{PrincipalType::admin, "root", ""};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  ASSERT_TRUE(add(admin, {{"name", "Two"}, {"user_id", "alice"}}));
  for (const auto& refused : {add(alice, {{"name", "Three"}}), add(admin, {{"name", "Three"}, {"user_id", "alice"}}),
                              enroll("once", "three", "alice")}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::quota_exceeded);
    EXPECT_EQ(refused.error().details, json({{"limit", "devices_per_user_max"}, {"max", 2}, {"used", 2}}));
  }
  EXPECT_EQ(devices_.size(), 2U);
  EXPECT_TRUE(add(alice, {{"name", "One again"}, {"device_id", "one"}})) << "it is there already";
}

TEST_F(DeviceServices, OnlyPeopleChooseTheIdOfADevice) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const Principal one{PrincipalType::device, "one", "alice"};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  EXPECT_TRUE(add({PrincipalType::admin, "root", ""}, {{"name", "Two"}, {"device_id", "two"}, {"user_id", "alice"}}));
  for (const Principal& sender : {one, Principal{PrincipalType::enroll, "once", "alice"}}) {
    for (const char* chosen : {"carol", "two"}) {
      const auto refused = add(sender, {{"name", "X"}, {"device_id", chosen}});
      ASSERT_FALSE(refused) << chosen;
      EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
    }
  }
  EXPECT_EQ(devices_.size(), 2U);
  EXPECT_TRUE(add(one, {{"name", "One again"}, {"device_id", "one"}})) << "its own";
  EXPECT_TRUE(add(one, {{"name", "Three"}}));
  EXPECT_TRUE(enroll("once", "Four", "alice")) << "what was refused has not spent the token";
}

TEST_F(DeviceServices, AnIdThatIsAUsersInTheDatabaseAloneIsTakenAllTheSame) {
  const Principal bob{PrincipalType::user, "bob", "bob"};
  ASSERT_TRUE(test::run_task(loop_, store_->devices().take_id("carol", 1)));
  const auto refused = add(bob, {{"name", "X"}, {"device_id", "carol"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_EQ(refused.error().message, "this device_id is taken");
  EXPECT_EQ(devices_.size(), 0U);
  EXPECT_EQ(taken_back_.size(), 1U);
}

TEST_F(DeviceServices, ANewDevicesTokensAreThoseOfThisSecondAndLater) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const auto added = add(alice, {{"name", "One"}, {"device_id", "one"}});
  ASSERT_TRUE(added);
  const auto now = to_unix_ms(clock_.wall_now());
  EXPECT_EQ(valid_from("one"), now - now % 1000);
  EXPECT_EQ(to_unix_ms(claims_of(added).issued_at), now - now % 1000) << "the first one is good at once";
}

TEST_F(DeviceServices, AnIdThatComesAgainAfterADeletionBringsNoOldTokenBack) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  clock_.advance(std::chrono::milliseconds(1250));
  const auto before = add(alice, {{"name", "One"}, {"device_id", "one"}});
  ASSERT_TRUE(before);
  ASSERT_TRUE(remove(alice, "one"));
  const auto again = add(alice, {{"name", "One"}, {"device_id", "one"}});  // in the same millisecond
  ASSERT_TRUE(again);
  EXPECT_LT(to_unix_ms(claims_of(before).issued_at), valid_from("one"));
  EXPECT_EQ(to_unix_ms(claims_of(again).issued_at), valid_from("one"));
  const auto tokens = listed().tokens;
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[1].jti, claims_of(again).jti) << "the list has the one that was handed out";
  EXPECT_EQ(tokens[1].issued_at_ms, to_unix_ms(claims_of(again).issued_at));
  EXPECT_EQ(tokens[1].expires_at_ms, to_unix_ms(claims_of(again).expires_at));
  EXPECT_EQ(tokens[1].expires_at_ms - tokens[1].issued_at_ms, tokens[0].expires_at_ms - tokens[0].issued_at_ms);
  EXPECT_EQ(tokens[0].state, TokenState::revoked);
  EXPECT_EQ(tokens[1].state, TokenState::live);
  const auto refreshed = refresh({PrincipalType::device, "one", "alice"}, asking(claims_of(again)));
  ASSERT_TRUE(refreshed);
  EXPECT_EQ(to_unix_ms(claims_of(refreshed).issued_at), valid_from("one"));
}

TEST_F(DeviceServices, ARevocationInTheSecondOfAnotherKillsTheTokenBetweenThem) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const json one = {{"name", "One"}, {"device_id", "one"}};
  clock_.advance(std::chrono::milliseconds(1250));
  for (const char* end : {"revoke", "delete"}) {
    std::int64_t issued_before = 0;
    for (int round = 0; round < 3; ++round) {
      const auto added = add(alice, one);
      ASSERT_TRUE(added);
      const auto issued = to_unix_ms(claims_of(added).issued_at);
      EXPECT_GE(issued, valid_from("one"));
      EXPECT_LT(issued_before, valid_from("one")) << end << " " << round;
      issued_before = issued;
      ASSERT_TRUE(ask(end, alice, {{"device_id", "one"}}));
    }
  }
}

TEST_F(DeviceServices, ADeviceThatCannotBeDeletedIsAsItWas) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  const auto before = devices_.find("one")->row;
  store_options_.jobs_max = 0;
  start({});
  EXPECT_EQ(remove(alice, "one").error().code, ErrorCode::busy);
  EXPECT_EQ(devices_.find("one")->row, before);
}

TEST_F(DeviceServices, ADeviceThatWasRevokedAndDeletedComesBackWithNewTokensOnly) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  ASSERT_TRUE(add(alice, {{"name", "One"}, {"device_id", "one"}}));
  clock_.advance(std::chrono::hours(2));
  ASSERT_TRUE(ask("revoke", alice, {{"device_id", "one"}}));
  const auto revoked_from = valid_from("one");
  ASSERT_TRUE(remove(alice, "one"));
  clock_.advance(-std::chrono::hours(1));  // the clock was ahead, and is corrected
  const auto again = add(alice, {{"name", "One"}, {"device_id", "one"}});
  ASSERT_TRUE(again);
  EXPECT_GE(valid_from("one"), revoked_from);
}

const Principal lamp{PrincipalType::device, "lamp", "alice"};

TEST_F(DeviceServices, EveryTokenIsListedWithTheOneThatAskedForIt) {
  const Claims first = claims_of(add_lamp());
  clock_.advance(std::chrono::seconds(5));
  const Claims second = claims_of(refresh(lamp, asking(first)));
  clock_.advance(std::chrono::seconds(5));
  const Claims third = claims_of(refresh(lamp, asking(second)));
  EXPECT_EQ(first.root_jti, "");
  EXPECT_EQ(second.root_jti, first.jti);
  EXPECT_EQ(third.root_jti, first.jti);
  EXPECT_EQ(third.root_issued_at, first.issued_at);

  const auto tokens = listed().tokens;
  ASSERT_EQ(tokens.size(), 3U);
  EXPECT_EQ(tokens[0].jti, first.jti);
  EXPECT_EQ(tokens[1].parent_jti, first.jti);
  EXPECT_EQ(tokens[2].parent_jti, second.jti);
  for (const IssuedToken& token : tokens) {
    EXPECT_EQ(token.root_jti, first.jti);
    EXPECT_EQ(token.type + " " + token.subject + " " + token.user_id + " " + token.kid, "device lamp alice k");
    EXPECT_EQ(token.state, TokenState::live);
  }
  EXPECT_EQ(tokens[2].issued_at_ms, to_unix_ms(third.issued_at));
  EXPECT_EQ(tokens[2].expires_at_ms, to_unix_ms(third.expires_at));
}

TEST_F(DeviceServices, AGuestsRefreshesAreItsOwnAndNotItsHosts) {
  DeviceService::Options few;
  few.refreshes_per_hour_max = 2;
  start(few);
  const Claims first = claims_of(add_lamp());
  Claims guests;
  guests.principal = {PrincipalType::user, "bob", "bob"};
  guests.jti = "bobs";
  guests.issued_at = clock_.wall_now();
  guests.expires_at = clock_.wall_now() + std::chrono::hours(1);
  const auto refresh_as_guest = [&] {
    Request request;
    request.sender = guests.principal;
    request.service = Service::devices;
    request.op = "refresh_token";
    request.body = {{"op", "refresh_token"}};
    request.acting_user = "alice";  // as the pipeline has it for a guest of alice
    request.token = asking(guests);
    return test::run_task(loop_, service_->table().find(request.op)->handler(*service_, std::move(request)));
  };
  EXPECT_TRUE(refresh_as_guest());
  EXPECT_TRUE(refresh_as_guest());
  const auto refused = refresh_as_guest();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limited);
  EXPECT_TRUE(refresh(lamp, asking(first))) << "alice's devices have all of theirs";
}

TEST_F(DeviceServices, ARevokedLineGetsNoFurtherToken) {
  const Claims first = claims_of(add_lamp());
  const Claims second = claims_of(refresh(lamp, asking(first)));
  ASSERT_TRUE(revoke_token(directory_.file("hub.db"), second.jti, now_ms(), now_ms()));
  for (const Claims& claims : {first, second}) {
    const auto refused = refresh(lamp, asking(claims));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  }
  EXPECT_EQ(listed().total, 2);
}

TEST_F(DeviceServices, ADeviceThatRegistersItselfAgainStaysInItsLineAndOthersBeginOne) {
  const Claims first = claims_of(add_lamp());
  Request request;
  request.sender = lamp;
  request.service = Service::devices;
  request.op = "register";
  request.token = asking(first);
  request.body = {{"op", "register"}, {"device_id", "lamp"}, {"name", "Lamp"}};
  const Claims again = claims_of(test::run_task(loop_, test::ask_service(*service_, request)));
  EXPECT_EQ(again.root_jti, first.jti);
  request.body = {{"op", "register"}, {"name", "Radio"}};
  const Claims other = claims_of(test::run_task(loop_, test::ask_service(*service_, request)));
  EXPECT_EQ(other.root_jti, "");
  ASSERT_TRUE(revoke_token(directory_.file("hub.db"), first.jti, now_ms(), now_ms()));
  request.body["name"] = "Clock";
  const auto refused = test::run_task(loop_, test::ask_service(*service_, request));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_EQ(devices_.size(), 2U);
}

TEST_F(DeviceServices, ALineEndsWhenItIsTooOld) {
  start({.tokens = {.lifetime = std::chrono::hours(24 * 30), .line_max = std::chrono::hours(24 * 40)}});
  const Claims first = claims_of(add_lamp());
  clock_.advance(std::chrono::hours(24 * 20));
  const auto reply = refresh(lamp, asking(first));
  const Claims second = claims_of(reply);
  EXPECT_EQ(second.expires_at, first.issued_at + std::chrono::hours(24 * 40)) << "not a month from now";
  EXPECT_EQ(reply->at("expires_at"), format_rfc3339(second.expires_at));
  clock_.advance(std::chrono::hours(24 * 20));
  const auto refused = refresh(lamp, asking(second));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_NE(refused.error().message.find("40 days"), std::string::npos) << refused.error().message;
}

TEST_F(DeviceServices, ATokenThatSaysLittleOfItselfBeginsALine) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  start({.tokens = {.line_max = std::chrono::hours(24 * 40)}});
  const Claims made = claims_of(refresh(alice, AskingToken{}));  // another issuer's, without jti and iat
  EXPECT_EQ(made.root_jti, "");
  EXPECT_EQ(made.root_issued_at, clock_.wall_now());
  EXPECT_EQ(claims_of(refresh(alice, asking(made))).root_jti, made.jti);
}

TEST_F(DeviceServices, NoTokenIsMadeFromOneThatWasRevokedWithItsDeviceOrThatNobodyNames) {
  const Claims first = claims_of(add_lamp());
  clock_.advance(std::chrono::seconds(5));
  auto row = devices_.find("lamp")->row;
  row.tokens_valid_from_ms = now_ms();
  devices_.put(row);
  EXPECT_EQ(refresh(lamp, asking(first)).error().code, ErrorCode::forbidden);
  Request request;
  request.sender = lamp;
  request.op = "refresh_token";
  EXPECT_EQ(test::run_task(loop_, test::ask_service(*service_, request)).error().code, ErrorCode::internal)
      << "no stamp";
  EXPECT_EQ(listed().total, 1);
}

TEST_F(DeviceServices, AUsersTokensAreRefreshedAtARate) {
  start({.refreshes_per_hour_max = 2});
  const Claims first = claims_of(add_lamp());
  EXPECT_TRUE(refresh(lamp, asking(first)));
  EXPECT_TRUE(refresh(lamp, asking(first)));
  EXPECT_EQ(refresh(lamp, asking(first)).error().code, ErrorCode::rate_limited);
  clock_.advance(std::chrono::minutes(30));
  EXPECT_TRUE(refresh(lamp, asking(first)));
}

// --- tokens of programs ---

class Programs : public DeviceServices {
 protected:
  Programs() { start_programs({}); }
  void start_programs(ProgramTokens::Options options) {
    programs_ = std::make_unique<ProgramTokens>(clock_, store_->devices(), tokens_, published_, options);
  }
  Reply<json> exchange(const std::string& op, const Principal& sender, const AskingToken& token, json body = {},
                       const Rights& rights = {}) {
    Request request;
    request.rights = request.token_rights = rights;
    request.sender = sender;
    request.service = Service::devices;
    request.op = op;
    request.body = body.is_null() ? json::object() : std::move(body);
    request.token = token;
    RequestHandler* handler = service_.get();
    if (ProgramTokens::operations().find(op) != nullptr) handler = programs_.get();
    return test::run_task(loop_, test::ask_service(*handler, std::move(request)));
  }
  Reply<json> allow(json body = {}, const Rights& rights = {}) {
    body["name"] = "Home Assistant";
    body["client"] = "ha";
    return exchange("allow_program", alice_, {"session", clock_.wall_now(), {}, {}}, std::move(body), rights);
  }
  Claims claims_in(const Reply<json>& reply, const char* member) const {
    return verify_token(keys_->keys(), reply.value().at(member).get<std::string>(), clock_.wall_now()).value();
  }
  Reply<json> renew(const Claims& claims, json body = {}) {
    return exchange("renew_program", claims.principal, asking(claims), std::move(body), claims.rights);
  }

  const Principal alice_{PrincipalType::user, "alice", "alice"};
  std::unique_ptr<ProgramTokens> programs_;
  std::vector<TokensExchanged> published_exchanges_;
  Subscription exchanged_ = published_.listen<TokensExchanged>(
      "test", [this](const TokensExchanged& exchanged) { published_exchanges_.push_back(exchanged); });
};

TEST_F(Programs, GetAnAccessTokenAndOneThatRenewsBothInALineOfTheirOwn) {
  const auto given = allow();
  const Claims access = claims_in(given, "access_token");
  const Claims renewal = claims_in(given, "renewal_token");
  EXPECT_EQ(access.principal, alice_);
  EXPECT_EQ(access.expires_at - access.issued_at, std::chrono::hours(1));
  EXPECT_EQ(renewal.principal.type, PrincipalType::grant);
  EXPECT_EQ(renewal.principal.user_id, "alice");
  EXPECT_TRUE(renewal.jti.starts_with("program-"));
  EXPECT_TRUE(renewal.jti.ends_with("-ha"));
  EXPECT_EQ(access.root_jti, renewal.jti);
  EXPECT_EQ(listed().total, 2);
  EXPECT_EQ(listed().tokens[0].name, "Home Assistant");
}

TEST_F(Programs, GetTheScopesThatTheyAskForOfThoseThatAProgramMayHave) {
  const auto given = allow({{"scope", "chat devices:write skills:read"}});
  EXPECT_EQ(given->at("scope"), "skills:read chat");
  for (const char* member : {"access_token", "renewal_token"})
    EXPECT_EQ(write_scope(claims_in(given, member).rights.scopes), "skills:read chat") << member;
  EXPECT_EQ(allow()->at("scope"), write_scope(program_scopes));
  EXPECT_EQ(allow({{"scope", "chat all"}}).error().code, ErrorCode::bad_request);
  EXPECT_EQ(allow({{"scope", "users"}}).error().code, ErrorCode::forbidden);
  const Rights limited{Scopes::of({Scope::chat, Scope::any_skill, Scope::confirmed})};
  EXPECT_EQ(allow({{"scope", "chat"}}, limited).error().details.at("scope"), "all") << "a limited token allows nothing";
}

TEST_F(Programs, RenewToNoMoreThanWasAllowed) {
  Claims renewal = claims_in(allow({{"scope", "skills:read skills:call mcp"}}), "renewal_token");
  EXPECT_EQ(renew(renewal, {{"scope", "chat"}}).error().code, ErrorCode::forbidden);
  const auto narrow = renew(renewal, {{"scope", "chat skills:read mcp"}});
  EXPECT_EQ(narrow->at("scope"), "skills:read mcp");
  EXPECT_EQ(write_scope(claims_in(narrow, "access_token").rights.scopes), "skills:read mcp");
  renewal = claims_in(narrow, "renewal_token");
  EXPECT_EQ(renew(renewal)->at("scope"), "skills:read skills:call mcp");
}

TEST_F(Programs, RenewOnceAndLoseAllWhenSomebodyDoesItAgain) {
  const Claims first = claims_in(allow(), "renewal_token");
  const auto next = renew(first);
  const Claims second = claims_in(next, "renewal_token");
  EXPECT_EQ(second.root_jti, first.jti);
  EXPECT_EQ(claims_in(next, "access_token").root_jti, first.jti);
  const auto again = renew(first);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::forbidden);
  EXPECT_EQ(again.error().details.at("reason"), "reused");
  EXPECT_FALSE(renew(second));
  for (const auto& token : listed().tokens) EXPECT_EQ(token.state, TokenState::revoked);
  ASSERT_EQ(published_exchanges_.size(), 3U) << "what was refused because of that is none";
  EXPECT_EQ(published_exchanges_[0].exchange, TokensExchanged::Exchange::program_allowed);
  EXPECT_EQ(published_exchanges_[1].exchange, TokensExchanged::Exchange::program_renewed);
  EXPECT_EQ(published_exchanges_[2].exchange, TokensExchanged::Exchange::renewal_reused);
  for (const auto& exchanged : published_exchanges_) {
    EXPECT_EQ(exchanged.user_id, "alice");
    EXPECT_EQ(exchanged.line, first.jti);
  }
}

TEST_F(Programs, ManageNoDevicesAndNoTokens) {
  const auto given = allow();
  const AskingToken access = asking(claims_in(given, "access_token"));
  for (const char* op : {"register", "update", "refresh_token", "revoke", "delete", "allow_program", "sign_in"}) {
    const auto refused = exchange(op, alice_, access, {{"name", "Lamp"}, {"device_id", "lamp"}});
    ASSERT_FALSE(refused) << op;
    EXPECT_EQ(refused.error().code, ErrorCode::forbidden) << op;
  }
  EXPECT_TRUE(exchange("list", alice_, access));
  EXPECT_TRUE(exchange("end_program", alice_, access));
  EXPECT_FALSE(renew(claims_in(given, "renewal_token")));
}

TEST_F(Programs, EndWithTheirLineHoweverOftenTheyRenew) {
  start_programs({.line_max = std::chrono::hours(24 * 40)});
  Claims renewal = claims_in(allow(), "renewal_token");
  const WallTime end = renewal.issued_at + std::chrono::hours(24 * 40);
  clock_.advance(std::chrono::hours(24 * 20));
  renewal = claims_in(renew(renewal), "renewal_token");
  EXPECT_EQ(renewal.expires_at, end);
  clock_.advance(std::chrono::hours(24 * 20) - std::chrono::minutes(10));
  const auto last = renew(renewal);
  EXPECT_EQ(claims_in(last, "access_token").expires_at, end);
}

TEST_F(Programs, ALoginLinkSignsInOnceAndOnlyWhileItIsYoung) {
  const Principal link{PrincipalType::grant, "sign-in-1", "alice"};
  const AskingToken token{"l", clock_.wall_now(), {}, {}};
  const auto given = exchange("sign_in", link, token);
  ASSERT_TRUE(given);
  EXPECT_EQ(claims_of(given).principal, alice_);
  EXPECT_EQ(claims_of(given).expires_at - claims_of(given).issued_at, std::chrono::minutes(15));
  EXPECT_EQ(exchange("sign_in", link, token).error().code, ErrorCode::forbidden);
  const Principal other{PrincipalType::grant, "sign-in-2", "alice"};
  for (const char* op : {"register", "list", "refresh_token", "allow_program", "renew_program", "end_program"})
    EXPECT_EQ(exchange(op, other, token, {{"name", "x"}}).error().code, ErrorCode::forbidden) << op;
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(exchange("sign_in", other, token).error().code, ErrorCode::forbidden) << "of yesterday";
}

TEST_F(Programs, ATokenForSomethingElseDoesNotSignIn) {
  const AskingToken token{"l", clock_.wall_now(), {}, {}};
  const Claims renewal = claims_in(allow(), "renewal_token");
  EXPECT_FALSE(exchange("sign_in", renewal.principal, asking(renewal))) << "a renewal token";
  EXPECT_FALSE(exchange("sign_in", alice_, token));
  EXPECT_FALSE(exchange("sign_in", {PrincipalType::enroll, "sign-in-1", "alice"}, token));
}

}  // namespace
}  // namespace strawberry::bridge

// Logins beyond the first: keys that change, tokens renewed or taken back, sessions from before, addresses that try.
#include <algorithm>
#include <set>

#include "tests/broker-plugin/gate.h"

namespace strawberry::plugin {
namespace {

using namespace std::chrono_literals;
using namespace test;

class LoginGate : public Gate {
 protected:
  void add_limit(std::size_t at_once, std::size_t per_minute, std::size_t addresses = 10) {
    make({.connections = {},
          .presence = {},
          .logins = {.limiter = {.failures_at_once_max = at_once,
                                 .failures_per_minute_max = per_minute,
                                 .addresses_max = addresses}}});
  }
  LoginAnswer::Kind fails_from(const std::string& address) {
    Login attempt = login(50, "speaker", "rubbish");
    attempt.address = address;
    return gate_->login(attempt).kind;
  }
  bool gets_in_from(const std::string& address, int number = 51) {
    const std::string password = token(tablet);
    Login attempt = login(number, "tablet", password);
    attempt.address = address;
    return enters(attempt);
  }
  LoginAnswer renews(int number, const std::string& client_id, const std::string& password) {
    return gate_->renew(login(number, client_id, password));
  }
  /// What the broker asks about a session that nobody is connected to, when it reloads.
  LoginAnswer asks_about(int number, const std::string& client_id, const std::string& user_name,
                         const std::string& address) {
    Login question = login(number, client_id, "");
    question.attempt.user_name = user_name;
    question.address = address;
    return gate_->login(question);
  }
  nlohmann::json report() { return nlohmann::json::parse(broker_.retained.at("hub/broker")); }
};

// --- keys ---

TEST_F(LoginGate, FollowsTheKeyFileWithoutARestart) {
  const std::string by_new_key = token(tablet, 1h, "", "n");
  EXPECT_FALSE(enters(login(1, "tablet", by_new_key)));
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  write_keys(jwk_set("nk"));
  seconds_pass(1);
  EXPECT_TRUE(enters(login(1, "tablet", by_new_key)));
  EXPECT_TRUE(broker_.kicked.empty());
  EXPECT_THAT(broker_.lines.back(), HasSubstr(R"(read the keys again: "n" "k")"));
  EXPECT_EQ(broker_.audited.back().at("action"), "broker.keys");
  EXPECT_EQ(broker_.audited.back().at("subject"), R"("n" "k")");
}

TEST_F(LoginGate, KnowsANewKeyAtTheNextLogin) {
  write_keys(jwk_set("nk"));
  EXPECT_TRUE(enters(login(1, "tablet", token(tablet, 1h, "", "n"))));
  write_keys(jwk_set("mnk"));
  EXPECT_TRUE(renews(1, "tablet", token(tablet, 1h, "", "m")).accepted());
}

TEST_F(LoginGate, ReadsTheKeysAtOnceWhenTheBrokerReloads) {
  write_keys(jwk_set("n"));
  gate_->reload();
  EXPECT_TRUE(enters(login(1, "tablet", token(tablet, 1h, "", "n"))));
}

TEST_F(LoginGate, EndsConnectionsOfARetiredKeyAndNoOthers) {
  write_keys(jwk_set("kn"));
  seconds_pass(1);
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(enters(login(2, "tablet", token(tablet, 1h, "", "n"))));
  write_keys(jwk_set("n"));
  seconds_pass(2);
  EXPECT_EQ(broker_.kicked, (std::vector<std::pair<std::string, bool>>{{"speaker", false}}));
  EXPECT_EQ(broker_.status_of("speaker").at("reason"), "revoked");
  EXPECT_EQ(broker_.state_of("tablet"), "online");
}

TEST_F(LoginGate, TellsAKeyByItsContentNotItsName) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  std::string other = jwk_set("n");
  other.replace(other.find("\"kid\":\"n\""), 9, "\"kid\":\"k\"");
  write_keys(other);
  seconds_pass(2);
  EXPECT_EQ(broker_.kicked.size(), 1u);
}

TEST_F(LoginGate, KeepsTheKeysWhenTheNewFileIsNoGood) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  for (const std::string& bad : {std::string("{\"keys\":["), std::string("{\"keys\":[]}")}) {
    broker_.lines.clear();
    write_keys(bad);
    seconds_pass(3);
    ASSERT_EQ(broker_.lines.size(), 1u);
    EXPECT_THAT(broker_.lines[0], HasSubstr("keys.json"));
    EXPECT_THAT(broker_.lines[0], HasSubstr("going on with the keys read before"));
    EXPECT_TRUE(connect(2, tablet, "tablet"));
    end(2);
  }
  std::filesystem::remove(keys_path_);
  seconds_pass(1);
  EXPECT_TRUE(connect(2, tablet, "tablet"));
  EXPECT_TRUE(broker_.kicked.empty());
}

// --- tokens renewed in a session ---

TEST_F(LoginGate, RenewsATokenInASession) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 10s));
  const LoginAnswer renewed = renews(1, "speaker", token(speaker, 60s));
  EXPECT_TRUE(renewed.accepted());
  user_names_[handle(1)] = renewed.user_name;
  seconds_pass(59);
  EXPECT_TRUE(broker_.kicked.empty());
  EXPECT_TRUE(publishes(1, speaker, "skills/speaker/request"));
  seconds_pass(1);
  EXPECT_EQ(broker_.kicked.size(), 1u);
}

TEST_F(LoginGate, MayShortenItsStayByRenewing) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 1h));
  EXPECT_TRUE(renews(1, "speaker", token(speaker, 5s)).accepted());
  seconds_pass(5);
  EXPECT_EQ(broker_.kicked.size(), 1u);
}

TEST_F(LoginGate, LetsNobodyBecomeSomebodyElseInASession) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_FALSE(renews(1, "speaker", token(tablet)).accepted());
  EXPECT_THAT(broker_.lines.back(), HasSubstr("refused renew reason=principal_differs client_id=\"speaker\" "
                                              "principal=device/alice/speaker"));
  EXPECT_FALSE(renews(1, "speaker", "rubbish").accepted());
  EXPECT_FALSE(renews(1, "speaker", "").accepted());
  EXPECT_FALSE(renews(9, "speaker", token(speaker)).accepted());
}

TEST_F(LoginGate, RenewsNoTokenOfARevokedDevice) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  directory_.change("speaker").is_active = false;
  EXPECT_FALSE(renews(1, "speaker", token(speaker)).accepted());
}

// --- tokens taken back ---

TEST_F(LoginGate, EndsTheConnectionOfASingleTokenThatWasTakenBack) {
  EXPECT_TRUE(enters(login(1, "alice", token(alice, 1h, "one"))));
  EXPECT_TRUE(enters(login(2, "alice-2", token(alice, 1h, "two"))));
  directory_.revoke("one");
  seconds_pass(2);
  EXPECT_EQ(broker_.kicked, (std::vector<std::pair<std::string, bool>>{{"alice", false}}));
  EXPECT_FALSE(enters(login(3, "alice", token(alice, 1h, "one"))));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=token_revoked"));
}

TEST_F(LoginGate, EndsAllOfALineWhoseFirstWasTakenBack) {
  const std::string second = refreshed(speaker, "second", "first");
  const std::string third = refreshed(speaker, "third", "first");
  EXPECT_TRUE(enters(login(1, "speaker", second)));
  EXPECT_TRUE(enters(login(2, "speaker-2", third)));
  EXPECT_TRUE(enters(login(3, "speaker-3", refreshed(speaker, "fourth", "another"))));
  directory_.revoke("first");
  EXPECT_FALSE(enters(login(4, "speaker-4", third))) << "at once";
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=token_revoked"));
  EXPECT_FALSE(renews(3, "speaker-3", second).accepted());
  seconds_pass(2);
  std::set<std::string> kicked;
  for (const auto& [client_id, with_will] : broker_.kicked) kicked.insert(client_id);
  EXPECT_EQ(kicked, (std::set<std::string>{"speaker", "speaker-2"}));
}

TEST_F(LoginGate, EndsEverythingOfAUserAllOfWhoseTokensWereTakenBack) {
  const std::string old = token(tablet, 1h, "tablets");
  const std::string enrolling = token({PrincipalType::enroll, "once", "alice"});
  EXPECT_TRUE(connect(1, alice, "alice"));
  EXPECT_TRUE(enters(login(2, "tablet", old)));
  EXPECT_TRUE(connect(3, lamp, "lamp"));
  EXPECT_TRUE(connect(4, admin, "admin"));
  clock_.advance(1s);
  directory_.revoke_user("alice", clock_.wall_now());
  seconds_pass(1);
  std::set<std::string> kicked;
  for (const auto& [client_id, with_will] : broker_.kicked) kicked.insert(client_id);
  EXPECT_EQ(kicked, (std::set<std::string>{"alice", "tablet"}));
  EXPECT_FALSE(enters(login(5, "tablet", old)));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=token_revoked"));
  EXPECT_FALSE(enters(login(6, "once", enrolling)));
  EXPECT_TRUE(enters(login(7, "tablet", token(tablet)))) << "what is issued from then on is good";
}

TEST_F(LoginGate, GivesNobodyTheSessionOfALineThatWasTakenBackAlsoAfterARestart) {
  const std::string password = refreshed(speaker, "second", "first");
  Login stays = login(1, "speaker", password);
  stays.session_may_stay = true;
  EXPECT_TRUE(enters(stays));
  end(1);
  directory_.revoke("first");
  seconds_pass(1);
  EXPECT_FALSE(connect(2, speaker, "speaker"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("session_of_revoked_token"));

  gate_->reload();
  EXPECT_TRUE(asks_about(20, "tablet", "device/alice/tablet/1767225000/tag/child/root", "").accepted());
  gate_->tick();
  directory_.revoke("root");
  seconds_pass(1);
  EXPECT_FALSE(connect(2, tablet, "tablet"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("session_of_revoked_token"));
}

TEST_F(LoginGate, GivesNobodyTheSessionOfARevokedToken) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 1h, /*session_may_stay=*/true));
  end(1);
  clock_.advance(1s);
  directory_.change("speaker").tokens_valid_from = clock_.wall_now();
  seconds_pass(1);
  // The device has been let in again, by a new token: not to what was meant for whoever had the old one.
  const std::string fresh = token(speaker);
  EXPECT_FALSE(enters(login(2, "speaker", fresh)));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=session_of_revoked_token"));
  Login clean = login(3, "speaker", fresh);
  clean.attempt.is_clean = true;
  clean.session_may_stay = true;
  EXPECT_TRUE(enters(clean));
  end(3);
  EXPECT_TRUE(enters(login(4, "speaker", fresh)));
}

TEST_F(LoginGate, QueuesNothingForTheSessionOfARevokedDevice) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 1h, /*session_may_stay=*/true));
  const std::string name = user_names_.at(handle(1));
  end(1);
  auto delivery = topic(1, speaker, Access::read, "skills/speaker/call");
  delivery.client_id = "speaker";
  delivery.user_name = name;
  EXPECT_TRUE(gate_->allows(delivery));
  directory_.change("speaker").is_active = false;
  seconds_pass(1);
  EXPECT_FALSE(gate_->allows(delivery));
  directory_.change("speaker").is_active = true;
  seconds_pass(1);
  EXPECT_FALSE(gate_->allows(delivery));  // it stays dead
}

TEST_F(LoginGate, RevivesNoDeadSessionWhenTheBrokerNamesItAgain) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 1h, /*session_may_stay=*/true));
  const std::string name = user_names_.at(handle(1));
  end(1);
  directory_.change("speaker").is_active = false;
  seconds_pass(1);
  directory_.change("speaker").is_active = true;
  gate_->reload();
  EXPECT_TRUE(asks_about(1, "speaker", name, "127.0.0.1").accepted());
  seconds_pass(1);
  EXPECT_FALSE(connect(2, speaker, "speaker"));
}

TEST_F(LoginGate, LetsARevokedSessionKeepNoSubscription) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 1h, /*session_may_stay=*/true));
  bool asked = false;
  broker_.on_kick = [&](const std::string&) {
    asked = gate_->allows(topic(1, speaker, Access::subscribe, "skills/speaker/call"));
    end(1);
  };
  directory_.change("speaker").is_active = false;
  seconds_pass(1);
  EXPECT_FALSE(asked);
}

TEST_F(LoginGate, LetsAnExpiredSessionKeepItsSubscriptions) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 5s, /*session_may_stay=*/true));
  bool stays = false;
  broker_.on_kick = [&](const std::string&) {
    stays = gate_->allows(topic(1, speaker, Access::subscribe, "skills/speaker/call"));
    end(1);
  };
  seconds_pass(5);
  EXPECT_TRUE(stays);
  EXPECT_TRUE(connect(2, speaker, "speaker"));
}

// --- sessions from before the start ---

TEST_F(LoginGate, LearnsOfStoredSessionsWhenTheBrokerReloads) {
  gate_->reload();
  EXPECT_TRUE(asks_about(20, "dashboard", "user/alice/alice/1767225600/tag/jti", /*address=*/"").accepted());
  EXPECT_TRUE(asks_about(21, "old-dashboard", "user/alice/alice", "").accepted());
  gate_->tick();
  for (const char* client_id : {"dashboard", "old-dashboard"}) {
    EXPECT_FALSE(connect(1, mallory, client_id)) << client_id;
    EXPECT_TRUE(connect(1, alice, client_id)) << client_id;
    end(1);
  }
}

TEST_F(LoginGate, TakesNoClientForAStoredSession) {
  EXPECT_TRUE(connect(1, alice, "alice", 1h, /*session_may_stay=*/true));
  const std::string real_name = user_names_.at(handle(1));
  end(1);
  const std::string forged = "user/alice/alice/1767225600/tag/";
  // Without a reload no such name means anything, not even the real one.
  EXPECT_FALSE(asks_about(9, "alice", real_name, "192.0.2.1").accepted());
  gate_->reload();
  EXPECT_FALSE(asks_about(9, "alice", forged, "192.0.2.1").accepted());
  EXPECT_FALSE(asks_about(9, "alice", "user/alice/alice", "192.0.2.1").accepted());
  EXPECT_TRUE(asks_about(1, "alice", real_name, "192.0.2.1").accepted());
  gate_->tick();
  EXPECT_FALSE(asks_about(9, "alice", real_name, "192.0.2.1").accepted());
}

TEST_F(LoginGate, ConfirmsOpenConnectionsAndLeavesTheirEndToTheTick) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 10s));
  const std::string name = user_names_.at(handle(1));
  clock_.advance(11s);
  gate_->reload();
  EXPECT_TRUE(asks_about(1, "speaker", name, "127.0.0.1").accepted());
  gate_->tick();
  EXPECT_EQ(broker_.kicked, (std::vector<std::pair<std::string, bool>>{{"speaker", true}}));
}

TEST_F(LoginGate, LetsOnlyOwnClientIdsInBeforeItKnowsTheStoredSessions) {
  make({.connections = {}, .presence = {}, .logins = {.limiter = {}, .awaits_stored_sessions = true}});
  EXPECT_FALSE(connect(1, mallory, "dashboard"));
  EXPECT_EQ(broker_.reload_requests, 1);
  EXPECT_TRUE(connect(2, mallory, "mallory"));
  gate_->tick();
  EXPECT_FALSE(connect(1, mallory, "dashboard"));
  gate_->reload();
  EXPECT_TRUE(asks_about(20, "dashboard", "user/alice/alice/1767225600/tag/", "").accepted());
  gate_->tick();
  EXPECT_FALSE(connect(1, mallory, "dashboard"));
  EXPECT_TRUE(connect(1, mallory, "other"));
}

TEST_F(LoginGate, DoesNotWaitForeverForStoredSessions) {
  make({.connections = {}, .presence = {}, .logins = {.limiter = {}, .awaits_stored_sessions = true}});
  seconds_pass(4);
  EXPECT_FALSE(connect(1, mallory, "dashboard"));
  seconds_pass(1);
  EXPECT_TRUE(connect(1, mallory, "dashboard"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("has not told of the sessions it stores"));
}

TEST_F(LoginGate, FindsOutThatASessionInTheWayHasEnded) {
  EXPECT_TRUE(connect(1, alice, "dashboard", 1h, /*session_may_stay=*/true));
  end(1);
  EXPECT_TRUE(connect(2, alice, "kept", 1h, /*session_may_stay=*/true));
  const std::string kept_name = user_names_.at(handle(2));
  end(2);
  EXPECT_FALSE(connect(3, mallory, "dashboard"));
  EXPECT_FALSE(connect(3, mallory, "dashboard"));
  EXPECT_EQ(broker_.reload_requests, 1) << "not for every refusal";
  gate_->reload();
  EXPECT_TRUE(asks_about(2, "kept", kept_name, "127.0.0.1").accepted());
  gate_->tick();
  EXPECT_TRUE(connect(3, mallory, "dashboard"));
  EXPECT_FALSE(connect(4, mallory, "kept"));
  seconds_pass(10);
  EXPECT_FALSE(connect(4, mallory, "kept"));
  EXPECT_EQ(broker_.reload_requests, 2);
}

TEST_F(LoginGate, ForgetsNoSessionWhenTheBrokerAsksAboutNobody) {
  EXPECT_TRUE(connect(1, alice, "dashboard", 1h, /*session_may_stay=*/true));
  end(1);
  gate_->reload();
  gate_->tick();
  EXPECT_FALSE(connect(3, mallory, "dashboard"));
}

TEST_F(LoginGate, AsksABrokerThatCanSayWhoseASessionIs) {
  broker_.user_names = {{"dashboard", "user/alice/alice/1767225600/tag/"}, {"odd", "not one of ours"}};
  EXPECT_FALSE(connect(1, mallory, "dashboard"));
  EXPECT_TRUE(connect(1, alice, "dashboard"));
  EXPECT_TRUE(connect(2, mallory, "odd"));
}

TEST_F(LoginGate, ReadsTheSessionsOfABrokerThatShowsThemInItsFirstRound) {
  make({.connections = {}, .presence = {}, .logins = {.limiter = {}, .awaits_stored_sessions = true}});
  broker_.user_names = {{"speaker", "device/alice/speaker/1767225000/tag/old"}, {"odd", "not one of ours"}};
  gate_->tick();
  EXPECT_EQ(broker_.reload_requests, 0);
  ASSERT_FALSE(broker_.lines.empty());
  EXPECT_THAT(broker_.lines.back(), HasSubstr("knows 1 stored sessions"));
  EXPECT_TRUE(connect(2, mallory, "dashboard")) << "it waits for nothing more";
  // So what was queued for a device that is deleted now and comes back later is never delivered.
  directory_.remove("speaker");
  seconds_pass(1);
  directory_.add("speaker", "alice");
  seconds_pass(1);
  EXPECT_FALSE(connect(1, speaker, "speaker"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("session_of_revoked_token"));
}

TEST_F(LoginGate, SeesAtOnceThatASessionHasEndedWhenTheBrokerShowsThem) {
  broker_.user_names.emplace();
  EXPECT_TRUE(connect(1, alice, "dashboard", 1h, /*session_may_stay=*/true));
  (*broker_.user_names)["dashboard"] = user_names_.at(handle(1));
  end(1);
  EXPECT_FALSE(connect(2, mallory, "dashboard"));
  broker_.user_names->clear();
  EXPECT_TRUE(connect(2, mallory, "dashboard"));
}

TEST_F(LoginGate, TakesOnlyItsOwnSessionsForSessionsOfABrokerThatShowsThem) {
  const std::string name = "user/alice/alice/1767225600/tag/";
  broker_.user_names = {{"dashboard", name}};
  Login asked = login(20, "dashboard", "");
  asked.attempt.user_name = name;
  asked.address = "";
  asked.is_session = true;
  EXPECT_TRUE(gate_->login(asked).accepted());
  // A new client gets in by no user name, also while the broker asks about everybody.
  gate_->reload();
  Login pretender = asked;
  pretender.handle = handle(21);
  pretender.is_session = false;
  EXPECT_FALSE(gate_->login(pretender).accepted());
}

TEST_F(LoginGate, RemembersTheTokenOfASessionAcrossARestart) {
  gate_->reload();
  EXPECT_TRUE(asks_about(20, "speaker", "device/alice/speaker/1767225000/tag/old", "").accepted());
  gate_->tick();
  directory_.revoke("old");
  seconds_pass(1);
  EXPECT_FALSE(connect(1, speaker, "speaker"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("session_of_revoked_token"));
}

// --- failed logins ---

TEST_F(LoginGate, CutsOffAnAddressThatFailsTooOften) {
  add_limit(3, 60);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::refused);
  EXPECT_EQ(broker_.lines.size(), 3u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::hung_up);
  ASSERT_EQ(broker_.lines.size(), 4u);
  EXPECT_THAT(broker_.lines.back(), HasSubstr("too many failed logins from address=\"192.0.2.1\""));
  EXPECT_EQ(fails_from("192.0.2.2"), LoginAnswer::Kind::refused);
  EXPECT_TRUE(gets_in_from("192.0.2.1"));
  seconds_pass(1);
  EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::refused);
  EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::hung_up);
}

TEST_F(LoginGate, DoesNotLetManyAddressesFloodTheLogWithTheirLimits) {
  add_limit(1, 60);
  constexpr int beyond = 5;
  for (int i = 0; i < LimitedLog::lines_per_second_max + beyond; ++i) {
    const std::string address = "192.0.2." + std::to_string(i);
    for (int failure = 0; failure < 2; ++failure) fails_from(address);
  }
  const auto said = [this](std::string_view part) {
    return std::count_if(broker_.lines.begin(), broker_.lines.end(),
                         [part](const std::string& line) { return line.find(part) != std::string::npos; });
  };
  EXPECT_EQ(said("too many failed logins from address="), LimitedLog::lines_per_second_max);
  seconds_pass(1);
  EXPECT_EQ(said("5 more addresses with too many failed logins, not logged one by one"), 1);
}

TEST_F(LoginGate, ReportsHowManyAddressesAreCutOff) {
  add_limit(1, 0);
  for (const char* address : {"192.0.2.1", "192.0.2.1", "192.0.2.2"}) fails_from(address);
  seconds_pass(1);
  EXPECT_EQ(report().at("logins").at("limited_addresses"), 1);
}

TEST_F(LoginGate, ReportsWhoCouldNotLogInAndWhy) {
  for (int i = 0; i < 3; ++i) fails_from("192.0.2.1");
  fails_from("192.0.2.2");
  seconds_pass(10);
  const auto lately = report().at("logins").at("refused_lately");
  ASSERT_EQ(lately.size(), 2U) << lately.dump();
  EXPECT_EQ(lately[0].at("address"), "192.0.2.2") << "the newest first";
  EXPECT_EQ(lately[1].at("times"), 3);
  EXPECT_EQ(lately[1].at("reason").get<std::string>().substr(0, 6), "token_") << lately.dump();
}

TEST(RefusedLogins, AreBoundedAndShowNoTokenInTheWrongField) {
  RefusedLogins refused;
  const WallTime now = from_unix_ms(1'767'225'600'000);
  const std::string token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";
  refused.note({"connect", token, std::nullopt, {}, "192.0.2.1", "token_missing"}, now);
  EXPECT_EQ(refused.write().dump(),
            R"([{"ts":"2026-01-01T00:00:00.000Z","reason":"token_missing","address":"192.0.2.1","times":1}])");
  for (int i = 0; i < 2; ++i) refused.note({"connect", "radio", std::nullopt, {}, "", "token_expired"}, now);
  for (int i = 0; i < 100; ++i) {
    const std::string id = "lamp-" + std::to_string(i);
    refused.note({"connect", id, Principal{PrincipalType::device, id, "alice"}, {}, "", "token_revoked"}, now);
  }
  const auto list = refused.write();
  ASSERT_EQ(list.size(), RefusedLogins::entries_max);
  EXPECT_EQ(list.front().at("actor"), "lamp-99");
  EXPECT_EQ(list[RefusedLogins::entries_max - 2].at("client_id"), "lamp-85");
  EXPECT_EQ(list.back().at("client_id"), "radio") << "it came again";
}

/// The broker shows the path of the listener for all of them alike.
TEST_F(LoginGate, LimitsNobodyOnAUnixSocket) {
  add_limit(1, 0);
  for (const char* address : {"/var/lib/strawberry/broker.sock", "broker.sock", "unknown"}) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(fails_from(address), LoginAnswer::Kind::refused) << address;
  }
  seconds_pass(10);
  EXPECT_EQ(report().at("logins").at("limited_addresses"), 0);
  EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::refused);
  EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::hung_up);
}

TEST_F(LoginGate, AClientOnAUnixSocketIsNotTakenForAStoredSession) {
  gate_->reload();
  EXPECT_FALSE(
      asks_about(20, "admin", "admin/admin//1767225600/tag/jti", "/var/lib/strawberry/broker.sock").accepted());
  EXPECT_FALSE(asks_about(21, "admin", "admin/admin//1767225600/tag/jti", "unknown").accepted());
}

TEST_F(LoginGate, TakesAnIpv6NetworkForOneAddress) {
  add_limit(1, 60);
  EXPECT_EQ(fails_from("2001:db8:1:2:3::4"), LoginAnswer::Kind::refused);
  EXPECT_EQ(fails_from("2001:db8:1:2:ffff::"), LoginAnswer::Kind::hung_up);
  EXPECT_EQ(fails_from("2001:db8:1:3::4"), LoginAnswer::Kind::refused);
  EXPECT_EQ(fails_from("::ffff:192.0.2.1"), LoginAnswer::Kind::refused);
  EXPECT_EQ(fails_from("::ffff:192.0.2.2"), LoginAnswer::Kind::refused);
}

TEST_F(LoginGate, RemembersOnlySoManyAddresses) {
  add_limit(1, 60, /*addresses=*/2);
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    EXPECT_EQ(fails_from(address), LoginAnswer::Kind::refused) << address;
  }
  EXPECT_EQ(fails_from("192.0.2.3"), LoginAnswer::Kind::hung_up);
  EXPECT_EQ(fails_from("192.0.2.2"), LoginAnswer::Kind::hung_up);
  EXPECT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::refused);  // forgotten: it failed longest ago
}

TEST_F(LoginGate, LimitsNothingWhenToldSo) {
  add_limit(0, 0);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(fails_from("192.0.2.1"), LoginAnswer::Kind::refused);
}

// --- the report ---

TEST_F(LoginGate, ReportsWhatItDecidedEveryTenSeconds) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 5s));
  EXPECT_TRUE(renews(1, "speaker", token(speaker, 5s)).accepted());
  EXPECT_FALSE(enters(login(2, "x", "rubbish")));
  EXPECT_TRUE(connect(3, alice, "alice", 1h, /*session_may_stay=*/true));
  end(3);
  EXPECT_FALSE(publishes(1, speaker, "hub/state"));
  seconds_pass(11);
  const nlohmann::json status = report();
  EXPECT_EQ(status.at("v"), 1);
  EXPECT_EQ(status.at("connections"), 0);
  EXPECT_EQ(status.at("stored_sessions"), 1);
  EXPECT_EQ(status.at("logins").at("accepted"), 2);
  EXPECT_EQ(status.at("logins").at("renewed"), 1);
  EXPECT_EQ(status.at("logins").at("refused"), nlohmann::json({{"token_malformed", 1}}));
  EXPECT_EQ(status.at("refused"), nlohmann::json({{"publish", {{"not_listed", 1}}}}));
  EXPECT_EQ(status.at("ended"), nlohmann::json({{"token_expired", 1}}));
  EXPECT_EQ(status.at("directory").at("devices"), 3);
  EXPECT_EQ(status.at("directory").at("age_s"), 0.0);
  EXPECT_EQ(status.at("keys"), nlohmann::json::parse(R"([{"kid":"k","alg":"HS256"}])"));
  directory_.failure = "cannot be read";
  seconds_pass(10);
  EXPECT_GE(report().at("directory").at("age_s"), 9.0);
}

}  // namespace
}  // namespace strawberry::plugin

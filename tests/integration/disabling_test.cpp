/// What ends, and in which order, when a user is disabled (docs/contract.md, section 1). No test here measures time:
/// what must be over is over before something else has happened, or while something lasts that would go on for an hour.
#include <gmock/gmock.h>

#include "tests/gateway/web_door.h"
#include "tests/gateway/ws_client.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// For a machine that is very slow; nothing else depends on it.
constexpr auto at_last = 30s;

class DisablingAUser : public WebDoorTest {
 protected:
  void disable(const std::string& user, bool disabled = true) {
    admin_->result_of("users", {{"op", "update"}, {"user_id", user}, {"disabled", disabled}});
  }
  json devices_online(const std::string& user) {
    return admin_->result_of("users", {{"op", "get"}, {"user_id", user}}).at("devices_online");
  }
  static std::string read_until(RawHttp& client, const std::string& wanted) {
    std::string got;
    const auto give_up = std::chrono::steady_clock::now() + at_last;
    while (got.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < give_up)
      got += client.read(10ms);
    return got;
  }
  template <class Condition>
  static bool happens(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + at_last;
    while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(10ms);
    return condition();
  }
  /// Reads until the other side closes.
  static bool closes(RawHttp& client) {
    const auto give_up = std::chrono::steady_clock::now() + at_last;
    while (!client.is_closed() && std::chrono::steady_clock::now() < give_up) client.read(10ms);
    return client.is_closed();
  }
  static bool closes(WsClient& client) {
    const auto give_up = std::chrono::steady_clock::now() + at_last;
    while (client.close_code() == 0 && std::chrono::steady_clock::now() < give_up) client.read(100ms);
    return client.close_code() != 0;
  }

  std::unique_ptr<Spoke> admin_ = hub_.admin();
};

TEST_F(DisablingAUser, EndsItsConnectionsBeforeTheNextRequestOfTheAdminIsAnswered) {
  auto alice = hub_.user("alice");
  auto lamp = hub_.device("Lamp");
  auto radio = hub_.device("Radio");
  auto bob = hub_.user("bob");
  auto clock = hub_.device("Clock", "bob");
  ASSERT_EQ(devices_online("alice"), 2);
  admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}});
  disable("alice");
  // The broker ends them in the round after the one in which the bridge names the user, and tells of each end. A
  // look at the database once a second would come too late for this.
  EXPECT_EQ(devices_online("alice"), 0);
  for (auto* spoke : {alice.get(), lamp.get(), radio.get()}) EXPECT_TRUE(spoke->mqtt().wait_for_end(at_last));
  EXPECT_EQ(devices_online("bob"), 1);
  EXPECT_TRUE(bob->mqtt().is_connected());
  EXPECT_TRUE(clock->mqtt().is_connected());
  EXPECT_THROW(hub_.user("alice"), std::runtime_error);
  EXPECT_EQ(answered(door_.client(token("alice")).Post("/api/v1/users/me", "{}", "application/json")).status, 401);
  disable("alice", false);
  EXPECT_NO_THROW(hub_.user("alice"));
}

TEST_F(DisablingAUser, ByAnImportEndsItsChatsToo) {
  admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}});
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(100'000, 20); });  // more than an hour
  auto alice = hub_.user("alice");
  alice->send("chat", {{"messages", {{{"role", "user"}, {"content", "tell me"}}}}, {"stream", true}});
  ASSERT_TRUE(happens([this] { return !model_.requests().empty(); }));
  json head = admin_->result_of("users", {{"op", "export"}, {"user_id", "alice"}}).at("records").at(0);
  head["disabled"] = true;
  admin_->result_of(
      "users",
      {{"op", "import"}, {"user_id", "alice"}, {"overwrite", true}, {"records", json::array({std::move(head)})}});
  EXPECT_TRUE(happens([this] { return model_.clients_gone() == 1; })) << "the chat goes on";
}

/// Beside those of the same user by another token, which go on.
TEST_F(DisablingAUser, ARevokedTokenEndsTheChatsMadeWithIt) {
  admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}});
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(100'000, 20); });  // more than an hour
  auto alice = hub_.user("alice");
  const auto by_token = [&](const std::string& name) {
    const json issued = alice->result_of("users", {{"op", "token"}, {"name", name}});
    return std::make_unique<Spoke>(hub_, Principal{PrincipalType::user, "alice", "alice"}, 5, "alice-" + name,
                                   issued.at("access_token").get<std::string>());
  };
  const auto phone = by_token("phone");
  const auto tablet = by_token("tablet");
  const json chat{{"messages", {{{"role", "user"}, {"content", "tell me"}}}}, {"stream", true}};
  phone->send("chat", chat);
  tablet->send("chat", chat);
  ASSERT_TRUE(happens([this] { return model_.requests().size() == 2; }));
  alice->result_of("users", {{"op", "revoke_token"}, {"name", "phone"}});
  EXPECT_TRUE(happens([this] { return model_.clients_gone() == 1; })) << "the chat goes on";
  EXPECT_TRUE(tablet->mqtt().is_connected());
  EXPECT_EQ(model_.clients_gone(), 1U);
}

TEST_F(DisablingAUser, ByDeletionEndsTheRestoringOfItsBackup) {
  constexpr int parts = 30;
  constexpr int messages = 700;
  admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}});
  auto alice = hub_.user("alice");
  for (int part = 0; part < parts; ++part) {
    const std::string session = "s" + std::to_string(part);
    json records = json::array({{{"kind", "session"},
                                 {"session_id", session},
                                 {"device_id", "alice"},
                                 {"title", "Music"},
                                 {"is_active", false},
                                 {"created_at", 1'769'860'800'000},
                                 {"last_activity", 1'769'860'800'000}}});
    for (int i = 0; i < messages; ++i) {
      records.push_back({{"kind", "message"},
                         {"session_id", session},
                         {"message_id", session + "-" + std::to_string(i)},
                         {"role", "user"},
                         {"content", "Play something."},
                         {"created_at", 1'769'860'800'000}});
    }
    alice->result_of("users", {{"op", "import"}, {"records", std::move(records)}});
  }
  const json made = alice->result_of("users", {{"op", "backup"}});
  alice->send("users", {{"op", "restore_backup"}, {"backup_id", made.at("backup").at("id")}});
  alice->code_of("users", {{"op", "me"}});  // answered when the restoring has begun
  admin_->result_of("users", {{"op", "delete"}, {"user_id", "alice"}});
  admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}});
  const json again{{"op", "backup"}, {"user_id", "alice"}};
  EXPECT_TRUE(happens([&] { return admin_->code_of("users", again) != "busy"; }));
  EXPECT_EQ(admin_->result_of("sessions", {{"op", "list"}, {"user_id", "alice"}}).at("sessions"), json::array());
}

TEST_F(DisablingAUser, EndsItsStreamsAndWebSocketsWhileTheModelGoesOnTalking) {
  admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}});
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(100'000, 20); });  // more than an hour
  const auto begin = [this](const std::string& user, RawHttp& client) {
    const std::string body = json{{"messages", {{{"role", "user"}, {"content", "tell me"}}}}, {"stream", true}}.dump();
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " +
                token(user) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return read_until(client, "data: {");
  };
  const auto bearer = [this](const std::string& user) {
    WsClient::Options options;
    options.bearer = token(user);
    return options;
  };
  RawHttp stream(door_.port());
  RawHttp of_bob(door_.port());
  ASSERT_THAT(begin("alice", stream), HasSubstr("data: {"));
  ASSERT_THAT(begin("bob", of_bob), HasSubstr("data: {"));
  WsClient events(door_.port(), "/api/v1/ws", bearer("alice"));
  WsClient events_of_bob(door_.port(), "/api/v1/ws", bearer("bob"));
  ASSERT_EQ(events.status(), 101);
  ASSERT_EQ(events_of_bob.status(), 101);
  disable("alice");
  EXPECT_TRUE(closes(stream));
  EXPECT_TRUE(closes(events));
  of_bob.read(10ms);
  EXPECT_THAT(read_until(of_bob, "data: {"), HasSubstr("data: {")) << "another's goes on";
  events_of_bob.read(10ms);
  EXPECT_EQ(events_of_bob.close_code(), 0);
}

}  // namespace
}  // namespace strawberry::test

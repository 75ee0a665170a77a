// The bridge's commands on $CONTROL/strawberry/v1, without a broker.
#include "common/contract/control.h"

#include "tests/broker-plugin/gate.h"

namespace strawberry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Control : public Gate {
 protected:
  Control() { EXPECT_TRUE(connect(9, bridge, "bridge")); }
  bool say(int number, const Principal& who, const std::string& payload) {
    return gate_->control(topic(number, who, Access::write, control_topic, payload));
  }
  bool say_changed(std::vector<std::string> ids) { return say(9, bridge, write_change({++number_, std::move(ids)})); }

  std::uint64_t number_ = 0;
};

TEST_F(Control, ANewDeviceIsKnownWhenTheBridgeIsAnswered) {
  directory_.add("radio", "alice");
  EXPECT_TRUE(connect(1, alice, "alice"));
  EXPECT_EQ(directory_.find("radio") != nullptr, true) << "the fake reads all of it at a login";
  directory_.add("clock", "alice");
  EXPECT_FALSE(gate_->allows(topic(1, alice, Access::read, "devices/clock/status")));
  EXPECT_TRUE(say_changed({"clock"}));
  EXPECT_THAT(broker_.acknowledged, ElementsAre(1));
  EXPECT_TRUE(gate_->allows(topic(1, alice, Access::read, "devices/clock/status")));
}

TEST_F(Control, ARevokedDeviceIsEndedInTheNextRoundOfTheBroker) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, tablet, "tablet"));
  gate_->tick();
  directory_.change("speaker").is_active = false;
  EXPECT_TRUE(say_changed({"speaker"}));
  EXPECT_THAT(broker_.kicked, IsEmpty()) << "never within a callback";
  gate_->tick();  // no time has passed
  EXPECT_THAT(broker_.kicked, ElementsAre(std::pair<std::string, bool>("speaker", false)));
  EXPECT_EQ(broker_.status_of("speaker").at("reason"), "revoked");
  EXPECT_EQ(broker_.state_of("tablet"), "online");
}

TEST_F(Control, TheEmptyStatusOfADeletedDeviceReachesItsUserInWhateverRoundItEnds) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, alice, "alice"));
  gate_->tick();
  directory_.remove("speaker");
  EXPECT_TRUE(say_changed({"speaker"}));
  clock_.advance(1s);
  gate_->tick();  // ends the connection, and is the tick with the work of each second
  EXPECT_EQ(broker_.retained.at("devices/speaker/status"), "");
  EXPECT_TRUE(gate_->allows(topic(2, alice, Access::read, "devices/speaker/status")));
  seconds_pass(1);
  EXPECT_FALSE(gate_->allows(topic(2, alice, Access::read, "devices/speaker/status")));
}

TEST_F(Control, ADisabledUserAndItsDevicesAreEndedInTheNextRoundOfTheBroker) {
  EXPECT_TRUE(connect(1, alice, "dashboard"));
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  EXPECT_TRUE(connect(3, tablet, "quiet-tablet"));
  EXPECT_TRUE(connect(4, lamp, "lamp"));
  gate_->tick();
  directory_.standings["alice"].is_disabled = true;
  EXPECT_TRUE(say_changed({"alice"}));
  EXPECT_THAT(broker_.kicked, IsEmpty()) << "never within a callback";
  gate_->tick();  // no time has passed
  std::vector<std::string> ended;
  for (const auto& [client_id, with_will] : broker_.kicked) ended.push_back(client_id);
  EXPECT_THAT(ended, testing::UnorderedElementsAre("dashboard", "speaker", "quiet-tablet"));
  EXPECT_EQ(broker_.state_of("speaker"), "offline");
  EXPECT_EQ(broker_.state_of("lamp"), "online");
}

TEST_F(Control, AChangeThatTakesNoRightsEndsNothing) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  directory_.change("speaker").name = "New Name";
  EXPECT_TRUE(say_changed({"speaker"}));
  gate_->tick();
  EXPECT_THAT(broker_.kicked, IsEmpty());
}

TEST_F(Control, AClientIdThatBecomesAPrincipalsIsTakenFromWhoHasIt) {
  int number = 0;
  for (const char* client_id : {"mallory", "radio", "carol", "free"})
    EXPECT_TRUE(connect(++number, mallory, client_id, 1h, /*session_may_stay=*/true)) << client_id;
  directory_.add("radio", "alice");
  directory_.taken.insert("carol");
  EXPECT_TRUE(say_changed({"radio", "carol", "mallory", "free"}));
  EXPECT_THAT(broker_.kicked, IsEmpty()) << "never within a callback";
  gate_->tick();  // no time has passed
  using Kicked = std::pair<std::string, bool>;
  EXPECT_THAT(broker_.kicked, testing::UnorderedElementsAre(Kicked("radio", false), Kicked("carol", false)));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("ends connection reason=client_id_is_a_principal"));
  const std::string password = token({PrincipalType::user, "carol", "carol"});
  Login own = login(5, "carol", password);
  EXPECT_FALSE(enters(own)) << "nobody resumes another's session";
  own.attempt.is_clean = true;
  EXPECT_TRUE(enters(own));
}

TEST_F(Control, WhoRegistersADeviceUnderItsOwnClientIdHearsOfTheToken) {
  EXPECT_TRUE(connect(1, {PrincipalType::user, "alice", "alice"}, "radio"));
  directory_.add("radio", "alice");
  EXPECT_TRUE(say_changed({"radio"}));
  gate_->tick();
  EXPECT_THAT(broker_.kicked, IsEmpty());
}

TEST_F(Control, AStoredSessionOfARevokedDeviceGetsNothingMore) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 1h, /*session_may_stay=*/true));
  const std::string user_name = user_names_.at(handle(1));
  end(1);
  gate_->tick();
  const auto is_delivered = [&] {
    Gatekeeper::TopicEvent event;
    event.client_id = "speaker";
    event.user_name = user_name;
    event.access = Access::read;
    event.topic = "skills/speaker/call";
    return gate_->allows(event);
  };
  EXPECT_TRUE(is_delivered());
  directory_.change("speaker").tokens_valid_from = clock_.wall_now() + 1ms;
  directory_.change("speaker").is_active = false;
  EXPECT_TRUE(say_changed({"speaker"}));
  gate_->tick();
  EXPECT_FALSE(is_delivered());
}

TEST_F(Control, NewKeysAreReadAtOnce) {
  write_keys(jwk_set("kl"));
  EXPECT_TRUE(say_changed({}));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("read the keys again"));
}

TEST_F(Control, OnlyTheBridgeIsListenedTo) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, admin, "admin"));
  EXPECT_TRUE(connect(3, alice, "alice"));
  const std::string message = write_change({1, {"speaker"}});
  for (const int number : {1, 2, 3, 4}) EXPECT_FALSE(say(number, bridge, message)) << number;
  EXPECT_THAT(broker_.acknowledged, IsEmpty());
  EXPECT_FALSE(gate_->allows(topic(2, admin, Access::write, control_topic, message)));
  EXPECT_TRUE(gate_->allows(topic(9, bridge, Access::write, control_topic, message)));
}

TEST_F(Control, RubbishIsRefusedAndChangesNothing) {
  const std::string many = write_change({1, std::vector<std::string>(control_ids_max + 1, "lamp")});
  const int refreshes = directory_.refreshes;
  for (const std::string& payload :
       {std::string(), std::string("{}"), std::string(R"({"number":1})"), std::string(R"({"number":-1,"changed":[]})"),
        std::string(R"({"number":1,"changed":"lamp"})"), std::string(R"({"number":1,"changed":[7]})"),
        std::string(R"({"number":1,"changed":["../x"]})"), std::string(R"({"number":1,"number":2,"changed":[]})"), many,
        std::string(100'000, '[')}) {
    EXPECT_FALSE(say(9, bridge, payload)) << payload.substr(0, 80);
  }
  EXPECT_EQ(directory_.refreshes, refreshes);
  EXPECT_THAT(broker_.acknowledged, IsEmpty());
}

}  // namespace
}  // namespace strawberry::test

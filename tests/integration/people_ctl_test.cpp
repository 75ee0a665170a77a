/// Limits, the audit, rooms, and a user who moves to another hub, with strawberryctl.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class PeopleCtl : public testing::Test {
 protected:
  static Finished ctl(const HubProcess& hub, std::vector<std::string> words) {
    words.insert(words.begin(), {"--data-dir", hub.files().directory().path().string()});
    return control(std::move(words));
  }
  Finished ctl(std::vector<std::string> words) const { return ctl(hub_, std::move(words)); }

  HubProcess hub_;
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
  std::unique_ptr<Spoke> lamp_ = hub_.device("Lamp");
};

TEST_F(PeopleCtl, ShowsAndSetsLimits) {
  const auto shown = ctl({"quota", "alice"});
  EXPECT_EQ(shown.code, 0) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("of the configuration"));
  const auto set = ctl({"quota", "set", "alice", "devices=1", "tokens_per_day=any"});
  EXPECT_EQ(set.code, 0) << set.output;
  EXPECT_THAT(set.output, HasSubstr("set for this user"));
  EXPECT_EQ(alice_->code_of("devices", {{"op", "register"}, {"name", "Radio"}}), "quota_exceeded");
  EXPECT_EQ(ctl({"quota", "set", "alice", "devices=default"}).code, 0);
  EXPECT_EQ(alice_->code_of("devices", {{"op", "register"}, {"name", "Radio"}}), "ok");
  const auto whole = json::parse(ctl({"--json", "quota", "alice"}).output);
  EXPECT_EQ(whole.at("limits").at("devices").at("used"), 2);
  EXPECT_EQ(ctl({"quota", "set", "alice", "devices=many"}).code, 2);
  EXPECT_EQ(ctl({"quota", "set", "alice", "lamps=1"}).code, 1);
  EXPECT_EQ(ctl({"quota"}).code, 2) << "whose?";
}

TEST_F(PeopleCtl, PutsADeviceIntoARoomAndShowsIt) {
  EXPECT_EQ(ctl({"device", "room", "Lamp", "Kitchen"}).code, 0);
  EXPECT_THAT(ctl({"device", "list"}).output, HasSubstr("Kitchen"));
  EXPECT_THAT(ctl({"device", "list", "--room", "hall"}).output, HasSubstr("no such devices"));
  const auto updated = ctl({"device", "update", "Lamp", "--alias", "Big Light", "--alias", "Moon", "--capability",
                            "light:v1.0", "--metadata", R"({"bought":2025})", "--name", "Ceiling Lamp"});
  EXPECT_EQ(updated.code, 0) << updated.output;
  const auto shown = ctl({"device", "show", "Ceiling Lamp"});
  for (const char* text : {"Ceiling Lamp", "Kitchen", "Big Light, Moon", "light:v1.0", "2025"})
    EXPECT_THAT(shown.output, HasSubstr(text));
  EXPECT_EQ(ctl({"device", "room", "lamp", "--none"}).code, 0);
  EXPECT_EQ(ctl({"device", "update", "lamp", "--no-aliases"}).code, 0);
  EXPECT_THAT(ctl({"device", "show", "lamp"}).output, Not(HasSubstr("Kitchen")));
  EXPECT_EQ(ctl({"device", "update", "lamp"}).code, 2);
  EXPECT_EQ(ctl({"device", "update", "lamp", "--metadata", "[1]"}).code, 2);
  EXPECT_EQ(ctl({"device", "update", "lamp", "--capability", "light"}).code, 1);
}

TEST_F(PeopleCtl, ShowsWhoDidWhat) {
  EXPECT_EQ(ctl({"device", "room", "lamp", "Kitchen"}).code, 0);
  std::this_thread::sleep_for(1500ms);  // stored once a second
  const auto audit = ctl({"audit", "--since", "1h", "--user", "alice"});
  EXPECT_EQ(audit.code, 0) << audit.output;
  EXPECT_THAT(audit.output, HasSubstr("devices.update"));
  EXPECT_THAT(audit.output, HasSubstr("for alice"));
  EXPECT_THAT(ctl({"audit", "--action", "devices.delete"}).output, Not(HasSubstr("devices.update")));
  EXPECT_EQ(ctl({"audit", "--since", "yesterday"}).code, 2);
}

TEST_F(PeopleCtl, MovesAUserToAnotherHub) {
  lamp_->offer("LightSkill", {"turn_on() -> str"});
  const auto session = alice_->result_of("sessions", {{"op", "create"}, {"title", "Music"}}).at("session_id");
  for (int i = 0; i < 30; ++i)
    alice_->result_of(
        "sessions",
        {{"op", "append"}, {"session_id", session}, {"role", "user"}, {"content", std::string(20'000, '"')}});
  const TempDir directory;
  const auto file = directory.file("alice.jsonl");
  const auto exported = ctl({"user", "export", "alice", file});
  ASSERT_EQ(exported.code, 0) << exported.output;
  struct stat state {};
  ASSERT_EQ(::stat(file.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600U);
  EXPECT_EQ(ctl({"user", "export", "alice", file}).code, 4) << "it takes the place of no file";

  HubProcess other;
  const auto imported = ctl(other, {"user", "import", file});
  ASSERT_EQ(imported.code, 0) << imported.output;
  const auto again = ctl(other, {"--json", "user", "import", file});
  EXPECT_EQ(json::parse(again.output).at("added"), 0) << again.output;
  auto other_alice = other.user("alice");
  EXPECT_EQ(other_alice->result_of("sessions", {{"op", "get"}, {"session_id", session}}).at("message_count"), 30);
  EXPECT_EQ(other_alice->result_of("devices", {{"op", "get"}, {"device_id", "lamp"}}).at("skill_count"), 1);

  std::ofstream(directory.file("none.jsonl")) << "not json\n";
  EXPECT_EQ(ctl({"user", "import", directory.file("none.jsonl")}).code, 4);
  EXPECT_EQ(ctl({"user", "import", directory.file("missing.jsonl")}).code, 4);
}

}  // namespace
}  // namespace strawberry::test

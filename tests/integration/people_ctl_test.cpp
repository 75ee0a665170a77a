/// Limits, the audit, rooms, and a user who moves to another hub, with strawberryctl.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_F(PeopleCtl, TakesNoIdThatIsNoneAndNoUserThatIsNobody) {
  const auto token = ctl({"token", "issue", "--user", "a b"});
  EXPECT_EQ(token.code, 2);
  EXPECT_THAT(token.output, HasSubstr("'a b' is not an id"));
  const TempDir directory;
  const auto exported = ctl({"user", "export", "alcie", directory.file("alcie.jsonl")});
  EXPECT_EQ(exported.code, 1);
  EXPECT_THAT(exported.output, HasSubstr("no such user"));
  EXPECT_NE(::access(directory.file("alcie.jsonl").c_str(), F_OK), 0) << "nothing was written";
}

/// Before, a member's file could name a device as the bridge, which the broker then let in no more.
TEST_F(PeopleCtl, AnImportShutsNobodyOut) {
  json record{{"kind", "device"}, {"name", "Lamp 2"}, {"is_active", true}, {"tokens_valid_from", 0}, {"created_at", 1}};
  for (const char* id : {"strawberry-bridge", "strawberry-gateway", "admin", "hub"}) {
    record["device_id"] = id;
    EXPECT_EQ(alice_->code_of("users", {{"op", "import"}, {"records", {record}}}), "forbidden") << id;
  }
  record["device_id"] = "lamp-2";
  EXPECT_EQ(alice_->code_of("users", {{"op", "import"}, {"records", {record}}}), "ok");
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

TEST_F(PeopleCtl, AFileThatIsNoExportIsRefusedBeforeAnythingIsSent) {
  TempDir directory;
  const std::string head = R"({"kind":"user","user_id":"carol","format":1})";
  const std::string session = R"({"kind":"session","session_id":"s1","title":"T","created_at":1700000000000,)"
                              R"("last_activity":1700000000000,"is_active":true,"device_id":""})";
  const auto refusal = [&](const std::string& text) {
    std::ofstream(directory.file("export.jsonl"), std::ios::trunc) << text;
    const auto refused = ctl({"user", "import", directory.file("export.jsonl")});
    EXPECT_EQ(refused.code, 4) << refused.output;
    return refused.output;
  };
  EXPECT_THAT(refusal("\n" + session + "\n"), HasSubstr("export.jsonl:2: not the head of an export"));
  EXPECT_THAT(refusal(head + "\n" + session + "\n" + head + "\n"), HasSubstr("export.jsonl:3: the head of another"));
  EXPECT_THAT(refusal(head + "\n" + session + "\nnot json\n"), HasSubstr("export.jsonl:3: not a JSON object"));
  EXPECT_THAT(refusal(head + "\n" + std::string(230'000, ' ') + "\n"), HasSubstr("too long"));
  EXPECT_THAT(refusal(head + "\n{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}\n"),
              HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal(R"({"kind":"user","user_id":"../x"})"
                      "\n"),
              HasSubstr("not a user id"));
  EXPECT_THAT(refusal("\n\n"), HasSubstr("the export is empty"));
  EXPECT_THAT(ctl({"user", "list"}).output, Not(HasSubstr("carol"))) << "nothing was sent";
  std::ofstream(directory.file("export.jsonl"), std::ios::trunc) << R"({"kind":"user","user_id":"carol","format":2})"
                                                                    "\n";
  const auto foreign = ctl({"user", "import", directory.file("export.jsonl")});
  EXPECT_EQ(foreign.code, 1) << foreign.output;
  EXPECT_THAT(foreign.output, HasSubstr("format"));
}

}  // namespace
}  // namespace strawberry::test

#include "bridge/devices/device_registry.h"

#include <gtest/gtest.h>

#include "bridge/devices/presence.h"
#include "common/contract/device_name.h"

namespace strawberry::bridge {
namespace {

DeviceRow row(const std::string& id, const std::string& user, const std::string& name) {
  DeviceRow row;
  row.device_id = id;
  row.user_id = user;
  row.name = name;
  row.normalized_name = normalize_device_name(name);
  return row;
}

TEST(DeviceRegistry, FindsByIdAndByNameAmongTheUsersOwn) {
  DeviceRegistry devices;
  devices.put(row("1", "alice", "Living Room"));
  devices.put(row("2", "bob", "Living Room"));
  EXPECT_EQ(devices.find_for("alice", "1")->row.device_id, "1");
  EXPECT_EQ(devices.find_for("alice", "living_room")->row.device_id, "1");
  EXPECT_EQ(devices.find_for("alice", "Living Room")->row.device_id, "1");
  EXPECT_EQ(devices.find_for("bob", "living_room")->row.device_id, "2");
  EXPECT_EQ(devices.find_for("alice", "2"), nullptr);
  EXPECT_EQ(devices.find_for("carol", "living_room"), nullptr);
}

TEST(DeviceRegistry, ANameThatIsTakenGetsANumber) {
  DeviceRegistry devices;
  devices.put(row("1", "alice", "Speaker"));
  EXPECT_EQ(devices.free_name("alice", "Speaker", ""), "Speaker 2");
  EXPECT_EQ(devices.free_name("alice", "SPEAKER!", ""), "SPEAKER! 2")
      << "what calls could not tell apart is the same name";
  EXPECT_EQ(devices.free_name("alice", "Speaker", "1"), "Speaker") << "its own name is free to it";
  EXPECT_EQ(devices.free_name("bob", "Speaker", ""), "Speaker");
  const std::string longest = "x" + std::string(126, 'y');
  devices.put(row("9", "alice", longest + "z"));
  EXPECT_EQ(devices.free_name("alice", longest + "z", ""), longest.substr(0, 126) + " 2") << "a token holds 128 bytes";
  devices.put(row("2", "alice", "Speaker 2"));
  EXPECT_EQ(devices.free_name("alice", "Speaker", ""), "Speaker 3");
  devices.remove("1");
  EXPECT_EQ(devices.free_name("alice", "Speaker", ""), "Speaker");
}

TEST(DeviceRegistry, AnAliasFindsItsDeviceUntilItIsTakenAway) {
  DeviceRegistry devices;
  auto lamp = row("1", "alice", "Ceiling Lamp");
  lamp.about.aliases = {"Big Light", "!!"};
  lamp.about.room = "Küche";
  devices.put(lamp);
  EXPECT_EQ(devices.find_for("alice", "big light")->row.device_id, "1");
  EXPECT_EQ(devices.find_for("bob", "big light"), nullptr);
  EXPECT_EQ(devices.free_name("alice", "Big Light", ""), "Big Light 2") << "an alias is a name that is taken";
  EXPECT_EQ(devices.free_name("alice", "Big Light", "1"), "Big Light");
  EXPECT_EQ(devices.rooms("alice"), std::vector<std::string>{"kuche"});
  devices.put(row("2", "alice", "Big Light 2"));
  lamp.about = {};
  devices.put(lamp);
  EXPECT_EQ(devices.find_for("alice", "big light"), nullptr);
  EXPECT_TRUE(devices.rooms("alice").empty());
  lamp.about.aliases = {"Moon"};
  devices.put(lamp);
  devices.remove("1");
  EXPECT_EQ(devices.find_for("alice", "moon"), nullptr);
}

TEST(DeviceRegistry, RenamingFreesTheOldName) {
  DeviceRegistry devices;
  devices.put(row("1", "alice", "Old"));
  devices.set_online("1", true);
  devices.put(row("1", "alice", "New"));
  EXPECT_EQ(devices.find_for("alice", "old"), nullptr);
  EXPECT_TRUE(devices.find_for("alice", "new")->online) << "renaming disconnects nobody";
  EXPECT_EQ(devices.size(), 1U);
}

TEST(DeviceRegistry, CountsWhoIsOnline) {
  DeviceRegistry devices;
  devices.put(row("1", "alice", "A"));
  EXPECT_TRUE(devices.set_online("1", true));
  EXPECT_FALSE(devices.set_online("1", true));
  EXPECT_FALSE(devices.set_online("unknown", true));
  EXPECT_EQ(devices.online_count(), 1U);
  devices.remove("1");
  EXPECT_EQ(devices.online_count(), 0U);
  EXPECT_FALSE(devices.is_user("alice"));
}

TEST(DeviceRegistry, NotesWhoWasHeardOfAndSaysOnceThatTheStoreIsToBeTold) {
  DeviceRegistry devices;
  EXPECT_TRUE(devices.note_user("alice"));
  EXPECT_TRUE(devices.is_user("alice")) << "heard of, with devices or without";
  EXPECT_FALSE(devices.note_user("alice"));
  devices.user_not_stored("alice");
  EXPECT_TRUE(devices.is_user("alice"));
  EXPECT_TRUE(devices.note_user("alice")) << "it was told in vain";
  EXPECT_FALSE(devices.note_user("alice"));
  devices.user_not_stored("bob");
  EXPECT_FALSE(devices.is_user("bob"));
}

TEST(DeviceRegistry, NotesSoManyUsersAndNoMore) {
  DeviceRegistry devices;
  for (std::size_t i = 0; i < DeviceRegistry::users_noted_max; ++i) devices.note_user(std::to_string(i));
  EXPECT_FALSE(devices.note_user("one more"));
  EXPECT_FALSE(devices.is_user("one more"));
}

TEST(DeviceRegistry, CountsEachUsersOwnToo) {
  DeviceRegistry devices;
  devices.put(row("1", "alice", "A"));
  devices.put(row("2", "alice", "B"));
  devices.put(row("3", "bob", "C"));
  for (const char* id : {"1", "2", "3"}) devices.set_online(id, true);
  EXPECT_EQ(devices.online_count("alice"), 2U);
  EXPECT_EQ(devices.owners().size(), 2U);
  devices.put(row("1", "bob", "D"));
  EXPECT_EQ(devices.online_count("alice"), 1U) << "it is somebody else's now";
  EXPECT_EQ(devices.online_count("bob"), 2U);
  EXPECT_EQ(devices.online_count(), 3U);
  devices.remove("2");
  EXPECT_EQ(devices.online_count("alice"), 0U);
  EXPECT_FALSE(devices.has_devices("alice"));
  devices.set_online("3", false);
  EXPECT_EQ(devices.online_count("bob"), 1U);
  EXPECT_EQ(devices.owners(), std::vector<std::string>{"bob"});
}

std::optional<bool> online_in(std::string_view payload) {
  const auto report = read_presence(payload);
  return report ? std::optional(report->online) : std::nullopt;
}

TEST(Presence, IsReadFromWhateverADevicePublishes) {
  EXPECT_EQ(online_in("online"), true);
  EXPECT_EQ(online_in("offline"), false);
  EXPECT_EQ(online_in(""), false);
  EXPECT_EQ(online_in(R"({"v":1,"state":"online","battery":7})"), true);
  EXPECT_EQ(online_in(R"({"state":"offline"})"), false);
  for (const auto* nonsense :
       {"ONLINE", "null", "[]", "{}", R"({"state":true})", R"({"state":"asleep"})", "{\"state\":", "\xff"}) {
    EXPECT_EQ(online_in(nonsense), std::nullopt) << nonsense;
  }
  EXPECT_EQ(online_in(std::string(100'000, '[')), std::nullopt);
  EXPECT_EQ(online_in(R"({"state":"online","pad":")" + std::string(20'000, 'x') + "\"}"), std::nullopt);
}

TEST(Presence, TellsSinceWhen) {
  const auto report =
      read_presence(R"({"v":1,"state":"offline","since":"2026-01-01T00:00:00.250Z","reason":"disconnected"})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->since, from_unix_ms(1'767'225'600'250));
  EXPECT_FALSE(report->after_broker_restart);
  EXPECT_TRUE(read_presence(R"({"state":"offline","reason":"broker_restart"})")->after_broker_restart);
  for (const auto* odd : {R"({"state":"online","since":7})", R"({"state":"online","since":"yesterday","reason":[]})"}) {
    EXPECT_EQ(read_presence(odd)->since, std::nullopt) << odd;
  }
}

TEST(LastSeen, IsWhatHappenedWhileTheBridgeWasAway) {
  const PresenceArrival retained{true, false, from_unix_ms(9'000)};
  const PresenceReport left{false, from_unix_ms(5'000), false};
  EXPECT_EQ(last_seen_after(left, retained, 2'000), 5'000);
  EXPECT_EQ(last_seen_after(left, retained, std::nullopt), 5'000);
  EXPECT_EQ(last_seen_after(left, retained, 5'000), std::nullopt) << "it is known";
  EXPECT_EQ(last_seen_after(left, retained, 6'000), std::nullopt) << "never back";
  const PresenceReport came{true, from_unix_ms(8'000), false};
  EXPECT_EQ(last_seen_after(came, {true, true, from_unix_ms(9'000)}, 2'000), 8'000) << "when it came, not now";
  EXPECT_EQ(last_seen_after({false, from_unix_ms(99'000), false}, retained, 2'000), 9'000) << "never in the future";
  EXPECT_EQ(last_seen_after({false, std::nullopt, false}, retained, 2'000), std::nullopt) << "nobody knows when";
  EXPECT_EQ(last_seen_after({false, from_unix_ms(8'000), true}, retained, 2'000), std::nullopt)
      << "the broker was away, too: that is when it started again";
}

TEST(LastSeen, IsTheMomentOfAChangeThatTheBridgeWitnesses) {
  const PresenceArrival change{false, true, from_unix_ms(9'000)};
  EXPECT_EQ(last_seen_after({false, from_unix_ms(8'990), false}, change, 2'000), 8'990);
  EXPECT_EQ(last_seen_after({true, std::nullopt, false}, change, 2'000), 9'000);
  EXPECT_EQ(last_seen_after({false, from_unix_ms(8'990), true}, change, 2'000), 8'990) << "it was there until then";
  EXPECT_EQ(last_seen_after({false, from_unix_ms(8'990), false}, {false, false, from_unix_ms(9'000)}, 2'000),
            std::nullopt)
      << "said again";
}

}  // namespace
}  // namespace strawberry::bridge

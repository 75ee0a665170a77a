// The plugin's view of hub.db, while another connection writes to it.
#include "common/identity/device_directory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/test_hub.h"

namespace strawberry {
namespace {

using test::TestHub;

class Directory : public ::testing::Test {
 protected:
  std::unique_ptr<DeviceDirectory> open(DeviceDirectory::Options options = {}) {
    auto directory = DeviceDirectory::open(hub_.database_path(), options);
    if (!directory) throw std::runtime_error(directory.error().message);
    return std::move(*directory);
  }
  TestHub hub_;
};

TEST_F(Directory, KnowsTheDevicesThatAreThere) {
  hub_.add_device("speaker", "alice", "Living Room");
  hub_.add_device("lamp", "bob", "Lamp");
  hub_.spend("once");
  const auto directory = open();
  const DeviceRecord* speaker = directory->find("speaker");
  ASSERT_NE(speaker, nullptr);
  EXPECT_EQ(speaker->user_id, "alice");
  EXPECT_EQ(speaker->name, "Living Room");
  EXPECT_TRUE(speaker->is_active);
  EXPECT_EQ(directory->find("other"), nullptr);
  EXPECT_TRUE(directory->has_devices("bob"));
  EXPECT_FALSE(directory->has_devices("carol"));
  EXPECT_TRUE(directory->is_spent("once"));
  EXPECT_FALSE(directory->is_spent("twice"));
  ASSERT_EQ(directory->all().size(), 2u);
  EXPECT_EQ(directory->all()[0]->device_id, "lamp");
}

TEST_F(Directory, KnowsTheIdsOfUsersWithoutDevices) {
  const auto directory = open();
  EXPECT_FALSE(directory->is_taken("carol"));
  hub_.database().exec("INSERT INTO users (user_id, created_at) VALUES ('carol', 1)");
  EXPECT_TRUE(directory->is_taken("carol")) << "without refresh()";
  EXPECT_FALSE(directory->is_taken("carole"));
  test::take_back_to_version(hub_.database(), 5);
  EXPECT_FALSE(directory->is_taken("carol")) << "a database of before";
}

TEST_F(Directory, SeesEveryChangeThatMatters) {
  const auto directory = open();
  EXPECT_FALSE(directory->refresh().value());
  hub_.add_device("speaker", "alice", "Living Room");
  EXPECT_EQ(directory->find("speaker"), nullptr);
  EXPECT_TRUE(directory->refresh().value());
  ASSERT_NE(directory->find("speaker"), nullptr);
  hub_.set_active("speaker", false);
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_FALSE(directory->find("speaker")->is_active);
  hub_.revoke_tokens("speaker", from_unix_ms(5'000));
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_EQ(directory->find("speaker")->tokens_valid_from, from_unix_ms(5'000));
  hub_.spend("once");
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_TRUE(directory->is_spent("once"));
  hub_.delete_device("speaker");
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_EQ(directory->find("speaker"), nullptr);
  EXPECT_FALSE(directory->has_devices("alice"));
}

TEST_F(Directory, DoesNotReadAgainForWhatDoesNotMatter) {
  hub_.add_device("speaker", "alice", "Living Room");
  const auto directory = open();
  const DeviceRecord* before = directory->find("speaker");
  hub_.database().exec("UPDATE devices SET last_seen = 7, skills_heartbeat_at = 7");
  EXPECT_FALSE(directory->refresh().value());
  EXPECT_EQ(directory->find("speaker"), before);
}

TEST_F(Directory, DoesNotWaitForAWriter) {
  hub_.add_device("speaker", "alice", "Living Room");
  const auto directory = open();
  SQLite::Transaction writing(hub_.database());
  hub_.add_device("lamp", "bob", "Lamp");
  EXPECT_FALSE(directory->refresh().value());
  writing.commit();
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_NE(directory->find("lamp"), nullptr);
}

TEST_F(Directory, KeepsTheLastGoodViewWhenThereAreTooMany) {
  hub_.add_device("one", "alice", "One");
  const auto directory = open({.devices_max = 1});
  hub_.add_device("two", "alice", "Two");
  EXPECT_FALSE(directory->refresh().has_value());
  EXPECT_NE(directory->find("one"), nullptr);
  EXPECT_EQ(directory->find("two"), nullptr);
  hub_.delete_device("two");
  EXPECT_TRUE(directory->refresh().has_value());
}

TEST_F(Directory, KeepsTheLastGoodViewWhenTheDatabaseBreaks) {
  hub_.add_device("one", "alice", "One");
  const auto directory = open();
  hub_.database().exec("UPDATE directory_revision SET revision = revision + 1");
  hub_.database().exec("ALTER TABLE devices RENAME TO gone");
  const auto refreshed = directory->refresh();
  ASSERT_FALSE(refreshed.has_value());
  EXPECT_NE(refreshed.error().message.find(hub_.database_path()), std::string::npos);
  EXPECT_NE(directory->find("one"), nullptr);
  hub_.database().exec("ALTER TABLE gone RENAME TO devices");
  EXPECT_TRUE(directory->refresh().has_value());
}

TEST_F(Directory, PassesOverRowsThatCanBeNobody) {
  hub_.database().exec(
      "INSERT INTO devices (device_id, user_id, name, normalized_name, created_at)"
      " VALUES ('a/b', 'alice', 'x', 'x', 0), ('ok', 'al ice', 'y', 'y', 0)");
  EXPECT_TRUE(open()->all().empty());
}

TEST_F(Directory, KnowsWhichTokensWereTakenBack) {
  hub_.revoke_token("old");
  const auto directory = open();
  EXPECT_TRUE(directory->is_revoked("old"));
  EXPECT_FALSE(directory->is_revoked("new"));
  EXPECT_FALSE(directory->is_revoked(""));
  hub_.revoke_token("new");
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_TRUE(directory->is_revoked("new"));
  hub_.database().exec("DELETE FROM revoked_tokens WHERE jti = 'old'");
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_FALSE(directory->is_revoked("old"));
}

TEST_F(Directory, KnowsWhoseTokensWereAllTakenBack) {
  const WallTime first = from_unix_ms(1'700'000'000'000);
  hub_.revoke_user("alice", first);
  const auto directory = open();
  EXPECT_EQ(directory->tokens_valid_from("alice"), first);
  EXPECT_EQ(directory->tokens_valid_from("bob"), WallTime{});
  EXPECT_EQ(directory->tokens_valid_from(""), WallTime{});
  hub_.database().exec("UPDATE user_revocations SET tokens_valid_from = tokens_valid_from + 1000");
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_EQ(directory->tokens_valid_from("alice"), first + std::chrono::seconds(1));
  hub_.database().exec("DELETE FROM user_revocations");
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_EQ(directory->tokens_valid_from("alice"), WallTime{});
}

TEST_F(Directory, LooksUpTheLineAndTheUserOfATokenWithIt) {
  const auto directory = open();
  const WallTime now = from_unix_ms(1'700'000'000'000);
  hub_.revoke_token("root");
  hub_.revoke_token("other");
  hub_.revoke_user("alice", now);
  hub_.revoke_user("bob", now);
  ASSERT_TRUE(directory->refresh_one({"speaker", "alice", "child", "root"}));
  EXPECT_TRUE(directory->is_revoked("root"));
  EXPECT_FALSE(directory->is_revoked("child"));
  EXPECT_FALSE(directory->is_revoked("other")) << "nobody asked";
  EXPECT_EQ(directory->tokens_valid_from("alice"), now);
  EXPECT_EQ(directory->tokens_valid_from("bob"), WallTime{});
  hub_.revoke_user("alice", now + std::chrono::seconds(5));
  ASSERT_TRUE(directory->refresh_one({"speaker", "alice"}));
  EXPECT_EQ(directory->tokens_valid_from("alice"), now + std::chrono::seconds(5));
}

TEST_F(Directory, KnowsWhoHadADeviceThatWasAnnounced) {
  hub_.database().exec(
      "INSERT INTO announced_topics (topic, user_id, config_hash, buttons) VALUES"
      " ('homeassistant/device/speaker/config', 'alice', 0, ''), ('homeassistant/device/alice/config', 'alice', 0, "
      "'')");
  hub_.add_device("speaker", "alice", "Speaker");
  hub_.add_device("lamp", "alice", "Lamp");
  const auto directory = open();
  EXPECT_EQ(directory->former_owner_of("speaker"), "") << "it is there";
  hub_.delete_device("speaker");
  hub_.delete_device("lamp");
  ASSERT_TRUE(directory->refresh());
  EXPECT_EQ(directory->former_owner_of("speaker"), "alice");
  EXPECT_EQ(directory->former_owner_of("lamp"), "") << "nobody was told of it";
  EXPECT_EQ(directory->former_owner_of("alice"), "");
  hub_.database().exec("DELETE FROM announced_topics");
  hub_.add_device("tablet", "alice", "Tablet");
  ASSERT_TRUE(directory->refresh());
  EXPECT_EQ(directory->former_owner_of("speaker"), "");
}

TEST_F(Directory, BringsOnePrincipalUpToDateWithoutReadingTheOthers) {
  hub_.add_device("speaker", "alice", "Living Room");
  hub_.add_device("gone", "alice", "Gone");
  const auto directory = open();
  hub_.set_active("speaker", false);
  hub_.delete_device("gone");
  hub_.add_device("lamp", "bob", "Lamp");
  hub_.add_device("other", "bob", "Other");
  hub_.spend("once");
  hub_.revoke_token("token");

  for (const char* id : {"speaker", "gone", "lamp", "once"})
    ASSERT_TRUE(directory->refresh_one({id, "alice", "token"})) << id;
  EXPECT_FALSE(directory->find("speaker")->is_active);
  EXPECT_EQ(directory->find("gone"), nullptr);
  EXPECT_EQ(directory->find("lamp")->user_id, "bob");
  EXPECT_TRUE(directory->has_devices("bob"));
  EXPECT_TRUE(directory->is_spent("once"));
  EXPECT_TRUE(directory->is_revoked("token"));
  EXPECT_EQ(directory->find("other"), nullptr);

  EXPECT_TRUE(directory->refresh().value());
  EXPECT_NE(directory->find("other"), nullptr);
}

TEST_F(Directory, AsksTheDatabaseForEveryoneWhoConnects) {
  const auto directory = open();
  ASSERT_TRUE(directory->refresh_one({"speaker"}));
  hub_.add_device("speaker", "alice", "Living Room");
  ASSERT_TRUE(directory->refresh_one({"speaker"}));
  EXPECT_NE(directory->find("speaker"), nullptr);
}

TEST_F(Directory, OneMoreThanFitsStaysUnknown) {
  hub_.add_device("one", "alice", "One");
  const auto directory = open({.devices_max = 1});
  hub_.add_device("two", "alice", "Two");
  ASSERT_TRUE(directory->refresh_one({"two"}));
  EXPECT_EQ(directory->find("two"), nullptr);
}

TEST_F(Directory, FollowsTheFileThatTakesItsPlace) {
  hub_.add_device("speaker", "alice", "Living Room");
  const auto directory = open();
  {
    TestHub backup;
    backup.add_device("lamp", "bob", "Lamp");
    backup.database().exec("PRAGMA wal_checkpoint(TRUNCATE)");
    std::filesystem::rename(backup.database_path(), hub_.database_path());
  }
  for (const char* left : {"-wal", "-shm"}) std::filesystem::remove(hub_.database_path() + left);
  EXPECT_TRUE(directory->refresh().value());
  EXPECT_EQ(directory->find("speaker"), nullptr);
  EXPECT_NE(directory->find("lamp"), nullptr);

  std::filesystem::remove(hub_.database_path());
  EXPECT_FALSE(directory->refresh().has_value());
  EXPECT_NE(directory->find("lamp"), nullptr);
}

TEST_F(Directory, ReadsADatabaseThatTheBridgeHasNotBroughtUpToDateYet) {
  hub_.add_device("speaker", "alice", "Living Room");
  hub_.database().exec("DROP TABLE revoked_tokens; PRAGMA user_version = 1");
  const auto directory = open();
  EXPECT_NE(directory->find("speaker"), nullptr);
  ASSERT_TRUE(directory->refresh_one({"speaker", "alice", "token"}));
  EXPECT_FALSE(directory->is_revoked("token"));
}

TEST_F(Directory, IsNotOpenedFromWhatIsNoDatabaseOfOurs) {
  const auto reason = [](const std::string& path) {
    const auto directory = DeviceDirectory::open(path, {});
    return directory ? "opened" : directory.error().message;
  };
  const auto& files = hub_.directory();
  EXPECT_NE(reason(files.file("missing.db")).find("does not exist"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(files.file("missing.db")));
  std::ofstream(files.file("empty.db")).flush();
  EXPECT_NE(reason(files.file("empty.db")).find("no tables yet"), std::string::npos);
  std::ofstream(files.file("text.db")) << std::string(8'192, 'x');
  EXPECT_NE(reason(files.file("text.db")).find("cannot be read"), std::string::npos);
  EXPECT_NE(reason(files.path().string()), "opened");
  hub_.database().exec("PRAGMA user_version = 99");
  EXPECT_NE(reason(hub_.database_path()).find("newer"), std::string::npos);
}

}  // namespace
}  // namespace strawberry

/// strawberryctl backup and restore: saved data is restored completely, and a file that is not a backup changes
/// nothing.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bridge/adapters/sqlite/database.h"
#include "cli/archive.h"
#include "cli/files.h"
#include "common/identity/data_lock.h"
#include "common/identity/token.h"
#include "common/text/file_descriptor.h"
#include "common/text/hex.h"
#include "common/text/sha256.h"
#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"
#include "tests/support/mqtt_test_client.h"
#include "tests/support/test_hub.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

using test::content_of;
using test::control;
using test::count_lines;
using test::Finished;
using test::mode_of;
using test::TempDir;

std::int64_t count(const fs::path& database, const std::string& table) {
  SQLite::Database look(database, SQLite::OPEN_READWRITE, 5'000);
  return look.execAndGet("SELECT count(*) FROM " + table).getInt64();
}

constexpr std::size_t tar_block_bytes = 512;

/// Recomputes the checksum of a tar header.
void sign_header(std::string& bytes, std::size_t at) {
  bytes.replace(at + 148, 8, 8, ' ');
  unsigned sum = 0;
  for (std::size_t i = at; i < at + tar_block_bytes; ++i) sum += static_cast<unsigned char>(bytes[i]);
  char octal[8];
  std::snprintf(octal, sizeof octal, "%06o", sum);
  bytes.replace(at + 148, 7, octal, 7);
}

/// An archive with exactly the bytes that version 0.1.0 wrote.
std::string archive_of_0_1_0(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string tar;
  std::string sums;
  const auto add = [&tar](const std::string& name, const std::string& content) {
    const std::size_t at = tar.size();
    tar.append(tar_block_bytes, '\0');
    const auto put = [&](std::size_t offset, const std::string& text) { tar.replace(at + offset, text.size(), text); };
    const auto octal = [](std::size_t digits, std::size_t number) {
      char text[16];
      std::snprintf(text, sizeof text, "%0*zo", static_cast<int>(digits), number);
      return std::string(text);
    };
    put(0, name);
    for (const auto& [offset, number] : {std::pair(100, 0600), std::pair(108, 0), std::pair(116, 0)}) {
      put(static_cast<std::size_t>(offset), octal(7, static_cast<std::size_t>(number)));
    }
    put(124, octal(11, content.size()));
    put(136, octal(11, 1'764'000'000));
    put(156, "0");
    put(257, std::string("ustar\00000", 8));
    sign_header(tar, at);
    tar += content;
    tar.append((tar_block_bytes - content.size() % tar_block_bytes) % tar_block_bytes, '\0');
  };
  for (const auto& [name, content] : files) {
    add(name, content);
    sums += to_hex(as_bytes(sha256(content))) + "  " + name + "\n";
  }
  add("SHA256SUMS", sums);
  return tar.append(2 * tar_block_bytes, '\0');
}

class Backup : public ::testing::Test {
 protected:
  Backup() {
    hub_.add_device("dev-1", "alice", "Kitchen Tablet");
    hub_.database().exec(
        "INSERT INTO skills (device_id, position, class_name, function_name, signature) VALUES ('dev-1', 0, 'C', 'f', "
        "'f()')");
    hub_.database().exec("INSERT INTO sessions VALUES ('s', 'alice', 'dev-1', 'Hello', 1, 1, 5, 6)");
    hub_.database().exec("INSERT INTO messages VALUES (1, 's', 'm', 'user', 'hi', 5)");
  }
  Finished save(const fs::path& file) {
    return control({"backup", file.string(), "--data-dir", hub_.directory().path().string()});
  }
  Finished restore(const fs::path& data_dir) { return restore(file_, data_dir); }
  Finished restore(const fs::path& file, const fs::path& data_dir) {
    return control({"restore", file.string(), "--data-dir", data_dir.string()});
  }
  /// Names except those that the tests made.
  std::size_t names_in(const fs::path& path) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), {}));
  }
  fs::path put_aside(const fs::path& data_dir) {
    for (const auto& entry : fs::directory_iterator(data_dir.parent_path())) {
      if (entry.path().string().starts_with(data_dir.string() + ".before-")) return entry.path();
    }
    return {};
  }

  test::TestHub hub_;
  TempDir other_;
  const fs::path file_ = other_.path() / "hub.tar";
  const fs::path place_ = other_.path() / "elsewhere";
};

TEST_F(Backup, ComesBackOnAMachineThatHasNothing) {
  const std::string token = hub_.device_token("dev-1", "alice");
  ASSERT_EQ(save(file_).code, 0);
  EXPECT_EQ(mode_of(file_), 0600u);
  const Finished restored = restore(place_);
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_EQ(mode_of(place_), 0700u);
  for (const char* file : {"keys.json", "hub.db", "admin.token"}) EXPECT_EQ(mode_of(place_ / file), 0600u) << file;
  for (const char* table : {"devices", "skills", "sessions", "messages"}) EXPECT_EQ(count(place_ / "hub.db", table), 1);
  const auto keys = KeySet::load(place_ / "keys.json");
  ASSERT_TRUE(keys);
  EXPECT_TRUE(verify_token(*keys, token, SystemClock().wall_now())) << "an old token works";
  EXPECT_TRUE(verify_token(*keys, test::trimmed(content_of(place_ / "admin.token")), SystemClock().wall_now()));
  EXPECT_TRUE(bridge::open_database(place_ / "hub.db")) << "the bridge starts with it";
}

TEST_F(Backup, IsOfOneMomentWhileOthersWrite) {
  std::atomic<int> written{0};
  const std::jthread writer([&](const std::stop_token& stop) {
    SQLite::Database database(hub_.database_path(), SQLite::OPEN_READWRITE, 5'000);
    for (int i = 0; !stop.stop_requested(); ++i) {
      SQLite::Transaction both(database);
      const std::string n = std::to_string(i + 2);
      database.exec("INSERT INTO sessions VALUES ('s" + n + "', 'alice', 'dev-1', '', 1, 1, 5, 6)");
      database.exec("INSERT INTO messages VALUES (" + n + ", 's" + n + "', 'm', 'user', '" + std::string(2000, 'x') +
                    "', 5)");
      both.commit();
      ++written;
    }
  });
  while (written < 50) std::this_thread::yield();
  for (int round = 0; round < 5; ++round) {
    const int before = written;
    const fs::path file = other_.file("hub" + std::to_string(round) + ".tar");
    const Finished saved = save(file);
    ASSERT_EQ(saved.code, 0) << saved.output;
    const fs::path place = other_.file("place" + std::to_string(round));
    const Finished restored = restore(file, place);
    ASSERT_EQ(restored.code, 0) << restored.output;
    EXPECT_EQ(count(place / "hub.db", "sessions"), count(place / "hub.db", "messages"));
    EXPECT_GE(count(place / "hub.db", "sessions"), before) << "what was written before is in it";
  }
}

TEST_F(Backup, TakesTheConfigurationAlong) {
  std::ofstream(hub_.directory().file("bridge.toml")) << "# mine\n";
  ASSERT_EQ(save(file_).code, 0);
  ASSERT_EQ(restore(place_).code, 0);
  EXPECT_EQ(content_of(place_ / "bridge.toml"), "# mine\n");
}

TEST_F(Backup, NeverOverwritesAndLeavesNothingHalf) {
  std::ofstream(file_) << "precious";
  EXPECT_EQ(save(file_).code, 4);
  EXPECT_EQ(content_of(file_), "precious");
  fs::create_symlink(other_.path() / "target", other_.path() / "link");
  EXPECT_EQ(save(other_.path() / "link").code, 4);
  EXPECT_FALSE(fs::exists(other_.path() / "target"));
  EXPECT_EQ(save(other_.path() / "no" / "such.tar").code, 4);
  ASSERT_EQ(control({"init", "--data-dir", place_.string()}).code, 0);
  std::ofstream(place_ / "hub.db", std::ios::trunc) << std::string(8192, 'x');
  EXPECT_EQ(control({"backup", other_.file("damaged.tar"), "--data-dir", place_.string()}).code, 4);
  EXPECT_EQ(names_in(other_.path()), 3u) << "something stayed behind";
}

TEST_F(Backup, NeverOverwritesWhatCameMeanwhile) {
  {
    auto writer = ArchiveWriter::create(file_);
    ASSERT_TRUE(writer);
    std::ofstream(file_) << "precious";
    EXPECT_FALSE(writer->finish());
  }
  EXPECT_EQ(content_of(file_), "precious");
  EXPECT_EQ(names_in(other_.path()), 1u) << "something stayed behind";
}

TEST_F(Backup, CanBeReadWithTarAndSha256sum) {
  ASSERT_EQ(save(file_).code, 0);
  fs::create_directory(place_);
  test::ChildProcess::Options unpack;
  unpack.argv = {"/bin/sh", "-c", "tar xf ../hub.tar && sha256sum -c SHA256SUMS"};
  unpack.working_directory = place_.string();
  test::ChildProcess child(std::move(unpack));
  EXPECT_EQ(child.wait_for_exit(std::chrono::seconds(20)), 0) << child.output();
  EXPECT_EQ(content_of(place_ / "keys.json"), content_of(hub_.keys_path()));
}

TEST(BackupOfARunningHub, BringsDevicesSkillsAndTokensToAnotherPlace) {
  const TempDir directory;
  const fs::path here = directory.path() / "here";
  const fs::path there = directory.path() / "there";
  const fs::path file = directory.path() / "hub.tar";
  const fs::path token = directory.path() / "token";
  {
    test::HubRun hub(here, test::free_port());  // its demo registers skills
    ASSERT_EQ(control({"device", "add", "Kitchen", "--user", "demo", "--output", token, "--data-dir", here}).code, 0);
    const Finished saved = control({"backup", file, "--data-dir", here});
    ASSERT_EQ(saved.code, 0) << saved.output;
    EXPECT_EQ(control({"restore", file, "--data-dir", here}).code, 4) << "under a running hub";
    EXPECT_EQ(hub.stop(), 0) << hub.output();
  }
  ASSERT_EQ(control({"restore", file, "--data-dir", there}).code, 0);
  test::HubRun hub(there, test::free_port(), {"--no-demo"});
  const Finished skills = control({"skills", "--data-dir", there});
  EXPECT_NE(skills.output.find("play_song"), std::string::npos) << skills.output;
  test::MqttTestClient::Options kitchen;
  kitchen.port = hub.port();
  kitchen.client_id = "anything";
  kitchen.password = test::trimmed(content_of(token));
  EXPECT_EQ(test::MqttTestClient(kitchen).connect(), 0) << "the token of then";
  EXPECT_EQ(hub.stop(), 0) << hub.output();
}

class Restore : public Backup {
 protected:
  Restore() {
    EXPECT_EQ(save(file_).code, 0);
    EXPECT_EQ(control({"init", "--data-dir", place_.string()}).code, 0);
    old_keys_ = content_of(place_ / "keys.json");
  }
  /// Refused, in one line, with everything unchanged.
  void expect_refused(const fs::path& file, const std::string& why) {
    const Finished refused = restore(file, place_);
    EXPECT_EQ(refused.code, 4) << why << ": " << refused.output;
    EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
    EXPECT_NE(refused.output.find(why), std::string::npos) << refused.output;
    EXPECT_EQ(content_of(place_ / "keys.json"), old_keys_) << why;
    for (const auto& entry : fs::directory_iterator(other_.path())) {
      EXPECT_FALSE(entry.path().string().starts_with(place_.string() + ".")) << entry.path() << " stayed behind";
    }
  }
  /// An archive with these files and correct sums.
  fs::path archive_of(const std::vector<std::pair<std::string, std::string>>& files) {
    const fs::path path = other_.path() / ("made-" + std::to_string(++made_));
    auto writer = ArchiveWriter::create(path);
    EXPECT_TRUE(writer);
    for (const auto& [name, content] : files) EXPECT_TRUE(writer->add(name, content));
    EXPECT_TRUE(writer->finish());
    return path;
  }
  std::string saved_database() {
    const fs::path place = other_.path() / "unpacked";
    if (!fs::exists(place)) {
      EXPECT_EQ(restore(place).code, 0);
    }
    return content_of(place / "hub.db");
  }

  std::string old_keys_;
  int made_ = 0;
};

TEST_F(Backup, ComesBackToADirectoryNamedFromHere) {
  ASSERT_EQ(save(file_).code, 0);
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRYCTL_PATH, "restore", file_.string(), "--data-dir", "elsewhere"};
  options.working_directory = other_.path().string();
  test::ChildProcess child(std::move(options));
  EXPECT_EQ(child.wait_for_exit(std::chrono::seconds(20)), 0) << child.output();
  EXPECT_TRUE(fs::exists(place_ / "hub.db"));
}

TEST_F(Restore, KeepsWhatWasThereBefore) {
  std::ofstream(place_ / "hub.db-wal") << "";
  std::ofstream(place_ / "endpoint") << "127.0.0.1 2883\n";
  ASSERT_EQ(restore(place_).code, 0);
  EXPECT_EQ(content_of(place_ / "keys.json"), content_of(hub_.keys_path()));
  EXPECT_FALSE(fs::exists(place_ / "hub.db-wal")) << "the log of another database";
  EXPECT_EQ(content_of(place_ / "endpoint"), "127.0.0.1 2883\n") << "this machine's own";
  const fs::path aside = put_aside(place_);
  EXPECT_EQ(content_of(aside / "keys.json"), old_keys_);
  EXPECT_TRUE(fs::exists(aside / "hub.db"));
}

TEST_F(Restore, KeepsInPlaceWhatIsNotTheHubs) {
  fs::create_directory(place_ / "lamp");
  ASSERT_EQ(::chmod((place_ / "lamp").c_str(), 0700), 0);
  std::ofstream(place_ / "lamp" / "mosquitto_pub") << "-u dev-1\n";
  std::ofstream(place_ / "openai.key") << std::string(2 * 1024 * 1024, 'x');
  fs::create_directory(place_ / "log");
  std::ofstream(place_ / "log" / "broker.log") << "old\n";
  for (const char* own : {"mosquitto.db", "http-endpoint", "gateway.pid"}) std::ofstream(place_ / own) << "old\n";
  std::ofstream(place_ / "gateway.toml") << "[http]\n";  // the backup has none
  fs::create_directory(place_ / "backups");
  std::ofstream(place_ / "backups" / "of-alice.gz") << "hers\n";
  const Finished restored = restore(place_);
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_EQ(content_of(place_ / "lamp" / "mosquitto_pub"), "-u dev-1\n");
  EXPECT_EQ(mode_of(place_ / "lamp"), 0700u);
  EXPECT_EQ(fs::file_size(place_ / "openai.key"), 2u * 1024 * 1024);
  EXPECT_NE(restored.output.find("Kept, since it is not the hub's: lamp, openai.key\n"), std::string::npos)
      << restored.output;
  EXPECT_NE(restored.output.find("The users' own backups stay as they are.\n"), std::string::npos) << restored.output;
  EXPECT_EQ(content_of(place_ / "backups" / "of-alice.gz"), "hers\n");
  EXPECT_EQ(content_of(place_ / "gateway.toml"), "[http]\n");
  const auto keys = KeySet::load(place_ / "keys.json");
  ASSERT_TRUE(keys);
  const auto door = verify_token(*keys, test::trimmed(content_of(place_ / "gateway.token")), SystemClock().wall_now());
  ASSERT_TRUE(door) << "the web door's token is of the keys of before";
  EXPECT_EQ(door->principal.type, PrincipalType::gateway);
  EXPECT_EQ(mode_of(place_ / "gateway.token"), 0600u);
  const fs::path aside = put_aside(place_);
  EXPECT_FALSE(fs::exists(aside / "lamp"));
  for (const char* own : {"log", "mosquitto.db", "http-endpoint", "gateway.pid"}) {
    EXPECT_FALSE(fs::exists(place_ / own)) << own;
    EXPECT_TRUE(fs::exists(aside / own)) << own;
  }
}

TEST_F(Restore, BringsBackTheWebDoorsConfiguration) {
  const fs::path file = other_.path() / "with-door.tar";
  std::ofstream(place_ / "gateway.toml") << "# of then\n";
  ASSERT_EQ(control({"backup", file.string(), "--data-dir", place_.string()}).code, 0);
  std::ofstream(place_ / "gateway.toml") << "# of now\n";
  ASSERT_EQ(restore(file, place_).code, 0);
  EXPECT_EQ(content_of(place_ / "gateway.toml"), "# of then\n");
}

/// Restored once, used since then, and restored again from the same backup.
TEST_F(Restore, LeavesDeadWhatWasRevokedAndDeletedSince) {
  ASSERT_EQ(restore(place_).code, 0);
  const auto now = SystemClock().wall_now();
  {
    SQLite::Database since(place_ / "hub.db", SQLite::OPEN_READWRITE, 5'000);
    since.exec("INSERT INTO revoked_tokens VALUES ('jti', 1, " + std::to_string(to_unix_ms(now) + 1000) + ")");
    since.exec("INSERT INTO spent_tokens VALUES ('once', 1)");
    since.exec("DELETE FROM devices; INSERT INTO deleted_devices VALUES ('dev-1', 'alice', 7000)");
    since.exec("INSERT INTO taken_ids VALUES ('carol', 1)");
  }
  const auto value = [&](const std::string& sql) {
    SQLite::Database look(place_ / "hub.db", SQLite::OPEN_READWRITE, 5'000);
    return look.execAndGet(sql).getInt64();
  };
  const Finished restored = restore(place_);
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_NE(restored.output.find("stay so"), std::string::npos) << restored.output;
  EXPECT_EQ(count(place_ / "hub.db", "revoked_tokens"), 1);
  EXPECT_EQ(count(place_ / "hub.db", "spent_tokens"), 1);
  EXPECT_EQ(count(place_ / "hub.db", "taken_ids WHERE id = 'carol'"), 1);
  EXPECT_EQ(value("SELECT tokens_valid_from FROM devices WHERE device_id = 'dev-1'"), 7000) << "back, with new tokens";
  EXPECT_EQ(count(place_ / "hub.db", "messages"), 1) << "all else is as the backup says";

  ASSERT_EQ(control({"restore", file_.string(), "--data-dir", place_.string(), "--revive-tokens"}).code, 0);
  EXPECT_EQ(value("SELECT tokens_valid_from FROM devices WHERE device_id = 'dev-1'"), 0);
  EXPECT_EQ(count(place_ / "hub.db", "revoked_tokens"), 0);
}

TEST_F(Restore, SaysWhichKeysComeBack) {
  const std::string kid = hub_.keys().signing_key().kid();
  const Finished first = restore(place_);
  EXPECT_NE(first.output.find("The key " + kid + " was not among"), std::string::npos) << first.output;
  const Finished again = restore(place_);
  EXPECT_EQ(again.output.find("The key "), std::string::npos) << again.output;
  ASSERT_EQ(control({"key", "rotate", "--data-dir", place_.string()}).code, 0);
  ASSERT_EQ(control({"key", "retire", kid, "--yes", "--data-dir", place_.string()}).code, 0);
  const Finished retired = control({"--json", "restore", file_.string(), "--data-dir", place_.string()});
  ASSERT_EQ(retired.code, 0) << retired.output;
  EXPECT_EQ(nlohmann::json::parse(retired.output).at("keys_back"), nlohmann::json({kid}));
}

TEST_F(Restore, OverADatabaseThatCannotBeReadIsOnlyDoneWhenTheAdminSaysSo) {
  for (const char* name : {"hub.db-wal", "hub.db-shm"}) fs::remove(place_ / name);
  std::ofstream(place_ / "hub.db", std::ios::trunc) << std::string(8192, 'x');
  expect_refused(file_, "--revive-tokens");
  ASSERT_EQ(control({"restore", file_.string(), "--data-dir", place_.string(), "--revive-tokens"}).code, 0);
  EXPECT_EQ(count(place_ / "hub.db", "devices"), 1);
}

TEST_F(Restore, LeavesThisMachinesCertificateAuthority) {
  const fs::path tls = place_ / "tls";
  fs::create_directories(tls / "old");
  for (const auto& [name, mode] :
       {std::pair("ca.key", 0600), std::pair("ca.crt", 0644), std::pair("old/ca.crt", 0640)}) {
    std::ofstream(tls / name) << name;
    ASSERT_EQ(::chmod((tls / name).c_str(), static_cast<mode_t>(mode)), 0);
  }
  fs::create_symlink("ca.crt", tls / "link");
  ASSERT_EQ(::chmod(tls.c_str(), 0750), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(place_.c_str(), 4711, 4712), 0);
  }
  const Finished restored = restore(place_);
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_EQ(content_of(tls / "ca.key"), "ca.key");
  EXPECT_EQ(content_of(tls / "old" / "ca.crt"), "old/ca.crt");
  EXPECT_EQ(fs::read_symlink(tls / "link"), "ca.crt");
  EXPECT_EQ(mode_of(tls), 0750u);
  EXPECT_EQ(mode_of(tls / "ca.key"), 0600u);
  EXPECT_EQ(mode_of(tls / "ca.crt"), 0644u);
  EXPECT_EQ(mode_of(tls / "old" / "ca.crt"), 0640u);
  if (::geteuid() == 0) {
    struct stat info {};
    ASSERT_EQ(::stat((tls / "old" / "ca.crt").c_str(), &info), 0);
    EXPECT_EQ(std::pair(info.st_uid, info.st_gid), std::pair(4711u, 4712u));
  }
}

TEST_F(Restore, TakesNothingAlongFromElsewhere) {
  std::ofstream(other_.path() / "secret") << "x";
  fs::create_symlink(other_.path() / "secret", place_ / "endpoint");
  ASSERT_EQ(restore(place_).code, 0);
  EXPECT_TRUE(fs::is_symlink(place_ / "endpoint")) << "what it leads to was copied";
}

TEST_F(Restore, IsRefusedWhenItCannotTakeAllAlong) {
  fs::create_directory(place_ / "tls");
  std::ofstream(place_ / "tls" / "large") << std::string(1024 * 1024 + 1, 'x');
  expect_refused(file_, "too large");
}

TEST_F(Restore, MayComeTwiceInOneSecond) {
  ASSERT_EQ(restore(place_).code, 0);
  ASSERT_EQ(restore(place_).code, 0);
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(other_.path())) {
    EXPECT_EQ(entry.path().string().find(".restoring-"), std::string::npos) << entry.path();
    if (entry.path().string().starts_with(place_.string() + ".before-")) ++kept;
  }
  EXPECT_EQ(kept, 2u);
}

TEST_F(Restore, KeepsOwnersAndRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  const auto owner = [](const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return std::pair(info.st_uid, info.st_gid);
  };
  ASSERT_EQ(::chown(place_.c_str(), 0, 4712), 0);
  ASSERT_EQ(::chmod(place_.c_str(), 02770), 0);
  ASSERT_EQ(restore(place_).code, 0);
  struct stat info {};
  ASSERT_EQ(::stat(place_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 02770u);
  EXPECT_EQ(owner(place_ / "keys.json"), std::pair(0u, 4712u));
  EXPECT_EQ(mode_of(place_ / "keys.json"), 0640u);
  EXPECT_EQ(mode_of(place_ / "hub.db"), 0660u);
  EXPECT_EQ(mode_of(place_ / "admin.token"), 0600u);

  ASSERT_EQ(::chmod(place_.c_str(), 0700), 0);
  ASSERT_EQ(::chown(place_.c_str(), 4711, 4712), 0);
  ASSERT_EQ(restore(place_).code, 0);
  EXPECT_EQ(owner(place_), std::pair(4711u, 4712u));
  EXPECT_EQ(owner(place_ / "hub.db"), std::pair(4711u, 4712u));
  EXPECT_EQ(mode_of(place_ / "keys.json"), 0600u);
}

TEST_F(Restore, IsRefusedWhileAHubRuns) {
  const auto lock = DataLock::take(place_.string());
  ASSERT_TRUE(lock);
  expect_refused(file_, "stop the hub");
}

/// However early `restore` is killed: the old data is in its place, or has the name that is told.
TEST_F(Restore, GivesTheOldDataItsNameInTheSameStepAsItReplacesIt) {
  const FileDescriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ASSERT_GE(::inotify_add_watch(watch.get(), other_.path().c_str(), IN_MOVE), 0);
  ASSERT_EQ(restore(place_).code, 0);
  alignas(inotify_event) char events[16 * 1024];
  const ssize_t size = ::read(watch.get(), events, sizeof events);
  ASSERT_GT(size, 0);
  std::uint32_t leaves = 0;
  std::string name_of_old;
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events + at);
    if ((event->mask & IN_MOVED_FROM) != 0 && event->name == place_.filename()) leaves = event->cookie;
    if ((event->mask & IN_MOVED_TO) != 0 && event->cookie == leaves) name_of_old = event->name;
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
  EXPECT_EQ(name_of_old, put_aside(place_).filename());
}

TEST_F(Restore, WaitsForACommandThatChangesTheData) {
  {
    const auto lock = lock_directory({place_}, std::chrono::seconds(1));
    ASSERT_TRUE(lock);
    const Finished refused = control({"restore", file_.string(), "--data-dir", place_.string(), "--timeout", "200ms"});
    EXPECT_EQ(refused.code, 4) << refused.output;
    EXPECT_NE(refused.output.find("another command is changing"), std::string::npos) << refused.output;
    EXPECT_EQ(content_of(place_ / "keys.json"), old_keys_);
  }
  EXPECT_EQ(restore(place_).code, 0);
}

TEST_F(Restore, LeavesADirectoryAloneThatIsNoHubs) {
  const fs::path home = other_.path() / "home";
  fs::create_directory(home);
  std::ofstream(home / "thesis.txt") << "…";
  EXPECT_EQ(restore(home).code, 4);
  EXPECT_TRUE(fs::exists(home / "thesis.txt"));
}

TEST_F(Restore, RefusesEveryTruncatedArchive) {
  const std::string whole = content_of(file_);
  const fs::path cut = other_.path() / "cut.tar";
  for (std::size_t size = 0; size < whole.size();
       size += std::max<std::size_t>(tar_block_bytes / 2, whole.size() / 40)) {
    std::ofstream(cut, std::ios::trunc | std::ios::binary) << whole.substr(0, size);
    expect_refused(cut, "cannot use");
  }
  std::ofstream(cut, std::ios::trunc | std::ios::binary) << whole.substr(0, whole.size() - 1);
  expect_refused(cut, "does not end");
}

TEST_F(Restore, RefusesAnArchiveWithAFlippedBit) {
  const std::string whole = content_of(file_);
  const fs::path flipped = other_.path() / "flipped.tar";
  // A prime step: reaches headers, contents and sums; padding may be anything.
  for (std::size_t at = 1; at < whole.size(); at += 9973) {
    if (whole[at] == '\0') continue;
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    std::ofstream(flipped, std::ios::trunc | std::ios::binary) << bytes;
    expect_refused(flipped, "cannot use");
  }
}

TEST_F(Restore, NothingInAnArchiveIsAPath) {
  const std::string keys = content_of(hub_.keys_path());
  for (const char* name :
       {"../escaped", "/tmp/escaped", "sub/keys.json", "./keys.json", "hub.db-wal", "escaped", "..", "."}) {
    expect_refused(archive_of({{"keys.json", keys}, {name, "x"}, {"hub.db", saved_database()}}), "in it");
  }
  EXPECT_FALSE(fs::exists(other_.path() / "escaped"));
}

TEST_F(Restore, RefusesWhatIsNoRegularFileInAnArchive) {
  const std::string whole = content_of(file_);
  const fs::path hostile = other_.path() / "hostile.tar";
  for (const char type : {'1', '2', '3', '5', '6', 'x', 'g', 'L'}) {
    std::string bytes = whole;
    const auto sum = std::stoul(bytes.substr(148, 6), nullptr, 8) + static_cast<unsigned long>(type) - '0';
    bytes[156] = type;
    char octal[8];
    std::snprintf(octal, sizeof octal, "%07lo", sum);
    bytes.replace(148, 7, octal);
    std::ofstream(hostile, std::ios::trunc | std::ios::binary) << bytes;
    expect_refused(hostile, "not a backup");
  }
}

TEST_F(Restore, RefusesAFileTwiceMissingOrTooLarge) {
  const std::string keys = content_of(hub_.keys_path());
  const std::string database = saved_database();
  expect_refused(archive_of({{"keys.json", keys}, {"keys.json", keys}, {"hub.db", database}}), "out of order");
  expect_refused(archive_of({{"hub.db", database}}), "no keys.json");
  expect_refused(archive_of({{"keys.json", keys}}), "no hub.db");
  expect_refused(archive_of({}), "cannot use");
  expect_refused(archive_of({{"keys.json", std::string(64 * 1024 + 1, ' ')}, {"hub.db", database}}), "too large");
  expect_refused(archive_of({{"keys.json", "{}"}, {"hub.db", database}}), "keys.json");
  expect_refused(other_.path() / "missing.tar", "cannot read");
  expect_refused(other_.path(), "no file");
}

TEST_F(Restore, RefusesADatabaseThatIsNewerDamagedOrAnothers) {
  const std::string keys = content_of(hub_.keys_path());
  const fs::path path = other_.path() / "changed.db";
  const auto changed = [&](const std::string& sql) {
    std::ofstream(path, std::ios::trunc | std::ios::binary) << saved_database();
    SQLite::Database(path, SQLite::OPEN_READWRITE).exec("PRAGMA journal_mode = DELETE; " + sql);
    return archive_of({{"keys.json", keys}, {"hub.db", content_of(path)}});
  };
  expect_refused(changed("PRAGMA user_version = 99"), "newer");
  expect_refused(changed("PRAGMA application_id = 1"), "another program's");
  expect_refused(archive_of({{"keys.json", keys}, {"hub.db", ""}}), "nothing in it");
  expect_refused(archive_of({{"keys.json", keys}, {"hub.db", std::string(8192, 'x')}}), "not a database");
  std::string damaged = saved_database();
  damaged.replace(4096, 3000, std::string(3000, '\x7f'));
  expect_refused(archive_of({{"keys.json", keys}, {"hub.db", damaged}}), "cannot use");
}

TEST_F(Restore, TakesWhatVersion0_1_0Saved) {
  const std::string keys = content_of(hub_.keys_path());
  const std::string database = saved_database();
  const fs::path old = other_.path() / "old.tar";
  std::ofstream(old, std::ios::binary) << archive_of_0_1_0(
      {{"keys.json", keys}, {"hub.db", database}, {"bridge.toml", "# mine\n"}});
  const Finished restored = restore(old, place_);
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_EQ(content_of(place_ / "keys.json"), keys);
  EXPECT_EQ(content_of(place_ / "bridge.toml"), "# mine\n");
  EXPECT_EQ(count(place_ / "hub.db", "devices"), 1);
}

class Archives : public ::testing::Test {
 protected:
  /// Returns why it cannot be extracted; empty when it can.
  std::string refusal_of(const std::string& bytes) {
    const fs::path file = directory_.path() / "made.tar";
    std::ofstream(file, std::ios::trunc | std::ios::binary) << bytes;
    const fs::path place = directory_.path() / ("place-" + std::to_string(++made_));
    fs::create_directory(place);
    const auto extracted = extract_archive(file, place);
    return extracted ? "" : extracted.error().message;
  }
  TempDir directory_;
  int made_ = 0;
};

TEST_F(Archives, AreReadAsTheyWereWritten) {
  for (const std::size_t size : {0, 1, 511, 512, 513, 65'536, 200'000}) {
    const std::string content(size, 'x');
    const fs::path file = directory_.path() / ("of-" + std::to_string(size));
    auto writer = ArchiveWriter::create(file);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->add("keys.json", "{}"));
    ASSERT_TRUE(writer->add("hub.db", content));
    ASSERT_TRUE(writer->finish());
    const fs::path place = directory_.path() / ("place-of-" + std::to_string(size));
    fs::create_directory(place);
    const auto extracted = extract_archive(file, place);
    ASSERT_TRUE(extracted) << extracted.error().message;
    EXPECT_EQ(content_of(place / "hub.db"), content) << size;
    EXPECT_EQ(content_of(file).size() % tar_block_bytes, 0u);
  }
}

TEST_F(Archives, MaySayTheLargestSizeOfTheFormat) {
  std::string bytes = archive_of_0_1_0({{"hub.db", "x"}, {"keys.json", "{}"}});
  bytes.replace(124, 11, "77777777777");
  sign_header(bytes, 0);
  EXPECT_NE(refusal_of(bytes).find("too soon"), std::string::npos) << refusal_of(bytes);
}

/// The last two bytes of the checksum field are ignored: whatever they are, the number before them is the sum of all
/// others.
TEST_F(Archives, AreNotReadWhenAnythingOfAHeaderIsWrong) {
  const std::string good = archive_of_0_1_0({{"keys.json", "{}"}, {"hub.db", "x"}});
  ASSERT_EQ(refusal_of(good), "");
  for (std::size_t at = 0; at < tar_block_bytes; ++at) {
    if (at == 154 || at == 155) continue;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 2);
    EXPECT_NE(refusal_of(bad), "") << at;
  }
  EXPECT_NE(refusal_of(std::string(tar_block_bytes, '\0')), "");
}

TEST_F(Archives, WithMoreThanOneWayToReadThemAreRefused) {
  const std::string good = archive_of_0_1_0({{"keys.json", "{}"}, {"hub.db", "x"}});
  EXPECT_NE(refusal_of(good + std::string(tar_block_bytes, 'x')), "") << "something behind its end";
  EXPECT_NE(refusal_of(good + good), "") << "a second archive";
  EXPECT_NE(refusal_of(good.substr(0, good.size() - tar_block_bytes)), "") << "one empty block";
  EXPECT_NE(refusal_of(std::string(tar_block_bytes, '\0') + good), "") << "an empty block before it";
  EXPECT_EQ(refusal_of(good + std::string(16 * tar_block_bytes, '\0')), "") << "filled up, as tar does";
  std::string gnu = good;
  gnu.replace(257, 8, std::string("ustar  \0", 8));
  sign_header(gnu, 0);
  EXPECT_NE(refusal_of(gnu), "") << "GNU's format";
  std::string below = good;
  below.replace(345, 3, "sub");
  sign_header(below, 0);
  EXPECT_NE(refusal_of(below), "") << "a name in two parts";
}

}  // namespace
}  // namespace strawberry::cli

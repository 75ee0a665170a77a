#include "sdk/cpp/src/offline_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;

class OfflineFileTest : public testing::Test {
 protected:
  std::string path() const { return directory_.file("offline.jsonl"); }
  OfflineFile open(OfflineFile::Options options = {}) {
    return OfflineFile(path(), options, [this](LogLevel, const std::string& line) { said_ += line + "\n"; });
  }
  std::string content(const std::string& suffix = "") const {
    std::ifstream file(path() + suffix);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static std::string code_of(const std::function<void()>& act) {
    try {
      act();
      return "ok";
    } catch (const HubError& error) {
      return error.code();
    }
  }
  std::string add(OfflineFile& file, const std::string& session, const std::string& content) {
    return file.add({session, "user", content, ""}, clock_.wall_now());
  }

  test::TempDir directory_;
  test::FakeClock clock_;
  std::string said_;
};

TEST_F(OfflineFileTest, WhatWasSaidIsThereAfterARestartAndPrivate) {
  std::string id;
  {
    OfflineFile file = open();
    id = add(file, "s1", "hello");
    add(file, "s2", "again");
  }
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const OfflineFile::Batch batch = open().oldest();
  ASSERT_EQ(batch.count, 2u);
  EXPECT_EQ(batch.sessions.at(0).at("id"), "s1");
  EXPECT_EQ(batch.sessions.at(0).at("messages").at(0).at("id"), id);
  EXPECT_EQ(batch.sessions.at(0).at("messages").at(0).at("content"), "hello");
  EXPECT_EQ(batch.sessions.at(1).at("id"), "s2");
}

TEST_F(OfflineFileTest, WhatTheHubHasIsRemoved) {
  {
    OfflineFile file = open();
    for (int i = 0; i < 3; ++i) add(file, "s", std::to_string(i));
    file.taken(2);
    EXPECT_EQ(file.size(), 1u);
  }
  EXPECT_EQ(open().oldest().sessions.at(0).at("messages").at(0).at("content"), "2");
}

TEST_F(OfflineFileTest, ItIsFullAtItsLimitsAndDropsNothing) {
  OfflineFile few = open({.messages_max = 2});
  add(few, "s", "1");
  add(few, "s", "2");
  EXPECT_EQ(code_of([&] { add(few, "s", "3"); }), "quota_exceeded");
  EXPECT_EQ(few.size(), 2u);
  few.taken(1);
  EXPECT_EQ(code_of([&] { add(few, "s", "3"); }), "ok");
}

TEST_F(OfflineFileTest, ItsBytesHaveALimit) {
  OfflineFile small = open({.bytes_max = 1'000});
  EXPECT_EQ(code_of([&] { add(small, "s", std::string(900, 'x')); }), "quota_exceeded");
  EXPECT_EQ(code_of([&] { add(small, "s", std::string(600, 'x')); }), "ok");
  EXPECT_EQ(code_of([&] { add(small, "s", std::string(600, 'x')); }), "quota_exceeded");
}

TEST_F(OfflineFileTest, WhatTheHubWouldNotTakeIsRefusedAtOnce) {
  OfflineFile file = open();
  EXPECT_EQ(code_of([&] { add(file, "no/id", "x"); }), "bad_request");
  EXPECT_EQ(code_of([&] { file.add({"s", "system", "x", ""}, clock_.wall_now()); }), "bad_request");
  EXPECT_EQ(code_of([&] { add(file, "s", "\xff"); }), "bad_request");
  EXPECT_EQ(code_of([&] { add(file, "s", std::string(131'073, 'x')); }), "too_large");
  EXPECT_EQ(file.size(), 0u);
}

TEST_F(OfflineFileTest, LinesThatCannotBeReadArePutAsideAndTheRestStays) {
  {
    OfflineFile file = open();
    add(file, "s", "good");
  }
  { std::ofstream(path(), std::ios::app) << "rubbish\n{\"session_id\":\"s\"}\n{\"half\": "; }
  {
    OfflineFile file = open();
    EXPECT_EQ(file.size(), 1u);
    add(file, "s", "later");
  }
  EXPECT_EQ(open().size(), 2u);
  EXPECT_NE(content(".refused").find("rubbish\n{\"session_id\":\"s\"}\n{\"half\": \n"), std::string::npos);
  EXPECT_NE(said_.find("cannot be read"), std::string::npos);
}

TEST_F(OfflineFileTest, WhatTheHubRefusesForGoodIsPutAside) {
  OfflineFile file = open();
  add(file, "theirs", "1");
  add(file, "ours", "2");
  add(file, "theirs", "3");
  file.set_aside("theirs", 3);
  EXPECT_EQ(file.size(), 1u);
  EXPECT_EQ(content().find("theirs"), std::string::npos);
  EXPECT_NE(content(".refused").find("\"3\""), std::string::npos);
}

TEST_F(OfflineFileTest, AFileThatOthersMayReadIsRefused) {
  { OfflineFile file = open(); }
  ASSERT_EQ(::chmod(path().c_str(), 0644), 0);
  EXPECT_EQ(code_of([&] { open(); }), "internal");
}

TEST_F(OfflineFileTest, OneProcessHasIt) {
  const OfflineFile file = open();
  EXPECT_EQ(code_of([&] { open(); }), "internal");
}

TEST_F(OfflineFileTest, ABatchFitsIntoARequest) {
  OfflineFile file = open();
  for (int i = 0; i < 20; ++i) add(file, "s" + std::to_string(i % 3), std::string(20'000, 'x'));
  std::size_t batches = 0;
  while (file.size() > 0) {
    const auto batch = file.oldest();
    ASSERT_GT(batch.count, 0u);
    EXPECT_LT(batch.sessions.dump().size(), 200'000u);
    file.taken(batch.count);
    ++batches;
  }
  EXPECT_EQ(batches, 3u);
}

}  // namespace
}  // namespace strawberry::sdk

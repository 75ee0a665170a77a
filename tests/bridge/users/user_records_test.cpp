// A user's records to JSON and back, and from one database to another.
#include "bridge/users/user_records.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/users/account_records.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class UserRecords : public testing::Test {
 protected:
  struct Hub {
    explicit Hub(asio::io_context& loop, StorageLimits limits = {}) {
      SqliteStorage::Options options;
      options.limits = limits;
      store = std::move(SqliteStorage::open(loop, directory.file("hub.db"), options).value());
    }
    test::TempDir directory;
    std::unique_ptr<SqliteStorage> store;
  };
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  DeviceRow device(const std::string& id, const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = "lamp_" + id;
    row.created_at_ms = 5;
    row.tokens_valid_from_ms = 7'000;
    row.about = {"Küche", {"Big " + id}, {"light:v1.0"}, R"({"a":1})"};
    return row;
  }
  void fill(Hub& hub, int sessions, std::size_t content_bytes) {
    ASSERT_TRUE(run(hub.store->devices().add_device(device("a"))));
    ASSERT_TRUE(run(hub.store->devices().add_device(device("b"))));
    std::vector<SkillRow> skills;
    for (int i = 0; i < 5; ++i)
      skills.push_back(
          {"Light", "f" + std::to_string(i), "f" + std::to_string(i) + "()", std::string(3'000, 'd'), false, false});
    ASSERT_TRUE(run(hub.store->skills().put_skills("alice", "a", skills, 9'000)));
    for (int i = 0; i < sessions; ++i) {
      SessionRow session;
      session.session_id = "s" + std::to_string(i);
      session.user_id = "alice";
      session.device_id = "a";
      session.created_at_ms = session.last_activity_ms = 1'000 + i;
      ASSERT_TRUE(run(hub.store->conversations().add_session(session)));
      std::vector<MessageRow> messages;
      for (int m = 0; m < 3; ++m)
        messages.push_back({"m" + std::to_string(m), "user", std::string(content_bytes, '"'), 2'000});
      ASSERT_TRUE(run(hub.store->conversations().append_messages("alice", session.session_id, messages)));
    }
    ASSERT_TRUE(run(hub.store->usage().add_usage({{"alice", 20'000, "a", "p", "m", false, {1, 2, 3}}}, 0)));
    ASSERT_TRUE(run(hub.store->limits().put_limits("alice", {{LimitKind::devices, 5}})));
  }
  std::vector<UserRecord> exported(Hub& hub, std::size_t bytes_max) {
    std::vector<UserRecord> records;
    ExportPlace place;
    for (parts_ = 1;; ++parts_) {
      auto part = run(hub.store->exports().read_part("alice", place, bytes_max));
      if (!part) throw std::runtime_error(part.error().message);
      for (auto& record : part->records) records.push_back(std::move(record));
      if (!part->next) return records;
      if (*part->next == place) throw std::runtime_error("no progress");
      place = *part->next;
    }
  }
  Reply<ImportCount> import(Hub& hub, std::vector<UserRecord> records, bool by_admin = true, bool overwrite = false) {
    ImportRequest request;
    request.user_id = "alice";
    request.records = std::move(records);
    request.is_by_admin = by_admin;
    request.overwrite = overwrite;
    return run(hub.store->exports().import(std::move(request)));
  }
  static json all(const std::vector<UserRecord>& records) {
    json list = json::array();
    for (const auto& record : records) list.push_back(to_json(record));
    return list;
  }

  asio::io_context loop_;
  int parts_ = 0;
};

TEST_F(UserRecords, ComeBackFromJsonAsTheyWere) {
  Hub hub(loop_);
  fill(hub, 2, 10);
  for (const auto& record : exported(hub, 1'000'000)) {
    const auto written = to_json(record);
    const auto read = read_record(written, "/records/0");
    ASSERT_TRUE(read) << written << read.error().message;
    EXPECT_EQ(to_json(*read), written);
  }
}

TEST_F(UserRecords, AreTheSameWhateverThePartsAre) {
  Hub hub(loop_);
  fill(hub, 7, 200'000);  // twice that as JSON: longer than a piece
  const auto whole = all(exported(hub, 100'000'000));
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{5'000}, std::size_t{200'000}}) {
    EXPECT_EQ(all(exported(hub, bytes)), whole) << bytes;
    EXPECT_GT(parts_, 1);
  }
}

TEST_F(UserRecords, AnotherHubHasThemOnce) {
  Hub from(loop_), to(loop_);
  fill(from, 3, 150'000);
  const auto records = exported(from, 200'000);
  const auto first = import(to, records);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->added, static_cast<std::int64_t>(records.size()));
  EXPECT_EQ(first->devices, (std::set<std::string>{"a", "b"}));
  const auto second = import(to, records);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->added, 0);
  EXPECT_EQ(second->already_there, first->added);
  EXPECT_TRUE(second->devices.empty());
  EXPECT_EQ(all(exported(to, 200'000)), all(records));
  EXPECT_EQ(*run(to.store->limits().stored_amounts("alice")), *run(from.store->limits().stored_amounts("alice")));
}

TEST_F(UserRecords, NothingOfSomebodyElsesIsTaken) {
  Hub from(loop_), to(loop_);
  fill(from, 1, 10);
  ASSERT_TRUE(run(to.store->devices().add_device(device("b", "bob"))));
  const auto refused = import(to, exported(from, 200'000));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  EXPECT_TRUE(exported(to, 200'000).empty()) << "all or nothing";
}

TEST_F(UserRecords, WhatIsThereStaysUnlessItIsToBeOverwritten) {
  Hub hub(loop_);
  fill(hub, 1, 10);
  const auto records = exported(hub, 200'000);
  DeviceChange change;
  change.name = change.normalized_name = "moved";
  change.room = "Hall";
  ASSERT_TRUE(run(hub.store->devices().change_device("alice", "a", change)));
  ASSERT_TRUE(import(hub, records));
  EXPECT_EQ(std::get<DeviceRow>(exported(hub, 200'000).at(1)).about.room, "Hall");
  ASSERT_TRUE(import(hub, records, true, true));
  EXPECT_EQ(std::get<DeviceRow>(exported(hub, 200'000).at(1)).about.room, "Küche");
}

TEST_F(UserRecords, AUserBringsInNoLimitsAndStaysWithinThem) {
  Hub from(loop_);
  fill(from, 1, 10);
  StorageLimits limits;
  limits.devices_per_user_max = 1;
  Hub to(loop_, limits);
  const auto refused = import(to, exported(from, 200'000), /*by_admin=*/false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().details.at("limit"), "devices_per_user_max");
  ASSERT_TRUE(import(to, exported(from, 200'000))) << "an admin's brings its limits with it";
}

TEST_F(UserRecords, WhatIsNoRecordIsRefusedAtItsPlace) {
  const auto place = [](json record) {
    const auto read = read_record(record, "/records/3");
    return read ? "ok" : read.error().details.at("path").get<std::string>();
  };
  EXPECT_EQ(place({{"kind", "cat"}}), "/records/3/kind");
  EXPECT_EQ(place({{"kind", 3}}), "/records/3/kind");
  EXPECT_EQ(place({{"kind", "limit"}, {"name", "devices"}, {"value", -1}}), "/records/3/value");
  EXPECT_EQ(place({{"kind", "spent_token"}, {"id", "a b"}, {"spent_at", 1}}), "/records/3/id");
  json token{{"kind", "token"}, {"jti", "j"},     {"name", ""},      {"type", "admin"},  {"subject", "x"},
             {"kid", ""},       {"issued_at", 1}, {"expires_at", 2}, {"parent_jti", ""}, {"root_jti", "j"}};
  EXPECT_EQ(place(token), "/records/3/type");
  token["type"] = "user";
  EXPECT_EQ(place(token), "ok");
  token["issued_at"] = 1.5;
  EXPECT_EQ(place(token), "/records/3/issued_at");
}

class ForeignRecord : public UserRecords {
 protected:
  static json device_record() {
    return {{"kind", "device"},  {"device_id", "lamp"},    {"name", "Lamp"},
            {"is_active", true}, {"tokens_valid_from", 0}, {"created_at", 1}};
  }
  static json skill_record() {
    return {{"kind", "skill"},          {"device_id", "lamp"},   {"position", 0},       {"registered_at", 1},
            {"class_name", "Light"},    {"function_name", "on"}, {"signature", "on()"}, {"docstring", ""},
            {"device_agnostic", false}, {"confirm", false}};
  }
  static json with(json record, const char* name, json value) {
    record[name] = std::move(value);
    return record;
  }
  /// Where the record is refused, or "ok".
  static std::string place(const json& record) {
    const auto read = read_record(record, "/records/0");
    return read ? "ok" : read.error().details.at("path").get<std::string>();
  }
};

TEST_F(ForeignRecord, NamesNoDeviceAsTheHubsOwnPrincipals) {
  EXPECT_EQ(place(device_record()), "ok");
  for (const char* id : {"strawberry-bridge", "strawberry-gateway", "admin", "hub"}) {
    const auto read = read_record(with(device_record(), "device_id", id), "/records/0");
    ASSERT_FALSE(read) << id;
    EXPECT_EQ(read.error().code, ErrorCode::forbidden);
    EXPECT_EQ(read.error().details.at("path"), "/records/0/device_id");
  }
}

TEST_F(ForeignRecord, FollowsTheRulesOfARegistration) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(place(with(device_record(), "name", nul)), "/records/0/name");
  EXPECT_EQ(place(with(device_record(), "room", nul)), "/records/0/room");
  EXPECT_EQ(place(with(device_record(), "room", "!!!")), "/records/0/room");
  EXPECT_EQ(place(with(device_record(), "aliases", json::array({"hub"}))), "/records/0/aliases");
  json deep = json::object();
  for (int i = 0; i < 8; ++i) deep = json{{"a", deep}};
  EXPECT_EQ(place(with(device_record(), "metadata", deep)), "/records/0/metadata");

  EXPECT_EQ(place(skill_record()), "ok");
  EXPECT_EQ(place(with(skill_record(), "class_name", "a b")), "/records/0/class_name");
  EXPECT_EQ(place(with(skill_record(), "class_name", "class")), "/records/0/class_name");
  EXPECT_EQ(place(with(skill_record(), "docstring", nul)), "/records/0/docstring");
  EXPECT_EQ(place(with(skill_record(), "input_schema", R"({"type":"frob"})")), "/records/0/input_schema");
  EXPECT_EQ(place(with(skill_record(), "input_schema", "[]")), "/records/0/input_schema");
}

TEST_F(ForeignRecord, HasTimesThatCanBeWrittenAndNumbersThatCanBeAdded) {
  EXPECT_EQ(place(with(device_record(), "created_at", rfc3339_ms_max)), "ok");
  EXPECT_EQ(place(with(device_record(), "created_at", rfc3339_ms_max + 1)), "/records/0/created_at");
  EXPECT_EQ(place(with(device_record(), "last_seen", std::uint64_t{1} << 63U)), "/records/0/last_seen");
  json usage{{"kind", "usage"},    {"day", 20'000}, {"device_id", "lamp"}, {"provider", "p"},       {"model", "m"},
             {"estimated", false}, {"requests", 1}, {"prompt_tokens", 1},  {"completion_tokens", 1}};
  EXPECT_EQ(place(usage), "ok");
  EXPECT_EQ(place(with(usage, "prompt_tokens", INT64_MAX)), "/records/0/prompt_tokens");
  EXPECT_EQ(place(with(usage, "day", INT64_MAX)), "/records/0/day");
}

TEST_F(UserRecords, ADeviceHasEachSkillOnceAndNoMoreThanItMayRegister) {
  Hub hub(loop_);
  ASSERT_TRUE(run(hub.store->devices().add_device(device("a"))));
  SkillRecord skill{"a", 0, 9'000, {"Light", "on", "on()", "", false, false}};
  ASSERT_EQ(import(hub, {skill})->added, 1);
  skill.position = 1;
  EXPECT_EQ(import(hub, {skill})->already_there, 1) << "at another place, too";
  skill.position = 500;
  skill.skill.function_name = "off";
  const auto refused = import(hub, {skill});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::bad_request);
}

TEST_F(UserRecords, AnAccountIsMadeWithAllOfItsImportOrNotAtAll) {
  Hub from(loop_), to(loop_);
  fill(from, 1, 10);
  ASSERT_TRUE(run(to.store->devices().add_device(device("b", "bob"))));
  ImportRequest request;
  request.user_id = "alice";
  request.is_by_admin = true;
  request.account.emplace();
  request.account->user.user_id = "alice";
  request.account->is_new = true;
  request.records = exported(from, 200'000);
  ASSERT_FALSE(run(to.store->exports().import(request))) << "one of the devices is bob's";
  UserChange name;
  name.name = "Alice";
  const auto unknown = run(to.store->users().change_user("alice", name));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);

  std::erase_if(request.records, [](const UserRecord& record) {
    const auto* row = std::get_if<DeviceRow>(&record);
    return row != nullptr && row->device_id == "b";
  });
  ASSERT_TRUE(run(to.store->exports().import(request)));
  EXPECT_TRUE(run(to.store->users().change_user("alice", name)));
}

TEST_F(UserRecords, NothingComesBackThatAUserBeganBeforeItWasDeleted) {
  constexpr std::int64_t deleted_at_ms = 1'767'225'600'500;
  Hub from(loop_), to(loop_);
  fill(from, 1, 10);
  ASSERT_TRUE(run(to.store->devices().add_device(device("old", "alice"))));
  ASSERT_TRUE(run(to.store->users().delete_user("alice", deleted_at_ms)));
  ImportRequest request;
  request.user_id = "alice";
  request.records = exported(from, 200'000);
  request.begun_at_ms = deleted_at_ms - 1;
  const auto refused = run(to.store->exports().import(request));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  const auto left = exported(to, 200'000);
  EXPECT_TRUE(std::none_of(left.begin(), left.end(),
                           [](const UserRecord& record) { return std::holds_alternative<DeviceRow>(record); }));
  request.begun_at_ms = deleted_at_ms + 1'000;
  EXPECT_TRUE(run(to.store->exports().import(request))) << "there is such a user again";
}

TEST(AccountRecord, HasARoleAndAHashOfArgon2OrNone) {
  json record{{"name", "Alice"},  {"role", "guest"}, {"guest_of", "bob"},
              {"disabled", true}, {"created_at", 5}, {"password_hash", "$argon2id$v=19$x"}};
  const auto user = read_account("alice", record);
  ASSERT_TRUE(user);
  EXPECT_EQ(user->standing.role, Role::guest);
  EXPECT_EQ(user->standing.guest_of, "bob");
  EXPECT_TRUE(user->standing.is_disabled);
  record["password_hash"] = "plain";
  EXPECT_FALSE(read_account("alice", record));
  record.erase("password_hash");
  record["role"] = "king";
  EXPECT_FALSE(read_account("alice", record));
}

}  // namespace
}  // namespace strawberry::bridge

#include "common/identity/token_admission.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace strawberry {
namespace {

/// A directory of one device, `lamp` of alice.
class Directory final : public DeviceDirectory {
 public:
  DeviceRecord lamp{"lamp", "alice", "Lamp", true, from_unix_ms(10'000)};
  std::set<std::string, std::less<>> revoked;
  std::set<std::string, std::less<>> spent;
  std::map<std::string, WallTime, std::less<>> users_valid_from;

  Result<bool> refresh() override { return false; }
  Result<void> refresh_one(const Lookup&) override { return {}; }
  const DeviceRecord* find(std::string_view id) const override { return id == "lamp" ? &lamp : nullptr; }
  std::string_view former_owner_of(std::string_view) const override { return {}; }
  bool has_devices(std::string_view user) const override { return user == "alice"; }
  bool is_spent(std::string_view id) const override { return spent.contains(id); }
  bool is_revoked(std::string_view jti) const override { return revoked.contains(jti); }
  WallTime tokens_valid_from(std::string_view user) const override {
    const auto found = users_valid_from.find(user);
    return found == users_valid_from.end() ? WallTime{} : found->second;
  }
  UserStanding alice;
  const UserStanding& standing_of(std::string_view user) const override {
    static const UserStanding member;
    return user == "alice" ? alice : member;
  }
  bool is_taken(std::string_view) override { return false; }
  std::size_t size() const override { return 1; }
  std::vector<const DeviceRecord*> all() const override { return {&lamp}; }
};

class Admission : public ::testing::Test {
 protected:
  Claims claims(PrincipalType type, const std::string& id, const std::string& user, std::int64_t issued_ms = 10'000) {
    Claims made;
    made.principal = {type, id, user};
    made.issued_at = from_unix_ms(issued_ms);
    made.jti = "j";
    return made;
  }
  std::string_view login(const Claims& made) { return objection_to_login(directory_, made); }
  Directory directory_;
};

TEST_F(Admission, OfADeviceDependsOnTheDirectory) {
  EXPECT_EQ(login(claims(PrincipalType::device, "lamp", "alice")), "");
  EXPECT_EQ(login(claims(PrincipalType::device, "lamp", "bob")), "not_the_owner");
  EXPECT_EQ(login(claims(PrincipalType::device, "radio", "alice")), "unknown_device");
  EXPECT_EQ(login(claims(PrincipalType::device, "lamp", "alice", 9'999)), "token_revoked");
  directory_.lamp.is_active = false;
  EXPECT_EQ(login(claims(PrincipalType::device, "lamp", "alice")), "device_inactive");
}

TEST_F(Admission, OfAnybodyElseIsRefusedUnderADevicesId) {
  for (const auto type : {PrincipalType::user, PrincipalType::admin, PrincipalType::enroll}) {
    EXPECT_EQ(login(claims(type, "lamp", "alice")), "id_is_a_device");
    EXPECT_EQ(login(claims(type, "somebody", "alice", 0)), "");
  }
}

TEST_F(Admission, EndsForATokenThatWasTakenBackOrUsed) {
  directory_.spent.insert("once");
  EXPECT_EQ(login(claims(PrincipalType::enroll, "once", "alice")), "token_spent");
  EXPECT_EQ(login(claims(PrincipalType::grant, "once", "alice")), "token_spent");
  EXPECT_EQ(login(claims(PrincipalType::user, "once", "once")), "") << "only of one-time tokens";
  const Principal once{PrincipalType::enroll, "once", "alice"};
  EXPECT_EQ(objection_to_token(directory_, {once, {}, "j", ""}), "") << "its connection may hear the answer";
  directory_.revoked.insert("j");
  EXPECT_EQ(login(claims(PrincipalType::device, "lamp", "alice")), "token_revoked");
  EXPECT_EQ(login(claims(PrincipalType::enroll, "once", "alice")), "token_revoked");
}

TEST_F(Admission, EndsForAWholeLineAndForAllOfAUsersTokens) {
  Claims made = claims(PrincipalType::device, "lamp", "alice");
  made.root_jti = "root";
  EXPECT_EQ(login(made), "");
  directory_.revoked.insert("root");
  EXPECT_EQ(login(made), "token_revoked");
  EXPECT_EQ(login(claims(PrincipalType::device, "lamp", "alice")), "") << "of another line";
  directory_.users_valid_from["alice"] = from_unix_ms(11'000);
  for (const auto& [type, id] : {std::pair(PrincipalType::device, "lamp"), std::pair(PrincipalType::user, "alice"),
                                 std::pair(PrincipalType::enroll, "once")}) {
    EXPECT_EQ(login(claims(type, id, "alice", 10'999)), "token_revoked");
    EXPECT_EQ(login(claims(type, id, "alice", 11'000)), "");
  }
  EXPECT_EQ(login(claims(PrincipalType::user, "bob", "bob")), "");
}

TEST_F(Admission, OfASenderNeedsNoToken) {
  const Principal lamp{PrincipalType::device, "lamp", "alice"};
  EXPECT_EQ(objection_to_principal(lamp, DeviceStanding{true, "alice"}), "");
  EXPECT_EQ(objection_to_principal(lamp, DeviceStanding{false, "alice"}), "device_inactive");
  EXPECT_EQ(objection_to_principal(lamp, std::nullopt), "unknown_device");
  EXPECT_EQ(objection_to_principal({PrincipalType::user, "lamp", "lamp"}, DeviceStanding{true, "alice"}),
            "id_is_a_device");
}

}  // namespace
}  // namespace strawberry

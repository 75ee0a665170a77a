/// Backups of users, limits, the audit and rooms over HTTP: only of the user who asks.
#include <gmock/gmock.h>

#include "common/text/hex.h"
#include "common/text/sha256.h"
#include "tests/gateway/web_door.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Backups : public WebDoorTest {
 protected:
  void SetUp() override { alice_->result_of("sessions", {{"op", "create"}, {"title", "Music"}}); }
  httplib::Response send(const std::string& method, const std::string& path, const std::string& body = {},
                         const std::string& user = "alice") {
    auto client = door_.client(token(user));
    if (method == "GET") return answered(client.Get(path));
    if (method == "DELETE") return answered(client.Delete(path));
    if (method == "PATCH") return answered(client.Patch(path, body, "application/json"));
    return answered(client.Post(path, body, body.rfind('{', 0) == 0 ? "application/json" : "application/gzip"));
  }
  json make(const std::string& name = "Before the move") {
    const auto made = send("POST", "/api/v1/backups", json{{"name", name}}.dump());
    EXPECT_EQ(made.status, 201) << made.body;
    return json::parse(made.body).at("backup");
  }
  static std::string hex_of_sha256(const std::string& bytes) {
    std::string hex;
    const auto digest = sha256(bytes);
    for (const char c : as_bytes(digest)) append_hex(hex, c);
    return hex;
  }

  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
};

TEST_F(Backups, AreMadeListedDownloadedRestoredAndDeleted) {
  const auto made = make();
  const auto id = made.at("id").get<std::string>();
  EXPECT_EQ(json::parse(send("GET", "/api/v1/backups").body).at("total"), 1);
  EXPECT_EQ(json::parse(send("GET", "/api/v1/backups/" + id).body).at("backup"), made);
  const auto file = send("GET", "/api/v1/backups/" + id + "/download");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.get_header_value("Content-Type"), "application/gzip");
  EXPECT_EQ(made.at("checksum"), hex_of_sha256(file.body));

  const auto sessions = alice_->result_of("sessions", {{"op", "list"}}).at("sessions");
  alice_->result_of("sessions", {{"op", "delete"}, {"session_id", sessions.at(0).at("session_id")}});
  const auto restored = send("POST", "/api/v1/backups/" + id + "/restore", "{}");
  EXPECT_EQ(restored.status, 200) << restored.body;
  EXPECT_EQ(json::parse(restored.body).at("restored").at("added"), 1);
  EXPECT_EQ(alice_->result_of("sessions", {{"op", "list"}}).at("sessions").at(0).at("title"), "Music");

  EXPECT_EQ(send("DELETE", "/api/v1/backups/" + id).status, 200);
  EXPECT_EQ(send("GET", "/api/v1/backups/" + id).status, 404);
  EXPECT_EQ(send("GET", "/api/v1/backups/" + id + "/download").status, 404);
}

TEST_F(Backups, AnUploadIsTheSameFileAndMayComeInSeveralPieces) {
  const auto made = make();
  const auto file = send("GET", "/api/v1/backups/" + made.at("id").get<std::string>() + "/download").body;
  const auto whole = send("POST", "/api/v1/backups/upload?name=Whole", file);
  ASSERT_EQ(whole.status, 201) << whole.body;
  EXPECT_EQ(json::parse(whole.body).at("backup").at("checksum"), made.at("checksum"));
  const auto first = send("POST", "/api/v1/backups/upload?name=Parted&more", file.substr(0, 20));
  ASSERT_EQ(first.status, 200) << first.body;
  const auto begun = json::parse(first.body);
  EXPECT_EQ(begun.at("next_offset"), 20);
  const auto last =
      send("POST", "/api/v1/backups/upload?name=Parted&offset=20&backup_id=" + begun.at("backup_id").get<std::string>(),
           file.substr(20));
  ASSERT_EQ(last.status, 201) << last.body;
  EXPECT_EQ(json::parse(last.body).at("backup").at("checksum"), made.at("checksum"));
  EXPECT_EQ(send("POST", "/api/v1/backups/upload?name=Broken", "no gzip").status, 400);
}

TEST_F(Backups, AnUploadThatIsNotWhatItShouldBeIsRefusedClearly) {
  const auto file = send("GET", "/api/v1/backups/" + make().at("id").get<std::string>() + "/download").body;
  const auto refusal = [&](const std::string& query, const std::string& body) {
    const auto refused = send("POST", "/api/v1/backups/upload" + query, body);
    EXPECT_EQ(refused.status, 400) << query << " " << refused.body;
    return json::parse(refused.body).at("error").at("message").get<std::string>();
  };
  EXPECT_THAT(refusal("?nmae=Uploaded", file), HasSubstr("unknown parameter: nmae"));
  EXPECT_THAT(refusal("?name=a&name=b", file), HasSubstr("twice"));
  EXPECT_THAT(refusal("?more=false", file), HasSubstr("more is said without a value"));
  EXPECT_THAT(refusal("", ""), HasSubstr("no body"));
  EXPECT_THAT(refusal("?more", ""), HasSubstr("no body"));
  EXPECT_THAT(refusal("?offset=0", file), HasSubstr("come together"));
  EXPECT_THAT(refusal("?backup_id=x", file), HasSubstr("come together"));
  EXPECT_THAT(refusal("?backup_id=x&offset=9223372036854775807", file), HasSubstr("beyond any file"));
  EXPECT_THAT(refusal("?backup_id=x&offset=-1", file), HasSubstr("beyond any file"));
  EXPECT_THAT(refusal("?backup_id=x&offset=1x", file), HasSubstr("not a whole number"));
  EXPECT_THAT(refusal("?more", "no gzip"), HasSubstr("gzip"));
  EXPECT_EQ(send("POST", "/api/hub/backups/upload?nmae=x", file).status, 400);
  EXPECT_EQ(send("POST", "/api/v1/backups/upload?backup_id=..%2Fbob&offset=0", file).status, 400);
  EXPECT_EQ(json::parse(send("GET", "/api/v1/backups").body).at("total"), 1) << "nothing came in";
  EXPECT_EQ(send("POST", "/api/v1/backups/upload?name=Uploaded", file).status, 201);
}

TEST_F(Backups, NobodyHasThoseOfOthers) {
  const auto id = make().at("id").get<std::string>();
  for (const char* path : {"", "/download"})
    EXPECT_EQ(send("GET", "/api/v1/backups/" + id + path, {}, "bob").status, 404) << path;
  EXPECT_EQ(send("GET", "/api/v1/backups/" + id + "?user_id=alice", {}, "bob").status, 403);
  EXPECT_EQ(send("DELETE", "/api/v1/backups/" + id, {}, "bob").status, 404);
  EXPECT_EQ(send("POST", "/api/v1/backups/" + id + "/restore", "{}", "bob").status, 404);
  EXPECT_EQ(send("GET", "/api/hub/backups?user_id=alice", {}, "bob").status, 403);
  EXPECT_EQ(send("POST", "/api/hub/backups", R"({"user_id":"alice","name":"Mine"})", "bob").status, 403);
  EXPECT_EQ(json::parse(send("GET", "/api/v1/backups", {}, "bob").body).at("total"), 0);
}

TEST_F(Backups, ElevenAreOneTooMany) {
  for (int i = 0; i < 10; ++i) make("Number " + std::to_string(i));
  const auto refused = send("POST", "/api/v1/backups", R"({"name":"One more"})");
  EXPECT_EQ(refused.status, 429) << refused.body;
  EXPECT_EQ(json::parse(refused.body).at("error").at("details").at("limit"), "backups_per_user_max");
}

TEST_F(Backups, ClientsOfOtherHubsFindTheirShapes) {
  const auto made = send("POST", "/api/hub/backups", R"({"user_id":"alice","name":"Nightly","collections":["a"]})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto body = json::parse(made.body);
  EXPECT_EQ(body.at("success"), true);
  const auto& backup = body.at("backup");
  for (const char* member : {"id", "user_id", "name", "created_at", "collections", "vector_count", "size_bytes",
                             "format_version", "checksum", "compressed"})
    EXPECT_TRUE(backup.contains(member)) << member;
  const auto id = backup.at("id").get<std::string>();
  EXPECT_EQ(json::parse(send("GET", "/api/hub/backups?user_id=alice").body).at("backups").size(), 1U);
  const auto restored = send("POST", "/api/hub/backups/restore",
                             json{{"user_id", "alice"}, {"backup_id", id}, {"overwrite", false}}.dump());
  EXPECT_EQ(restored.status, 200) << restored.body;
  EXPECT_EQ(json::parse(restored.body).at("restore_result").at("added"), 0);
  EXPECT_EQ(send("GET", "/api/hub/backups/" + id + "/download?user_id=alice").status, 200);
  const auto missing = send("GET", "/api/hub/backups/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(json::parse(missing.body).at("code"), "BACKUP_NOT_FOUND");
  EXPECT_EQ(json::parse(missing.body).at("success"), false);
  EXPECT_EQ(send("DELETE", "/api/hub/backups/" + id).status, 200);
}

TEST_F(Backups, QuotaAuditAndRoomsAreResources) {
  auto lamp = hub_.device("Lamp");
  const auto changed = send("PATCH", "/api/v1/devices/lamp", R"({"room":"Kitchen","metadata":{"a":1}})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(json::parse(changed.body).at("metadata"), json({{"a", 1}}));
  EXPECT_EQ(json::parse(send("GET", "/api/v1/devices?room=kitchen").body).at("total"), 1);
  EXPECT_EQ(json::parse(send("GET", "/api/v1/devices?room=hall").body).at("total"), 0);
  EXPECT_EQ(json::parse(send("GET", "/api/v1/quota").body).at("limits").at("devices").at("used"), 1);
  EXPECT_EQ(send("GET", "/api/v1/audit").status, 403);
}

}  // namespace
}  // namespace strawberry::test

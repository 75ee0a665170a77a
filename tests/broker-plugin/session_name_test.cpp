#include "broker-plugin/session_name.h"

#include <gtest/gtest.h>

namespace strawberry::plugin {
namespace {

Claims claims_of(const std::string& jti) {
  Claims claims;
  claims.principal = {PrincipalType::device, "speaker", "alice"};
  claims.issued_at = from_unix_ms(1'767'225'600'999);
  claims.jti = jti;
  return claims;
}

TEST(SessionName, SaysWhoseASessionIsAndByWhichToken) {
  const std::string name = encode_session_name(claims_of("token-1"), "tag");
  EXPECT_EQ(name, "device/alice/speaker/1767225600/tag/token-1");
  const auto session = decode_session_name(name);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->principal, claims_of("").principal);
  EXPECT_EQ(session->issued_at, from_unix_ms(1'767'225'600'000));
  EXPECT_EQ(session->tag, "tag");
  EXPECT_EQ(session->jti, "token-1");
}

TEST(SessionName, SaysWhereTheLineOfTheTokenBegins) {
  Claims claims = claims_of("child");
  claims.root_jti = "root";
  EXPECT_EQ(encode_session_name(claims, "tag"), "device/alice/speaker/1767225600/tag/child/root");
  EXPECT_EQ(decode_session_name(encode_session_name(claims, "tag"))->root_jti, "root");
  EXPECT_EQ(decode_session_name(encode_session_name(claims, "tag"))->jti, "child");
  claims.jti = "a/b";
  EXPECT_EQ(decode_session_name(encode_session_name(claims, "tag"))->root_jti, "root");
  EXPECT_EQ(decode_session_name(encode_session_name(claims, "tag"))->jti, "");
  claims.root_jti = "a/b";
  EXPECT_EQ(encode_session_name(claims, "tag"), "device/alice/speaker/1767225600/tag/");
}

TEST(SessionName, LeavesOutATokensNameThatWouldNotFit) {
  for (const std::string& jti : {std::string(), std::string("a/b"), std::string("a\0b", 3), std::string(65, 'a')}) {
    EXPECT_EQ(encode_session_name(claims_of(jti), "tag"), "device/alice/speaker/1767225600/tag/");
  }
}

TEST(SessionName, ReadsThoseOfEarlierVersions) {
  const auto session = decode_session_name("user/alice/alice");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->issued_at, WallTime{});
  EXPECT_TRUE(session->jti.empty());
}

TEST(SessionName, ReadsNothingElse) {
  for (const char* name :
       {"", "alice", "device/alice", "robot/alice/speaker", "device/alice/speaker/", "device/alice/speaker/x/tag/",
        "device/alice/speaker/-1/tag/", "device/alice/speaker/1/", "device/alice/speaker/1//jti",
        "device/alice/speaker/1/tag/a/b/c", "device/alice/speaker/1/tag/a/", "device/alice/speaker/1/tag/a/b c",
        "device/alice/speaker/1/tag/a b", "device/alice/speaker/999999999999999/tag/", "device//speaker/1/tag/",
        "user/bob/alice/1/tag/"}) {
    EXPECT_FALSE(decode_session_name(name)) << name;
  }
}

}  // namespace
}  // namespace strawberry::plugin

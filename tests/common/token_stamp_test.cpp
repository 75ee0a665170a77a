#include "common/identity/token_stamp.h"

#include <gtest/gtest.h>

#include "common/text/base64url.h"

namespace strawberry {
namespace {

Claims claims_of(const std::string& jti, const std::string& root_jti) {
  Claims claims;
  claims.jti = jti;
  claims.root_jti = root_jti;
  claims.issued_at = WallTime(std::chrono::seconds(1'767'225'600));
  claims.root_issued_at = root_jti.empty() ? WallTime{} : WallTime(std::chrono::seconds(1'700'000'000));
  return claims;
}

TEST(TokenStamp, SaysByWhichTokenAndInWhichLine) {
  const auto stamp = encode_token_stamp(claims_of("child", "root"));
  EXPECT_EQ(stamp, "1767225600/1700000000/Y2hpbGQ/cm9vdA/0");
  const auto token = decode_token_stamp(stamp);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->jti, "child");
  EXPECT_EQ(token->root(), "root");
  EXPECT_EQ(token->issued_at, claims_of("", "").issued_at);
  EXPECT_EQ(token->root_issued_at, claims_of("", "root").root_issued_at);
}

TEST(TokenStamp, CarriesAnyJti) {
  for (const std::string& jti : {std::string(), std::string("a/b"), std::string("a\0b", 3), std::string("ü\n")}) {
    const auto token = decode_token_stamp(encode_token_stamp(claims_of(jti, "")));
    ASSERT_TRUE(token) << jti;
    EXPECT_EQ(token->jti, jti);
    EXPECT_EQ(token->root(), jti) << "the first of its line";
    EXPECT_EQ(token->root_issued_at, WallTime{});
  }
}

TEST(TokenStamp, ReadsNothingElse) {
  const std::string long_jti = base64url_encode(std::string(jti_bytes_max + 1, 'x'));
  for (const std::string& text :
       {std::string(), std::string("1/0/a"), std::string("1/0//"), std::string("1/0///0"), std::string("1/0/YQ/YQ/"),
        std::string("1/0/YQ/YQ/YQ"), std::string("-1/0/YQ//0"), std::string("1/x/YQ//0"), std::string("/0/YQ//0"),
        std::string("1/0/Y Q//0"), std::string("999999999999999/0/YQ//0"), "1/0/" + long_jti + "//0"}) {
    const bool is_stamp = decode_token_stamp(text).has_value();
    EXPECT_EQ(is_stamp, text == "1/0///0") << text;
  }
}

}  // namespace
}  // namespace strawberry

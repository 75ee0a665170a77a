// Tokens carry the key that is first in the file now, and a spoiled file stops nobody from getting one.
#include "bridge/devices/token_issuer.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/text/base64url.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class TokenIssuers : public ::testing::Test {
 protected:
  TokenIssuers() {
    write(key("first", '1'));
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_)));
  }
  ~TokenIssuers() override { spdlog::set_default_logger(before_); }

  static std::string key(const std::string& kid, char fill) {
    return R"({"keys":[{"kty":"oct","kid":")" + kid + R"(","k":")" + base64url_encode(std::string(32, fill)) + "\"}]}";
  }
  void write(const std::string& content) const {
    std::ofstream(path_, std::ios::trunc) << content;
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  }
  KeyFile open_file() const {
    auto file = KeyFile::open(path_);
    if (!file) throw std::runtime_error(file.error().message);
    return std::move(*file);
  }
  /// The name of the key that signed a new token.
  std::string signing_kid(TokenIssuer& issuer, const std::string& keys_now) const {
    Claims claims;
    claims.principal = {PrincipalType::device, "lamp", "alice"};
    claims.issued_at = clock_.wall_now();
    claims.expires_at = clock_.wall_now() + std::chrono::hours(1);
    const auto token = issuer.issue(claims);
    if (!token) return token.error().message;
    const auto verified = verify_token(KeySet::parse(keys_now).value(), token->token, clock_.wall_now());
    EXPECT_EQ(verified ? verified->kid : token->kid, token->kid);
    return verified ? verified->kid : std::string(to_string(verified.error()));
  }
  std::size_t logged(const std::string& text) const {
    const std::string log = log_.str();
    std::size_t count = 0;
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
    return count;
  }

  test::FakeClock clock_;
  test::TempDir directory_;
  std::string path_ = directory_.file("keys.json");
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(TokenIssuers, SignWithTheKeyThatIsInTheFileNow) {
  TokenIssuer issuer(open_file());
  EXPECT_EQ(signing_kid(issuer, key("first", '1')), "first");
  write(key("second", '2'));
  EXPECT_EQ(signing_kid(issuer, key("second", '2')), "second");
  EXPECT_EQ(logged("signed with second"), 1u) << log_.str();
  EXPECT_EQ(logged(base64url_encode("2222222222")), 0u) << "a secret in the log";
}

TEST_F(TokenIssuers, GoOnWithTheOldKeysWhenTheFileIsSpoiledAndSayItOnce) {
  TokenIssuer issuer(open_file());
  write("{\"keys\":");
  EXPECT_EQ(signing_kid(issuer, key("first", '1')), "first");
  EXPECT_EQ(signing_kid(issuer, key("first", '1')), "first");
  EXPECT_EQ(logged(path_), 1u) << log_.str();
  write(key("second", '2'));
  EXPECT_EQ(signing_kid(issuer, key("second", '2')), "second");
}

}  // namespace
}  // namespace strawberry::bridge

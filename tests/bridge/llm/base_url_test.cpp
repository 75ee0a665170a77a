#include "bridge/llm/base_url.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

TEST(BaseUrl, LosesSpacesSlashesAndTheEndingsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://api.example.com", "https://api.example.com"},
      {" https://api.example.com////// \n", "https://api.example.com"},
      {"https://api.example.com/v1/messages", "https://api.example.com"},
      {"https://api.example.com/v1/", "https://api.example.com"},
      {"https://api.example.com/proxy/v1//messages/", "https://api.example.com/proxy"},
      {"https://api.example.com/v1/v1", "https://api.example.com/v1"},
      {"https://v1", "https://v1"},
  };
  for (const auto& [given, wanted] : cases) {
    const auto url = read_base_url(given, {"/messages", "/v1"});
    ASSERT_TRUE(url) << given;
    EXPECT_EQ(url->root, wanted) << given;
    EXPECT_EQ(url->query, "") << given;
  }
}

TEST(BaseUrl, KeepsItsQuery) {
  const auto url = read_base_url("http://h/v1/?a=/v1", {"/v1"});
  ASSERT_TRUE(url);
  EXPECT_EQ(url->root, "http://h");
  EXPECT_EQ(url->query, "?a=/v1");
  EXPECT_FALSE(url->has_path());
  EXPECT_TRUE(read_base_url("http://h/x", {})->has_path());
}

TEST(BaseUrl, MustBeHttpWithAHost) {
  for (const char* given : {"", " ", "h", "ftp://h", "http://", "https:///", "http:///?x", "http://a b", "http://h/#x",
                            "://h", "file:///etc/passwd"})
    EXPECT_FALSE(read_base_url(given, {"/v1"})) << given;
}

}  // namespace
}  // namespace strawberry::bridge

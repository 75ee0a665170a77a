/// The served OpenAPI document: every example of it is sent to a whole hub; and the page that shows it.
#include <gmock/gmock.h>

#include "tests/gateway/example_hub.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(TheOpenApiDocument, HasExamplesThatAreAnsweredAsItSays) {
  ExampleHub hub;
  ChildProcess::Options node;
  node.argv = {STRAWBERRY_NODE,
               STRAWBERRY_SOURCE_DIR "/tests/node/openapi_examples.mjs",
               hub.door().url(),
               hub.user_token(),
               hub.device_token(),
               hub.login_link_token(),
               hub.login_link_token("sign-in-2"),
               hub.login_link_token("operator-1")};
  ChildProcess client(node);
  EXPECT_EQ(client.wait_for_exit(60s), 0) << client.output();
}

TEST(TheOpenApiDocument, NeedsNoTokenAndItsPageComesFromHereAlone) {
  HubProcess hub;
  GatewayProcess door(hub);
  auto client = door.client("");
  const auto document = client.Get("/openapi.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->status, 200);
  EXPECT_EQ(document->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(json::parse(document->body).at("openapi"), "3.1.1");
  for (const auto& [path, type] :
       {std::pair("/docs", "text/html; charset=utf-8"), std::pair("/docs/app.js", "text/javascript; charset=utf-8"),
        std::pair("/docs/app.css", "text/css; charset=utf-8")}) {
    const auto page = client.Get(path);
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->status, 200) << path;
    EXPECT_EQ(page->get_header_value("Content-Type"), type);
    EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(page->get_header_value("Content-Security-Policy"),
                HasSubstr("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"));
  }
  EXPECT_EQ(client.Get("/docs/app.ts")->status, 404);
  EXPECT_EQ(client.Post("/docs")->status, 405);
}

}  // namespace
}  // namespace strawberry::test

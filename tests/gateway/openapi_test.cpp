/// The OpenAPI document as it is served: every example of it is sent to a whole hub; and the page that shows it.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/gateway/gateway_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* speaker_id = "3f0c6a52-1b7e-4f0e-9b61-7f5a0c1d2e3f";  // the examples'

HubProcess::Options with_model(const StubLlm& model) {
  HubProcess::Options options;
  options.rate_limits = false;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"openai\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  return options;
}

TEST(TheOpenApiDocument, HasExamplesThatAreAnsweredAsItSays) {
  StubLlm model;
  HubProcess hub(with_model(model));
  GatewayProcess door(hub);
  hub.admin()->result_of(
      "devices",
      {{"op", "register"}, {"user_id", "alice"}, {"device_id", speaker_id}, {"name", "Living Room Speaker"}});
  const Principal principal{PrincipalType::device, speaker_id, "alice"};
  Spoke speaker(hub, principal);
  speaker.offer("MusicControlSkill", {"play_song(name: str, volume: int = 50) -> bool"});
  std::atomic<bool> is_over = false;
  std::thread answers([&] {
    while (!is_over) {
      if (const auto call = speaker.next_call(100ms)) speaker.answer(*call, true);
    }
  });
  ChildProcess::Options node;
  node.argv = {STRAWBERRY_NODE, STRAWBERRY_SOURCE_DIR "/tests/node/openapi_examples.mjs", door.url(),
               hub.files().user_token("alice"), hub.files().token(principal, 1h)};
  ChildProcess client(node);
  const auto code = client.wait_for_exit(60s);
  is_over = true;
  answers.join();
  EXPECT_EQ(code, 0) << client.output();
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

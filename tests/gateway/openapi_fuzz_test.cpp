/// schemathesis against a whole hub: for requests that it derives from the OpenAPI document, valid or not, every answer
/// of the web door is in the document. Its settings: schemathesis.toml.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/gateway/example_hub.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

TEST(TheOpenApiDocument, HasEveryAnswerThatSchemathesisGets) {
  if (!std::filesystem::exists(STRAWBERRY_SCHEMATHESIS)) {
    GTEST_SKIP() << "there is no " STRAWBERRY_SCHEMATHESIS
                    " (scripts/test installs it, when it reaches a package index)";
  }
  ExampleHub hub;
  ChildProcess::Options run;
  run.argv = {STRAWBERRY_SCHEMATHESIS, "--config-file", STRAWBERRY_SOURCE_DIR "/tests/gateway/schemathesis.toml", "run",
              hub.door().url() + "/openapi.json"};
  run.environment = {{"USER_TOKEN", hub.user_token()}, {"DEVICE_TOKEN", hub.device_token()}, {"NO_COLOR", "1"}};
  run.working_directory = hub.directory();
  ChildProcess client(run);
  EXPECT_EQ(client.wait_for_exit(150s), 0) << client.output();
  EXPECT_TRUE(hub.door().process().is_running()) << hub.door().log();
}

}  // namespace
}  // namespace strawberry::test

/// schemathesis against a whole hub: whatever it makes of the OpenAPI document, valid or not, no answer of the web door
/// is one that the document does not have. How it asks: schemathesis.toml.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/gateway/gateway_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* speaker_id = "3f0c6a52-1b7e-4f0e-9b61-7f5a0c1d2e3f";  // the examples'

TEST(TheOpenApiDocument, HasEveryAnswerThatSchemathesisGets) {
  if (!std::filesystem::exists(STRAWBERRY_SCHEMATHESIS)) {
    GTEST_SKIP() << "there is no " STRAWBERRY_SCHEMATHESIS
                    " (scripts/test installs it, when it reaches a package index)";
  }
  StubLlm model;
  HubProcess::Options options;
  options.rate_limits = false;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  HubProcess hub(options);
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
  ChildProcess::Options run;
  run.argv = {STRAWBERRY_SCHEMATHESIS, "--config-file", STRAWBERRY_SOURCE_DIR "/tests/gateway/schemathesis.toml", "run",
              door.url() + "/openapi.json"};
  run.environment = {{"USER_TOKEN", hub.files().user_token("alice")},
                     {"DEVICE_TOKEN", hub.files().token(principal, 1h)},
                     {"NO_COLOR", "1"}};
  run.working_directory = hub.files().directory().path().string();
  ChildProcess client(run);
  const auto code = client.wait_for_exit(150s);
  is_over = true;
  answers.join();
  EXPECT_EQ(code, 0) << client.output();
  EXPECT_TRUE(door.process().is_running()) << door.log();
}

}  // namespace
}  // namespace strawberry::test

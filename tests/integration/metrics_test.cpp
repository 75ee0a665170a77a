/// A whole hub's metrics for Prometheus, after some traffic (docs/operations.md).
#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json user_says(const std::string& text, const std::string& model = "stub") {
  return {{"messages", {{{"role", "user"}, {"content", text}}}}, {"model", model}};
}

/// A hub with two models, one of which is down, and its figures.
class HubMetricsPage : public testing::Test {
 protected:
  static HubProcess::Options options(const StubLlm& model, int port) {
    HubProcess::Options options;
    options.broker_socket = false;  // one test must keep using TCP
    options.config = "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() +
                     "\"\nmodel = \"stub-1\"\n[[llm.provider]]\nname = \"gone\"\nbase_url = \"http://127.0.0.1:" +
                     std::to_string(refused_port()) + "/v1\"\nmodel = \"none\"\nretries_max = 0\n";
    options.environment["STRAWBERRY_METRICS_PORT"] = std::to_string(port);
    return options;
  }
  std::string scrape() const {
    httplib::Client client("127.0.0.1", port_);
    const auto response = client.Get("/metrics");
    if (!response) throw std::runtime_error("no metrics");
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return response->body;
  }
  void play() {
    const auto call = speaker_->next_call();
    if (!call) throw std::runtime_error("no call came");
    speaker_->answer(*call, "playing");
  }
  /// Two calls, one that fails, a chat that streams and calls a skill, and one whose first model is down.
  void make_traffic() {
    speaker_ = hub_.device("Secret Speaker", "alice-the-user");
    tablet_ = hub_.device("Secret Tablet", "alice-the-user");
    speaker_->offer("MusicSkill", {"play_song(name: str) -> str"});
    for (int i = 0; i < 2; ++i) {
      const auto id = tablet_->send("skills", {{"skill_path", "MusicSkill.play_song"}, {"args", {"Yesterday"}}});
      play();
      ASSERT_EQ(tablet_->response("skills", id).at("success"), true);
    }
    EXPECT_EQ(tablet_->code_of("skills", {{"skill_path", "MusicSkill.nothing"}}), "not_found");
    EXPECT_EQ(tablet_->code_of("skills", {{"op", "dance"}}), "unknown_op");
    model_.otherwise(stub_calling("play_song", {{"name", "Yesterday"}}));
    auto chat = user_says("music please");
    chat["stream"] = true;
    const auto id = tablet_->send("chat", chat);
    play();
    ASSERT_EQ(tablet_->response("chat", id).at("success"), true);
    model_.push(StubAnswer::words("hello"));
    ASSERT_EQ(tablet_->code_of("chat", user_says("hello", "gone")), "ok");
  }

  StubLlm model_;
  int port_ = free_port();
  HubProcess hub_{options(model_, port_)};
  std::unique_ptr<Spoke> speaker_;
  std::unique_ptr<Spoke> tablet_;
};

double value_of(const std::string& page, const std::string& series) {
  const auto at = page.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + series.size() + 2));
}

TEST_F(HubMetricsPage, TellsWhatHappened) {
  make_traffic();
  const auto page = scrape();
  const auto requests = [&](const std::string& labels) {
    return value_of(page, "strawberry_requests_total{" + labels + "}");
  };
  EXPECT_EQ(requests(R"(code="ok",op="call",service="skills")"), 2) << page;
  EXPECT_EQ(requests(R"(code="not_found",op="call",service="skills")"), 1);
  EXPECT_EQ(requests(R"(code="unknown_op",op="other",service="skills")"), 1);
  EXPECT_EQ(requests(R"(code="ok",op="complete",service="chat")"), 2);
  EXPECT_EQ(value_of(page, R"(strawberry_request_duration_seconds_count{op="call",service="skills"})"), 3);
  EXPECT_EQ(value_of(page, "strawberry_skill_calls_total"), 3);
  EXPECT_EQ(value_of(page, "strawberry_devices_connected"), 2);
  EXPECT_EQ(value_of(page, "strawberry_serving"), 1);
  EXPECT_EQ(value_of(page, R"(strawberry_provider_attempts_total{outcome="connect",provider="gone"})"), 1);
  EXPECT_EQ(value_of(page, R"(strawberry_provider_attempts_total{outcome="ok",provider="stub"})"), 3);
  EXPECT_GT(value_of(page, "strawberry_store_commit_duration_seconds_count"), 0);
  const std::string of = R"(gen_ai_operation_name="chat",gen_ai_provider_name="stub",gen_ai_request_model="stub-1")";
  EXPECT_EQ(value_of(page, "gen_ai_client_operation_duration_seconds_count{" + of + "}"), 3);
  EXPECT_EQ(value_of(page, "gen_ai_client_operation_time_to_first_chunk_seconds_count{" + of + "}"), 2);
  EXPECT_GT(value_of(page, "gen_ai_client_token_usage_sum{" + of + ",gen_ai_token_type=\"input\"}"), 0);
  EXPECT_GT(value_of(page, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(page, "process_open_fds"), 5);
}

TEST_F(HubMetricsPage, NamesNoPersonNoDeviceAndNoRequest) {
  make_traffic();
  const auto page = scrape();
  for (const auto* name : {"alice", "secret", "Secret", "Yesterday", "MusicSkill", "dance"})
    EXPECT_EQ(page.find(name), std::string::npos) << name;
}

TEST_F(HubMetricsPage, CountsRefusalsAndUsersAtTheirLimitsByLimitAlone) {
  auto speaker = hub_.device("Secret Speaker", "alice-the-user");
  hub_.admin()->result_of("users", {{"op", "update"}, {"user_id", "alice-the-user"}, {"limits", {{"devices", 1}}}});
  auto alice = hub_.user("alice-the-user");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(alice->code_of("devices", {{"op", "register"}, {"name", "One More"}}), "quota_exceeded");
  const auto page = scrape();
  EXPECT_EQ(value_of(page, "strawberry_quota_refusals_total{limit=\"devices\"}"), 2) << page;
  EXPECT_EQ(value_of(page, "strawberry_users_at_limit{limit=\"devices\"}"), 1);
  EXPECT_EQ(value_of(page, "strawberry_users_at_limit{limit=\"sessions\"}"), 0);
  EXPECT_EQ(page.find("alice"), std::string::npos);
}

TEST_F(HubMetricsPage, HasEveryMetricOfTheDashboard) {
  std::ifstream file(STRAWBERRY_SOURCE_DIR "/config/grafana/strawberry-hub.json");
  const auto dashboard = json::parse(file, nullptr, false);
  ASSERT_TRUE(dashboard.is_object()) << "the dashboard is no JSON";
  std::set<std::string> queries;
  const auto leaves = dashboard.flatten();
  for (const auto& [path, value] : leaves.items()) {
    if (path.ends_with("/expr") || path.ends_with("/query/query")) queries.insert(value.get<std::string>());
  }
  EXPECT_GT(queries.size(), 25U);
  make_traffic();
  const auto page = scrape();
  const std::regex metric(R"((strawberry|gen_ai|process)_[a-z_]+(?=\{|, instance))");
  for (const auto& query : queries) {
    std::size_t metrics = 0;
    for (std::sregex_iterator found(query.begin(), query.end(), metric), end; found != end; ++found, ++metrics) {
      const auto name = found->str();
      const bool is_there =
          page.find("\n" + name + "{") != std::string::npos || page.find("\n" + name + " ") != std::string::npos;
      EXPECT_TRUE(is_there) << name << " of " << query;
    }
    EXPECT_GT(metrics, 0U) << query;
  }
}

#ifdef STRAWBERRY_PROMTOOL
TEST_F(HubMetricsPage, PromtoolHasNothingToSay) {
  make_traffic();
  const TempDir directory;
  const auto path = directory.file("metrics.txt");
  std::ofstream(path) << scrape();
  ChildProcess promtool(
      {{"/bin/sh", "-c", "exec \"$0\" check metrics <\"$1\"", STRAWBERRY_PROMTOOL, path}, {}, {}, {}});
  EXPECT_EQ(promtool.wait_for_exit(10s), 0) << promtool.output();
  EXPECT_EQ(promtool.output(), "");
}
#endif

TEST_F(HubMetricsPage, GoesOnWhileOthersHoldConnectionsOpen) {
  std::vector<std::unique_ptr<httplib::Client>> clients;
  for (int i = 0; i < 50; ++i) {
    httplib::Client bad("127.0.0.1", port_);
    const auto response = bad.Get("/" + std::string(9'000, 'x'));
    if (response) {
      EXPECT_EQ(response->status, 431);
    }
  }
  EXPECT_EQ(value_of(scrape(), "strawberry_serving"), 1);
}

TEST(HubMetricsPort, IsNotOpenUnlessAskedFor) {
  HubProcess hub;
  EXPECT_EQ(hub.bridge().output().find("metrics are at"), std::string::npos);
}

TEST(HubMetricsPort, ATakenOneDoesNotStopTheHub) {
  StubLlm who_has_it;
  HubProcess::Options options;
  options.environment["STRAWBERRY_METRICS_PORT"] = std::to_string(who_has_it.port());
  HubProcess hub(options);
  EXPECT_TRUE(hub.bridge().wait_for_output("no metrics at 127.0.0.1:" + std::to_string(who_has_it.port()) +
                                               ": Address already in use; the hub goes on without",
                                           5s));
  EXPECT_EQ(hub.device("Lamp")->code_of("devices", {{"op", "me"}}), "ok");
}

}  // namespace
}  // namespace strawberry::test

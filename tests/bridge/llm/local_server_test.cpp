#include "bridge/llm/local_server.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <map>
#include <sstream>

#include "bridge/adapters/curl/curl_client.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Kind = LocalLook::Kind;

constexpr const char* ollama_tags = R"({"models":[
  {"name":"nomic-embed-text:latest","model":"nomic-embed-text:latest","details":{"family":"nomic-bert"}},
  {"name":"all-minilm:33m","details":{"family":"bert"}},
  {"name":"llama3.2:latest","modified_at":"2026-01-01T00:00:00Z","size":2019393189,"details":{"family":"llama"}},
  {"name":"qwen3:8b","details":{"family":"qwen3"}}]})";
constexpr const char* llama_cpp_models =
    R"({"object":"list","data":[{"id":"/models/gemma.gguf","object":"model","created":1,"owned_by":"llamacpp"}]})";
constexpr const char* loading = R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})";

HttpResponse answer(std::string body, int status = 200) { return {status, {}, std::move(body)}; }

TEST(LocalServer, OfOllamaTheFirstModelThatCanChatIsChosen) {
  const auto seen = read_ollama_tags(answer(ollama_tags), "");
  EXPECT_EQ(seen.kind, Kind::found);
  EXPECT_EQ(seen.server.name, "ollama");
  EXPECT_EQ(seen.server.kind, "ollama");
  EXPECT_EQ(seen.server.model, "llama3.2:latest");
}

TEST(LocalServer, AModelThatIsWantedIsChosenEvenIfNotListed) {
  for (const auto& [wanted, listed] : {std::pair{"qwen3:8b", true}, {"llama3.2", true}, {"qwen3", false}}) {
    const auto seen = read_ollama_tags(answer(ollama_tags), wanted);
    EXPECT_EQ(seen.kind, Kind::found);
    EXPECT_EQ(seen.server.model, wanted);
    EXPECT_EQ(seen.server.lists_model, listed) << wanted;
  }
}

TEST(LocalServer, OllamaWithoutAModelThatCanChatIsNotReady) {
  EXPECT_EQ(read_ollama_tags(answer(R"({"models":[]})"), "").kind, Kind::not_ready);
  EXPECT_EQ(read_ollama_tags(answer(R"({"models":[{"name":"nomic-embed-text"}]})"), "").kind, Kind::not_ready);
}

TEST(LocalServer, LlamaCppIsKnownByItsHealthAndByWhoOwnsItsModels) {
  EXPECT_EQ(read_llama_cpp_health(answer(R"({"status":"ok"})")).kind, Kind::found);
  EXPECT_EQ(read_llama_cpp_health(answer(loading, 503)).kind, Kind::not_ready);
  const auto seen = read_llama_cpp_models(answer(llama_cpp_models), "");
  EXPECT_EQ(seen.kind, Kind::found);
  EXPECT_EQ(seen.server.name, "llama_cpp");
  EXPECT_EQ(seen.server.kind, "openai");
  EXPECT_EQ(seen.server.model, "/models/gemma.gguf");
}

TEST(LocalServer, WhatOthersAnswerIsThatOfAStranger) {
  const std::string long_name(local_model_bytes_max + 1, 'x');
  const std::string fitting_name(local_model_bytes_max, 'x');
  EXPECT_EQ(read_ollama_tags(answer(R"({"models":[{"name":")" + fitting_name + R"("}]})"), "").kind, Kind::found);
  const std::vector<HttpResponse> answers = {
      answer(""),
      answer("<!doctype html><title>My router</title>"),
      answer("{}"),
      answer("[]"),
      answer("null"),
      answer(R"({"models":7,"data":7,"status":7})"),
      answer(R"({"models":{"name":"x"},"data":{"id":"x"}})"),
      answer(R"({"models":["llama"],"data":["llama"]})"),
      answer(R"({"models":[{"id":"x"}],"data":[{"id":"x","owned_by":"vllm"}]})"),
      answer(R"({"models":[{"name":")" + long_name + R"("}],"data":[{"id":")" + long_name +
             R"(","owned_by":"llamacpp"}]})"),
      answer(R"({"models":[{"name":"a\nb"}],"data":[{"id":"a\nb","owned_by":"llamacpp"}]})"),
      answer(std::string(100'000, '[')),
      answer(ollama_tags, 401),
      answer(llama_cpp_models, 404),
      answer(R"({"status":"ok"})", 302),
      answer(R"({"status":"UP"})"),
      answer(R"({"error":"down"})", 503),
  };
  for (const auto& one : answers) {
    EXPECT_EQ(read_ollama_tags(one, "").kind, Kind::stranger) << one.body.substr(0, 80);
    EXPECT_EQ(read_llama_cpp_models(one, "").kind, Kind::stranger) << one.body.substr(0, 80);
    EXPECT_EQ(read_llama_cpp_health(one).kind, Kind::stranger) << one.body.substr(0, 80);
  }
}

/// Over real HTTP; what is said at each path.
class LocalServersTest : public testing::Test {
 protected:
  using Paths = std::map<std::string, StubAnswer>;

  LocalServersTest() : usual_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
    options.ollama_port = refused_port();
    options.llama_cpp_port = refused_port();
    options.interval = 1ms;
    // Enough for a busy machine, where it must not matter.
    options.timeout = 5s;
  }
  ~LocalServersTest() override { spdlog::set_default_logger(usual_); }

  static void serve(StubLlm& stub, Paths paths) {
    stub.otherwise([paths = std::move(paths)](const StubRequest& request) {
      const auto found = paths.find(request.path);
      return found == paths.end() ? StubAnswer::http(404, "not here", "text/plain") : found->second;
    });
  }
  /// Until it has ended by itself.
  std::vector<LocalServer> look() {
    std::vector<LocalServer> found;
    asio::io_context loop;
    CurlClient http(loop.get_executor(), {});
    bool has_ended = false;
    asio::co_spawn(loop,
                   look_for_local_servers(&http, options, [&](const LocalServer& server) { found.push_back(server); }),
                   [&](const std::exception_ptr&) {
                     has_ended = true;
                     loop.stop();
                   });
    loop.run_for(10s);
    EXPECT_TRUE(has_ended);
    return found;
  }
  std::size_t times_logged(const std::string& text) const {
    std::size_t times = 0;
    const std::string log = log_.str();
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++times;
    return times;
  }

  LocalOptions options;

 private:
  std::shared_ptr<spdlog::logger> usual_;
  std::ostringstream log_;
};

TEST_F(LocalServersTest, OllamaIsFoundWhereItUsuallyIs) {
  StubLlm ollama;
  serve(ollama, {{"/api/tags", StubAnswer::http(200, ollama_tags)}});
  options.ollama_port = ollama.port();
  const auto found = look();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].base_url, "http://127.0.0.1:" + std::to_string(ollama.port()));
  EXPECT_EQ(found[0].model, "llama3.2:latest");
  EXPECT_EQ(times_logged("found Ollama"), 1u);
}

TEST_F(LocalServersTest, LlamaCppIsFoundAndBothAreUsedOllamaFirst) {
  StubLlm ollama;
  StubLlm llama;
  serve(ollama, {{"/api/tags", StubAnswer::http(200, ollama_tags)}});
  serve(llama, {{"/health", StubAnswer::http(200, R"({"status":"ok"})")},
                {"/v1/models", StubAnswer::http(200, llama_cpp_models)}});
  options.ollama_port = ollama.port();
  options.llama_cpp_port = llama.port();
  options.model = "gemma";
  const auto found = look();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "ollama");
  EXPECT_EQ(found[1].name, "llama_cpp");
  EXPECT_EQ(found[1].base_url, "http://127.0.0.1:" + std::to_string(llama.port()));
  EXPECT_EQ(found[1].model, "gemma");
  EXPECT_EQ(times_logged("does not say that it has the model gemma"), 2u);
}

TEST_F(LocalServersTest, OneThatIsStillLoadingIsAskedAgainAndMentionedOnce) {
  StubLlm llama;
  for (int i = 0; i < 3; ++i) llama.push(StubAnswer::http(503, loading));
  serve(llama, {{"/health", StubAnswer::http(200, R"({"status":"ok"})")},
                {"/v1/models", StubAnswer::http(200, llama_cpp_models)}});
  options.llama_cpp_port = llama.port();
  EXPECT_EQ(look().size(), 1u);
  EXPECT_EQ(times_logged("has no model ready yet"), 1u);
}

TEST_F(LocalServersTest, StrangersAreLeftAloneAndLoggedOnce) {
  StubLlm router;  // says the same of everything
  router.otherwise([](const StubRequest&) { return StubAnswer::html(); });
  StubLlm other;
  serve(other, {{"/health", StubAnswer::http(200, R"({"status":"ok"})")},
                {"/v1/models", StubAnswer::http(200, R"({"object":"list","data":[{"id":"x","owned_by":"vllm"}]})")}});
  options.ollama_port = router.port();
  options.llama_cpp_port = other.port();
  EXPECT_TRUE(look().empty());
  EXPECT_EQ(times_logged("is not Ollama: left alone"), 1u);
  EXPECT_EQ(times_logged("is not llama.cpp: left alone"), 1u);
  EXPECT_EQ(router.requests().size(), 1u);
  EXPECT_EQ(other.requests().size(), 2u);
}

TEST_F(LocalServersTest, AnAnswerCutShortOrTooLargeIsThatOfAStranger) {
  StubLlm cutting;
  cutting.otherwise([](const StubRequest&) { return StubAnswer::cut(); });
  StubLlm flooding;
  flooding.otherwise([](const StubRequest&) { return StubAnswer::http(200, std::string(5'000, ' ')); });
  options.ollama_port = cutting.port();
  options.llama_cpp_port = flooding.port();
  options.response_bytes_max = 4'999;
  EXPECT_TRUE(look().empty());
  EXPECT_EQ(times_logged("left alone"), 2u);
}

TEST_F(LocalServersTest, OneThatHangsHoldsNobodyUpAndIsAskedAgain) {
  StubLlm slow;
  slow.push(StubAnswer::hang());
  serve(slow, {{"/api/tags", StubAnswer::http(200, ollama_tags)}});
  options.ollama_port = slow.port();
  options.timeout = 50ms;
  EXPECT_EQ(look().size(), 1u);
  EXPECT_GE(slow.requests().size(), 2u);
}

}  // namespace
}  // namespace strawberry::bridge

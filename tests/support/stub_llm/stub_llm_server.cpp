/// stub_llm_server: the stub language model as a process of its own, for integration tests and benchmarks.
/// Prints the port on one line, then serves until SIGINT or SIGTERM.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/support/stub_llm/stub_llm.h"

namespace {

void serve_script(strawberry::StubLlm& stub, const std::string& path) {
  std::ifstream file(path);
  const auto script = nlohmann::json::parse(file);
  for (const auto& answer : script.value("responses", nlohmann::json::array()))
    stub.push(strawberry::stub_answer_from_json(answer));
  if (script.contains("then")) {
    const auto then = strawberry::stub_answer_from_json(script.at("then"));
    stub.otherwise([then](const strawberry::StubRequest&) { return then; });
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{
      "A stub OpenAI-compatible server on 127.0.0.1. Example: stub_llm_server --mode tool-call --tool play_song "
      "--arguments '{\"song\":\"Yesterday\"}'"};
  strawberry::StubLlm::Options options;
  std::string mode = "echo", script, tool, arguments = "{}", text = "Hello.";
  int status = 500, delay_ms = 0;
  std::size_t tokens = 100;
  double per_second = 50;
  app.add_option("--port", options.port, "Port; 0 finds a free one");
  app.add_option("--script", script, "JSON file: {\"responses\":[answer…],\"then\":answer}")->check(CLI::ExistingFile);
  app.add_option("--mode", mode, "What to answer when the script is used up")
      ->check(CLI::IsMember({"echo", "words", "tool-call", "tokens", "hang", "html", "status", "cut", "refuse"}));
  app.add_option("--tool", tool, "Mode tool-call: part of the tool's name");
  app.add_option("--arguments", arguments, "Mode tool-call: JSON object");
  app.add_option("--text", text, "Mode words: what to say");
  app.add_option("--status", status, "Mode status: the HTTP status");
  app.add_option("--tokens", tokens, "Mode tokens: how many a streamed answer has");
  app.add_option("--per-second", per_second, "Mode tokens: how many of them a second")
      ->check(CLI::Range(0.001, 1'000'000.0));
  app.add_option("--threads", options.threads, "At most so many connections are served at once");
  app.add_option("--delay-ms", delay_ms, "Wait before each answer");
  CLI11_PARSE(app, argc, argv);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  if (mode == "refuse") {
    std::cout << strawberry::refused_port() << std::endl;
    int got = 0;
    sigwait(&signals, &got);
    return 0;
  }
  strawberry::StubLlm stub(options);
  using strawberry::StubAnswer;
  using strawberry::StubRequest;
  std::function<StubAnswer(const StubRequest&)> answer = strawberry::stub_echo;
  if (mode == "tool-call") answer = strawberry::stub_calling(tool, nlohmann::json::parse(arguments));
  if (mode == "words") answer = [text](const StubRequest&) { return StubAnswer::words(text); };
  if (mode == "tokens")
    answer = [tokens, per_second](const StubRequest&) { return StubAnswer::tokens(tokens, per_second); };
  if (mode == "hang") answer = [](const StubRequest&) { return StubAnswer::hang(); };
  if (mode == "html") answer = [](const StubRequest&) { return StubAnswer::html(); };
  if (mode == "cut") answer = [](const StubRequest&) { return StubAnswer::cut(); };
  if (mode == "status") {
    const std::string body = R"({"error":{"message":"the stub was told to fail","type":"server_error"}})";
    answer = [status, body](const StubRequest&) { return StubAnswer::http(status, body); };
  }
  stub.otherwise([answer, delay_ms](const StubRequest& request) {
    StubAnswer made = answer(request);
    if (made.delay.count() == 0) made.delay = std::chrono::milliseconds(delay_ms);
    return made;
  });
  if (!script.empty()) serve_script(stub, script);
  std::cout << stub.port() << std::endl;
  int got = 0;
  sigwait(&signals, &got);
  stub.stop();
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "stub_llm_server: %s\n", failure.what());
  return 1;
}

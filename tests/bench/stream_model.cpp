#include "tests/bench/stream_model.h"

#include <chrono>
#include <stdexcept>

namespace strawberry::bench {
namespace {

test::ChildProcess::Options model_options(const Speech& speech) {
  test::ChildProcess::Options options;
  // Connections of the previous round may still be open.
  options.argv = {STRAWBERRY_BIN_DIR "/stub_llm_server",
                  "--mode",
                  "tokens",
                  "--tokens",
                  std::to_string(speech.words),
                  "--per-second",
                  std::to_string(std::chrono::microseconds(std::chrono::seconds(1)) / speech.apart),
                  "--threads",
                  "2500"};
  return options;
}

}  // namespace

StreamModel::StreamModel(const Speech& speech) : process_(model_options(speech)) {
  if (!process_.wait_for_output("\n", std::chrono::seconds(10))) throw std::runtime_error(process_.output());
}

std::map<std::string, std::string> StreamModel::environment() const {
  return {{"OPENAI_BASE_URL", "http://127.0.0.1:" + std::to_string(std::stoi(process_.output())) + "/v1"},
          {"OPENAI_API_KEY", "none"},
          {"DEFAULT_MODEL", "stub"}};
}

}  // namespace strawberry::bench

/// A language model server that gives a test's answers, over real HTTP on loopback; OpenAI-compatible by default.
///
/// Answers come from a queue (push), and when that is empty from `otherwise` (an echo unless set). Every request is
/// kept, so a test can check it. GET /requests shows them too, for tests in other processes.
///
/// Threading: the server has threads of its own; every method may be called from any thread.
/// Lifetime: listens from construction to stop(); stop() and the destructor end hanging answers.
/// Bounds: Options; when requests_kept_max is reached the oldest is dropped. A connection has a thread while it is
/// open; one more than `threads` waits.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/stub_llm/stub_answer.h"

namespace strawberry {

class StubLlm {
 public:
  struct Options {
    int port = 0;                 // 0: a free one
    std::size_t threads = 1'200;  // the maximum; started as they are needed
    std::size_t requests_kept_max = 1000;
    std::size_t request_bytes_max = 4 * 1024 * 1024;
    std::chrono::milliseconds hang_max{60'000};
  };

  StubLlm();
  /// Throws std::runtime_error when the port is not free.
  explicit StubLlm(Options options);
  ~StubLlm();

  int port() const;
  /// `http://127.0.0.1:<port>/v1`
  std::string base_url() const;

  void push(StubAnswer answer);
  void otherwise(std::function<StubAnswer(const StubRequest&)> make_answer);
  std::vector<StubRequest> requests() const;
  /// Connections accepted so far, to see them reused.
  std::size_t connections() const;
  /// Streams that the client left before their end.
  std::size_t clients_gone() const;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns a port on loopback on which no process listens (and, for a while, none is likely to).
int refused_port();

}  // namespace strawberry

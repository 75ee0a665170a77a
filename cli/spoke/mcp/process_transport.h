/// An MCP server as a process: JSON-RPC messages are lines on its standard input and output; its standard error has
/// text for people.
///
/// The process leads a group of its own; stop() closes its input and ends the group. Lines that are not messages are
/// skipped and counted. Its standard error is printed, up to a limit.
/// Threading, lifetime, errors: McpTransport's.
/// Bounds: message_bytes_max for a line, unsent_bytes_max that the server has not read yet, remarks_per_second lines of
/// its standard error; stop_wait for its end.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/spoke/mcp/transport.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {

class ProcessTransport final : public McpTransport {
 public:
  static constexpr std::size_t unsent_bytes_max = 4 * 1024 * 1024;
  static constexpr std::size_t remark_bytes_max = 500;
  static constexpr int remarks_per_second = 10;
  static constexpr std::chrono::milliseconds stop_wait{1'000};

  struct Options {
    std::vector<std::string> argv;
    std::vector<std::string> environment;  // complete, each NAME=value
  };

  ProcessTransport(asio::io_context& loop, Options options);
  ~ProcessTransport() override;
  ProcessTransport(const ProcessTransport&) = delete;
  ProcessTransport& operator=(const ProcessTransport&) = delete;

  Result<void> start(Events events) override;
  Result<void> send(const nlohmann::json& message) override;
  void cancel(std::int64_t id) override;
  void agreed(const std::string&, bool) override {}
  void stop() override;

 private:
  class Process;

  asio::io_context& loop_;
  const Options options_;
  std::shared_ptr<Process> process_;
};

}  // namespace strawberry::cli

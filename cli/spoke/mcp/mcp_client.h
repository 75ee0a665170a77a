/// A client of one MCP server over any transport: agrees on a revision of the protocol, lists and calls its tools.
///
/// Revision 2026-07-28 is tried first (`server/discover`), `initialize` if that is refused or not answered.
/// Threading: loop only.   Lifetime: shared with its own coroutines; stop() ends it, and pending requests then fail.
/// Errors: Failure, one sentence. Bounds: Options; requests_max under way; tools_max tools of tools_bytes_max in
/// pages_max pages.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/spoke/mcp/transport.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::cli {

class McpClient : public std::enable_shared_from_this<McpClient> {
 public:
  static constexpr std::size_t requests_max = 256;
  static constexpr std::size_t tools_max = 1'000;
  static constexpr std::size_t tools_bytes_max = 4 * 1024 * 1024;
  static constexpr int pages_max = 100;

  struct Options {
    std::chrono::milliseconds discover_timeout{3'000};
    std::chrono::milliseconds start_timeout{60'000};  // for `initialize`: the server may have to be downloaded first
    std::chrono::milliseconds list_timeout{30'000};
    std::function<void()> on_tools_changed;
    std::function<void(const std::string& why)> on_end;
    std::function<void(const std::string& line)> on_remark;
  };
  using OnAnswer = std::function<void(Result<nlohmann::json> answer)>;

  McpClient(asio::io_context& loop, std::unique_ptr<McpTransport> transport, Options options);
  ~McpClient();
  McpClient(const McpClient&) = delete;
  McpClient& operator=(const McpClient&) = delete;

  /// Starts the transport and agrees on a revision; returns the server's name.
  Task<Result<std::string>> connect();
  /// Reads all pages.
  Task<Result<std::vector<nlohmann::json>>> list_tools();
  /// `on_answer` is called once, later, with the result or the failure, at the latest at the timeout, unless cancel()
  /// is called first.
  Result<std::int64_t> call_tool(const std::string& name, nlohmann::json arguments, std::chrono::milliseconds timeout,
                                 OnAnswer on_answer);
  void cancel(std::int64_t id);
  void stop();

 private:
  struct Waiting {
    OnAnswer on_answer;
    std::shared_ptr<asio::steady_timer> deadline;
  };

  Result<std::int64_t> request(const std::string& method, nlohmann::json params, std::chrono::milliseconds timeout,
                               OnAnswer on_answer);
  Task<Result<nlohmann::json>> ask(std::string method, nlohmann::json params, std::chrono::milliseconds timeout);
  Task<Result<std::string>> discover(std::chrono::milliseconds timeout);
  Task<Result<std::string>> initialize();
  void follow_changes(const nlohmann::json& capabilities);
  void listen_later(std::chrono::milliseconds after);
  void received(RpcMessage message);
  void requested(const RpcMessage& message);
  void answer(std::int64_t id, Result<nlohmann::json> answer);
  void fail_all(const std::string& why);
  void ended(const std::string& why);
  nlohmann::json with_meta(nlohmann::json params) const;

  asio::io_context& loop_;
  std::unique_ptr<McpTransport> transport_;
  const Options options_;
  asio::steady_timer listen_timer_;
  std::map<std::int64_t, Waiting> waiting_;
  std::int64_t next_id_ = 1;
  bool is_modern_ = false;
  bool has_answered_ = false;  // anything
  bool is_over_ = false;
};

}  // namespace strawberry::cli

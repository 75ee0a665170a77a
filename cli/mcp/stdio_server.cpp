#include "cli/mcp/stdio_server.h"

#include <chrono>

#include "gateway/http/json.h"
#include "gateway/mcp/rpc.h"
#include "gateway/mcp/tools.h"

namespace strawberry::cli {
namespace {

constexpr std::chrono::seconds end_timeout{1};

gateway::Links::Options links_of(const gateway::BrokerAddress& broker) {
  gateway::Links::Options options;
  options.broker = broker;
  options.links_max = 4;  // a token, and its successor
  return options;
}

gateway::mcp::Endpoint::Options endpoint_of(const std::string& version) {
  gateway::mcp::Endpoint::Options options;
  options.version = version;
  return options;
}

}  // namespace

StdioServer::StdioServer(asio::io_context& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      links_(loop, clock_, links_of(options_.broker)),
      endpoint_(loop, links_, clock_, endpoint_of(options_.version)) {}

Task<Outcome<void>> StdioServer::serve(std::function<Task<std::optional<std::string>>()> next) {
  while (true) {
    std::optional<std::string> line = co_await next();
    if (!line) break;
    if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
    begin(std::move(*line));
  }
  // Pending requests have a moment to end; no new ones are accepted.
  endpoint_.stop();
  const auto deadline = std::chrono::steady_clock::now() + end_timeout;
  asio::steady_timer pause(loop_);
  while (!under_way_.empty() && std::chrono::steady_clock::now() < deadline) {
    pause.expires_after(std::chrono::milliseconds(10));
    co_await pause.async_wait(asio::use_awaitable);
  }
  for (const auto& [id, exchange] : under_way_) exchange->cancel();
  links_.close();
  co_return Outcome<void>();
}

void StdioServer::begin(std::string line) {
  if (const std::string cancelled = cancelled_by_line(line); !cancelled.empty()) {
    const auto [first, last] = under_way_.equal_range(cancelled);
    for (auto one = first; one != last; ++one) one->second->cancel();
    return;
  }
  const std::string id = id_of_line(line);
  if (under_way_.size() >= requests_max) {
    gateway::Response busy;
    busy.status = 429;
    busy.body = R"({"error":{"code":"busy","message":"too many requests are under way"}})";
    for (const std::string& refusal : lines_of_answer(busy, line)) options_.write(refusal);
    return;
  }
  auto exchange = std::make_shared<LineExchange>(line, options_.token(), options_.write);
  if (!options_.mode.empty()) exchange->request.query.emplace_back(gateway::mcp::mode_parameter, options_.mode);
  under_way_.emplace(id, exchange);
  asio::co_spawn(loop_, answer(std::move(exchange), id), asio::detached);
}

Task<void> StdioServer::answer(std::shared_ptr<LineExchange> exchange, std::string id) {
  co_await endpoint_.serve(*exchange);
  const auto [first, last] = under_way_.equal_range(id);
  for (auto one = first; one != last; ++one) {
    if (one->second != exchange) continue;
    under_way_.erase(one);
    break;
  }
}

}  // namespace strawberry::cli

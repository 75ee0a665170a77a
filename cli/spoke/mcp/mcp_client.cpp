#include "cli/spoke/mcp/mcp_client.h"

#include <algorithm>
#include <utility>

#include "cli/text.h"
#include "common/runtime/one_shot.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr const char* modern_revision = "2026-07-28";
constexpr const char* legacy_revision = "2025-11-25";
constexpr const char* known_legacy[] = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
constexpr const char* listen_method = "subscriptions/listen";
constexpr milliseconds listen_again{5'000};
constexpr milliseconds forever = std::chrono::hours(24);

json client_info() { return {{"name", "strawberryctl"}, {"version", "1"}}; }

std::string name_of_server(const json& info) { return text_member(info, "name"); }

bool has_text(const json& list, const char* text) {
  return list.is_array() && std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

McpClient::McpClient(asio::io_context& loop, std::unique_ptr<McpTransport> transport, Options options)
    : loop_(loop), transport_(std::move(transport)), options_(std::move(options)), listen_timer_(loop) {}

McpClient::~McpClient() { stop(); }

void McpClient::stop() {
  is_over_ = true;
  listen_timer_.cancel();
  transport_->stop();
  fail_all("the server was stopped");
}

Task<Result<std::string>> McpClient::connect() {
  const auto self = shared_from_this();
  const std::weak_ptr<McpClient> weak = self;
  McpTransport::Events events;
  events.on_message = [weak](RpcMessage message) {
    if (const auto client = weak.lock()) client->received(std::move(message));
  };
  events.on_failed = [weak](std::int64_t id, int, const std::string& why) {
    if (const auto client = weak.lock()) client->answer(id, fail(why));
  };
  events.on_end = [weak](const std::string& why) {
    if (const auto client = weak.lock()) client->ended(why);
  };
  events.on_remark = [weak](const std::string& line) {
    const auto client = weak.lock();
    if (client && client->options_.on_remark) client->options_.on_remark(line);
  };
  auto started = transport_->start(std::move(events));
  if (!started) co_return tl::unexpected(started.error());
  auto name = co_await discover(options_.discover_timeout);
  if (name || is_over_) co_return name;
  name = co_await initialize();
  if (name || is_over_ || !has_answered_) co_return name;
  // A server without `initialize` may have been too slow the first time.
  auto again = co_await discover(options_.list_timeout);
  co_return again ? std::move(again) : std::move(name);
}

Task<Result<std::string>> McpClient::discover(milliseconds timeout) {
  is_modern_ = true;
  transport_->agreed(modern_revision, /*is_modern=*/true);
  auto found = co_await ask("server/discover", json::object(), timeout);
  is_modern_ = false;
  if (!found) co_return tl::unexpected(found.error());
  if (!found->is_object() || !has_text(found->value("supportedVersions", json()), modern_revision))
    co_return fail("the server does not speak revision " + std::string(modern_revision));
  is_modern_ = true;
  follow_changes(found->value("capabilities", json()));
  const json meta = found->value("_meta", json());
  const json info = meta.is_object() ? meta.value("io.modelcontextprotocol/serverInfo", json()) : json();
  co_return name_of_server(info);
}

Task<Result<std::string>> McpClient::initialize() {
  transport_->agreed("", /*is_modern=*/false);
  json params{{"protocolVersion", legacy_revision}, {"capabilities", json::object()}, {"clientInfo", client_info()}};
  auto agreed = co_await ask("initialize", std::move(params), options_.start_timeout);
  if (!agreed) co_return tl::unexpected(agreed.error());
  const std::string revision = text_member(*agreed, "protocolVersion");
  const auto is_it = [&](const char* known) { return revision == known; };
  if (std::none_of(std::begin(known_legacy), std::end(known_legacy), is_it))
    co_return fail("the server speaks revision " + in_quotes(revision, 40) +
                   " of the protocol, which is not known here");
  transport_->agreed(revision, /*is_modern=*/false);
  auto sent = transport_->send(rpc_notification("notifications/initialized", nullptr));
  if (!sent) co_return tl::unexpected(sent.error());
  co_return name_of_server(agreed->value("serverInfo", json()));
}

/// A modern server reports changes to listeners only; the others report them to all clients.
void McpClient::follow_changes(const json& capabilities) {
  const json tools = capabilities.is_object() ? capabilities.value("tools", json()) : json();
  if (tools.is_object() && tools.value("listChanged", json()) == true) listen_later(milliseconds(0));
}

void McpClient::listen_later(milliseconds after) {
  listen_timer_.expires_after(after);
  listen_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->is_over_) return;
    auto sent = self->request(listen_method, {{"notifications", {{"toolsListChanged", true}}}}, forever,
                              [weak](const Result<json>&) {
                                // The stream has ended, by itself or by a failure.
                                const auto client = weak.lock();
                                if (client && !client->is_over_) client->listen_later(listen_again);
                              });
    if (!sent) self->listen_later(listen_again);
  });
}

json McpClient::with_meta(json params) const {
  if (!is_modern_) return params;
  params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", modern_revision},
                     {"io.modelcontextprotocol/clientCapabilities", json::object()},
                     {"io.modelcontextprotocol/clientInfo", client_info()}};
  return params;
}

Result<std::int64_t> McpClient::request(const std::string& method, json params, milliseconds timeout,
                                        OnAnswer on_answer) {
  if (is_over_) return fail("the server is gone");
  if (waiting_.size() >= requests_max) return fail("too many requests wait for the server");
  const std::int64_t id = next_id_++;
  auto deadline = std::make_shared<asio::steady_timer>(loop_, timeout);
  deadline->async_wait([weak = weak_from_this(), id, timeout](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || !self->waiting_.contains(id)) return;
    self->transport_->cancel(id);
    self->answer(id, fail("the server did not answer within " + std::to_string(timeout.count()) + " ms"));
  });
  waiting_.emplace(id, Waiting{std::move(on_answer), std::move(deadline)});
  auto sent = transport_->send(rpc_request(id, method, with_meta(std::move(params))));
  if (sent) return id;
  waiting_.at(id).deadline->cancel();
  waiting_.erase(id);
  return tl::unexpected(sent.error());
}

Task<Result<json>> McpClient::ask(std::string method, json params, milliseconds timeout) {
  const auto self = shared_from_this();
  const auto arrived = std::make_shared<OneShot<Result<json>>>(loop_.get_executor());
  OnAnswer on_answer = [arrived](Result<json> answer) { arrived->set(std::move(answer)); };
  auto sent = request(method, std::move(params), timeout, std::move(on_answer));
  if (!sent) co_return tl::unexpected(sent.error());
  // A little longer than the deadline, so that its own answer comes first.
  const auto until = std::chrono::steady_clock::now() + timeout + milliseconds(500);
  auto answer = co_await arrived->wait_until(until);
  if (!answer) co_return fail("the server did not answer");
  co_return std::move(*answer);
}

Task<Result<std::vector<json>>> McpClient::list_tools() {
  const auto self = shared_from_this();
  std::vector<json> tools;
  std::size_t bytes = 0;
  json params = json::object();
  for (int page = 0; page < pages_max; ++page) {
    json wanted = params;
    auto listed = co_await ask("tools/list", std::move(wanted), options_.list_timeout);
    if (!listed) co_return tl::unexpected(listed.error());
    const json found = listed->is_object() ? listed->value("tools", json()) : json();
    if (!found.is_array()) co_return fail("the server's list of tools is not understood");
    for (const json& tool : found) {
      bytes += to_text(tool).size();
      if (tools.size() == tools_max || bytes > tools_bytes_max)
        co_return fail("the server has too many tools: more than " + std::to_string(tools_max) + ", or " +
                       std::to_string(tools_bytes_max) + " bytes of them");
      tools.push_back(tool);
    }
    const std::string cursor = text_member(*listed, "nextCursor");
    if (cursor.empty()) co_return tools;
    params["cursor"] = cursor;
  }
  co_return fail("the server's list of tools has more than " + std::to_string(pages_max) + " pages");
}

Result<std::int64_t> McpClient::call_tool(const std::string& name, json arguments, milliseconds timeout,
                                          OnAnswer on_answer) {
  return request("tools/call", {{"name", name}, {"arguments", std::move(arguments)}}, timeout, std::move(on_answer));
}

void McpClient::cancel(std::int64_t id) {
  const auto waiting = waiting_.find(id);
  if (waiting == waiting_.end()) return;
  waiting->second.deadline->cancel();
  waiting_.erase(waiting);
  transport_->cancel(id);
}

void McpClient::received(RpcMessage message) {
  switch (message.kind) {
    case RpcMessage::Kind::answer:
    case RpcMessage::Kind::failure: {
      if (!message.id.is_number_integer()) return;
      has_answered_ = true;
      const bool is_answer = message.kind == RpcMessage::Kind::answer;
      Result<json> result = is_answer ? Result<json>(std::move(message.value))
                                      : Result<json>(fail("the server refused: " + words_of_failure(message.value)));
      return answer(message.id.get<std::int64_t>(), std::move(result));
    }
    case RpcMessage::Kind::request: return requested(message);
    case RpcMessage::Kind::notification:
      if (message.method == "notifications/tools/list_changed" && options_.on_tools_changed)
        options_.on_tools_changed();
  }
}

/// No capability was declared, so a server may only send `ping`.
void McpClient::requested(const RpcMessage& message) {
  const bool is_ping = message.method == "ping";
  (void)transport_->send(is_ping ? rpc_answer(message.id, json::object())
                                 : rpc_failure(message.id, rpc_method_not_found, "not supported by this client"));
}

void McpClient::answer(std::int64_t id, Result<json> answer) {
  const auto waiting = waiting_.find(id);
  if (waiting == waiting_.end()) return;  // late, or an unknown id
  const OnAnswer on_answer = std::move(waiting->second.on_answer);
  waiting->second.deadline->cancel();
  waiting_.erase(waiting);
  on_answer(std::move(answer));
}

void McpClient::fail_all(const std::string& why) {
  auto waiting = std::exchange(waiting_, {});
  for (auto& [id, each] : waiting) {
    each.deadline->cancel();
    each.on_answer(fail(why));
  }
}

void McpClient::ended(const std::string& why) {
  is_over_ = true;
  const auto self = shared_from_this();
  fail_all("the server is gone: " + why);
  if (options_.on_end) options_.on_end(why);
}

}  // namespace strawberry::cli

#include "gateway/mcp/endpoint.h"

#include <functional>

#include "common/text/ids.h"
#include "gateway/http/json.h"
#include "gateway/http/request_body.h"
#include "gateway/http/sse.h"
#include "gateway/hub/asking.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr std::size_t page_max = 500;  // the hub's own limit for `tools`
constexpr unsigned gone = 0;

Response accepted() {
  Response response;
  response.status = 202;
  return response;
}

Response rpc_response(const json& id, const RpcError& error) {
  return json_response(rpc_error(id, error), error.status);
}

/// Converts an error of the hub that is not the result of a call.
RpcError rpc_error_of(const Problem& why) {
  const bool is_unavailable = why.status == 503;
  const bool is_clients = why.code == "bad_request";
  return RpcError(is_unavailable ? 503 : 200, is_clients ? rpc_code::invalid_params : rpc_code::internal_error,
                  why.code + ": " + why.message, {{"code", why.code}});
}

Problem lacks(Scope scope) {
  Problem refused(403, "forbidden",
                  "the token is limited, and does not have the scope " + std::string(to_string(scope)));
  refused.details = {{"reason", "scope"}, {"scope", to_string(scope)}};
  return refused;
}

json tools_request() { return {{"op", "tools"}}; }

std::string refused_by_person() { return "forbidden: the user did not allow this call. It did not run."; }

std::string cannot_ask(const std::string& skill) {
  return "forbidden: " + skill +
         " runs only when its user allows it, and this client cannot ask. It did not run. Ask for it in a chat of the "
         "hub, or use a client of MCP 2026-07-28 that can ask (elicitation).";
}

}  // namespace

Endpoint::Endpoint(asio::io_context& loop, Links& links, const Clock& clock, Options options)
    : loop_(loop), links_(links), clock_(clock), options_(std::move(options)), listeners_(loop, options_.listeners) {}

Task<void> Endpoint::serve(Exchange& exchange) {
  Links::Found link = co_await links_.of(exchange.request);
  if (link && !(*link)->scopes().has(Scope::mcp)) link = tl::unexpected(lacks(Scope::mcp));
  if (!link) {
    Response refused = refused_entry(link.error(), exchange.request, options_.challenge);
    co_await exchange.reply(std::move(refused));
    co_return;
  }
  Turn turn;
  turn.link = std::move(*link);
  tl::expected<Post, RpcError> post = read_post(exchange.request.body);
  std::optional<RpcError> wrong;
  json id = nullptr;
  if (!post) {
    wrong = post.error();
  } else {
    if (!post->is_batch) id = post->messages.front().id;
    const auto spoken = check_era(exchange.request, *post);
    const auto mode = list_mode_of(exchange.request);
    json named;
    const auto bad_key = name_request(exchange.request, named);
    if (!spoken) {
      wrong = spoken.error();
    } else if (!mode) {
      wrong = mode.error();
    } else if (bad_key) {
      wrong.emplace(http_bad_request, rpc_code::invalid_request, bad_key->message);
    } else {
      turn.spoken = *spoken;
      turn.mode = *mode;
      turn.idempotency_key = text_member(named, "correlation_id");
    }
  }
  if (wrong) {
    Response refused = rpc_response(id, *wrong);
    co_await exchange.reply(std::move(refused));
    co_return;
  }
  if (post->is_batch) co_return co_await serve_batch(exchange, std::move(turn), std::move(*post));
  turn.message = std::move(post->messages.front());
  co_await serve_one(exchange, std::move(turn));
}

/// Runs the messages one after the other, since each may need the result of the one before. When the client closes its
/// connection, no further one is begun.
Task<void> Endpoint::serve_batch(Exchange& exchange, Turn turn, Post post) {
  json answers = json::array();
  const auto is_gone = std::make_shared<bool>(false);
  const std::function<void()> leave = [is_gone] { *is_gone = true; };
  turn.signs = std::make_shared<SignsOfLife>(exchange);
  for (Message& message : post.messages) {
    if (message.kind != Message::Kind::request) continue;
    exchange.when_gone(leave);  // again for each message, since a call watches for itself and ends that
    Turn one = turn;
    one.idempotency_key.clear();  // one key cannot identify all messages of a batch
    one.message = std::move(message);
    const json id = one.message.id;
    Result result = co_await result_of(std::move(one));
    if (*is_gone || (!result && result.error().status == gone)) co_return;
    answers.push_back(result ? rpc_result(id, std::move(*result)) : rpc_error(id, result.error()));
  }
  Response response = answers.empty() ? accepted() : json_response(answers);
  co_await exchange.reply(std::move(response));
}

Task<void> Endpoint::serve_one(Exchange& exchange, Turn turn) {
  if (turn.message.kind != Message::Kind::request) {
    Response response = accepted();
    co_await exchange.reply(std::move(response));
    co_return;
  }
  if (const auto scope = missing_scope(turn)) {
    const Problem refusal = lacks(*scope);
    Response refused = refused_entry(refusal, exchange.request, options_.challenge);
    co_await exchange.reply(std::move(refused));
    co_return;
  }
  const json id = turn.message.id;
  Result result = json();
  if (method_of(turn.message.method, turn.spoken) == Method::listen) {
    const auto admitted = listeners_.admit(exchange, *turn.link, turn.message);
    const bool wants_tools = wants_tool_changes(turn.message.params);
    if (admitted) co_return co_await listeners_.serve(exchange, turn.link, id, wants_tools);
    result = tl::unexpected(admitted.error());
  } else {
    json token = member(member(turn.message.params, "_meta"), "progressToken");
    turn.signs = std::make_shared<SignsOfLife>(exchange, std::move(token), options_.signs);
    result = co_await result_of(std::move(turn));
  }
  if (!result && result.error().status == gone) co_return;
  if (exchange.has_begun()) {
    std::string last = sse(result ? rpc_result(id, std::move(*result)) : rpc_error(id, result.error()));
    co_await exchange.end_stream(std::move(last));
    co_return;
  }
  Response response = result ? json_response(rpc_result(id, std::move(*result))) : rpc_response(id, result.error());
  co_await exchange.reply(std::move(response));
}

/// Returns the scope that the request needs and its token lacks. In a batch the hub reports it for each message.
std::optional<Scope> Endpoint::missing_scope(const Turn& turn) {
  const Method method = method_of(turn.message.method, turn.spoken);
  std::optional<Scope> needed;
  if (method == Method::list) needed = Scope::skills_read;
  if (method == Method::call) {
    const auto call = read_tool_call(turn.message.params);
    if (call) needed = call->kind == ToolCall::Kind::skill ? Scope::skills_call : Scope::skills_read;
  }
  if (!needed || turn.link->scopes().has(*needed)) return std::nullopt;
  return needed;
}

Task<Endpoint::Result> Endpoint::result_of(Turn turn) {
  const Spoken spoken = turn.spoken;
  Result result = json::object();
  switch (method_of(turn.message.method, spoken)) {
    case Method::initialize: result = initialize_result(turn.message.params, options_.version); break;
    case Method::ping: break;
    case Method::discover: result = discover_result(); break;
    case Method::list: result = co_await list(std::move(turn)); break;
    case Method::call: result = co_await call(std::move(turn)); break;
    case Method::listen:
    case Method::unknown: result = tl::unexpected(unknown_method(turn.message.method, spoken)); break;
  }
  if (result) result = completed(std::move(*result), spoken, options_.version);
  co_return result;
}

Task<Endpoint::Result> Endpoint::list(Turn turn) {
  const json cursor = member(turn.message.params, "cursor");
  if (!cursor.is_null() && !cursor.is_string())
    co_return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_params, "params.cursor must be a text"));
  if (turn.mode == ListMode::search) co_return list_result(search_tools(), nullptr, turn.spoken);
  const bool may_be_too_many = turn.mode == ListMode::automatic && cursor.is_null();
  json body = tools_request();
  body["limit"] = may_be_too_many ? options_.direct_tools_max : page_max;
  if (!cursor.is_null()) body["cursor"] = cursor;
  auto answer = co_await ask(loop_, turn.link, Service::skills, std::move(body));
  const bool are_too_many =
      answer ? answer->value("total", std::size_t{0}) > options_.direct_tools_max : answer.error().code == "too_large";
  if (may_be_too_many && are_too_many) co_return list_result(search_tools(), nullptr, turn.spoken);
  if (!answer) co_return tl::unexpected(rpc_error_of(answer.error()));
  json tools = json::array();
  for (json& tool : (*answer)["tools"]) tools.push_back(tool_of(std::move(tool)));
  co_return list_result(std::move(tools), member(*answer, "next_cursor"), turn.spoken);
}

Task<Endpoint::Result> Endpoint::call(Turn turn) {
  auto asked = read_tool_call(turn.message.params);
  if (!asked) {
    // A result that the model reads and corrects, if the model made the error; an error if the client made it.
    if (asked.error().status == 200) co_return call_failure(asked.error().message);
    co_return tl::unexpected(asked.error());
  }
  if (asked->kind == ToolCall::Kind::skill) co_return co_await run(std::move(turn), std::move(*asked));
  co_return co_await look(std::move(turn), std::move(*asked));
}

Task<Endpoint::Result> Endpoint::look(Turn turn, ToolCall call) {
  json body = tools_request();
  const bool is_search = call.kind == ToolCall::Kind::search;
  body[is_search ? "query" : "tool"] = is_search ? call.query : call.tool;
  const auto answer = co_await ask(loop_, turn.link, Service::skills, std::move(body));
  if (!answer) co_return call_failure(answer.error());
  co_return is_search ? found_result(*answer) : described_result(*answer);
}

Task<Endpoint::Result> Endpoint::run(Turn turn, ToolCall call) {
  json body{{"op", "call_tool"}};
  body["tool"] = call.tool;
  body["arguments"] = call.arguments;
  // Clients number their requests from 1: the id does not identify a request beyond its connection.
  body["correlation_id"] = turn.idempotency_key.empty() ? "mcp-" + new_id() : turn.idempotency_key;
  const json state = turn.spoken.is_modern() ? member(turn.message.params, "requestState") : json();
  if (state.is_string()) {
    Asked asked;
    asked.principal = turn.link->principal();
    asked.tool = call.tool;
    asked.arguments = call.arguments;
    const auto number = confirmations_.check(state.get<std::string>(), asked, clock_.wall_now());
    if (!number) co_return tl::unexpected(number.error());
    const PersonsAnswer answer = answer_of_person(member(turn.message.params, "inputResponses"));
    if (answer == PersonsAnswer::refused) co_return call_failure(refused_by_person());
    if (answer == PersonsAnswer::allowed) {
      body["allowed"] = true;
      body["correlation_id"] = "mcp-" + *number;
    }
  }
  const auto answer = co_await wait_for_call(loop_, turn.link, std::move(body), options_.call_timeout, turn.signs);
  if (answer) {
    const json question = member(*answer, "confirm");
    if (!question.is_null()) co_return question_of(turn, call, question);
    co_return call_result(member(*answer, "result"));
  }
  const Problem& why = answer.error();
  if (why.status == gone) co_return tl::unexpected(RpcError(gone, rpc_code::internal_error, why.message));
  if (is_unknown_tool(why) && !call.is_nested)
    co_return tl::unexpected(RpcError(200, rpc_code::invalid_params, why.message));
  co_return call_failure(why);
}

Endpoint::Result Endpoint::question_of(const Turn& turn, const ToolCall& call, const json& question) const {
  if (!turn.spoken.is_modern()) return call_failure(cannot_ask(text_member(question, "skill_path")));
  if (!turn.spoken.can_elicit) return tl::unexpected(cannot_elicit());
  Asked asked;
  asked.principal = turn.link->principal();
  asked.tool = call.tool;
  asked.arguments = call.arguments;
  return input_required(question, confirmations_.state_of(asked, clock_.wall_now()));
}

Route endpoint_route(std::shared_ptr<Endpoint> endpoint) {
  return {"POST", "/mcp", ErrorShape::hub,
          [endpoint = std::move(endpoint)](Exchange& exchange) { return endpoint->serve(exchange); }};
}

}  // namespace strawberry::gateway::mcp

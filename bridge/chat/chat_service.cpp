#include "bridge/chat/chat_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "bridge/llm/rules/tell_outcome.h"
#include "bridge/protocol/text.h"
#include "common/ids.h"

namespace strawberry {
namespace {

using nlohmann::json;

std::optional<Error> refuse(const Principal& sender) {
  if (sender.type == PrincipalType::enroll || sender.type == PrincipalType::bridge)
    return Error{ErrorCode::forbidden, "this token is not for chatting", nullptr};
  if (!sender.user_id.empty()) return std::nullopt;
  return Error{ErrorCode::forbidden,
               "a chat works on a user's skills and " + std::string(to_string(sender.type)) +
                   " has none: use a user's or a device's token",
               nullptr};
}

json call_event(const PlannedCall& call) {
  return {{"id", call.id},
          {"device", call.device.empty() ? json(nullptr) : json(call.device)},
          {"skill_path", call.skill_path},
          {"arguments", call.arguments}};
}

json result_event(const PlannedCall& call, const Reply<json>& outcome) {
  json event = {{"id", call.id}, {"success", outcome.has_value()}};
  if (outcome) {
    event["result"] = *outcome;
  } else {
    event["error"] = to_json(outcome.error());
  }
  return event;
}

json chunk_of(const json& completion) {
  const json& message = completion.at("choices").front().at("message");
  json delta = {{"role", "assistant"}, {"content", message.at("content")}};
  json choice = {{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", nullptr}};
  return {{"id", completion.at("id")},
          {"object", "chat.completion.chunk"},
          {"created", completion.at("created")},
          {"model", completion.at("model")},
          {"choices", json::array({std::move(choice)})}};
}

/// What the provider is asked for besides messages and tools. A tool that the client insists on is insisted on once:
/// asked for in every step, the model could never answer.
json options_for(const ChatRequest& chat, const AgentLoop::AskModel& ask) {
  json options = chat.options;
  const auto choice = options.find("tool_choice");
  if (choice != options.end() && !ask.is_first && *choice != "auto") options.erase(choice);
  if (ask.tool_choice_none) options["tool_choice"] = "none";
  return options;
}

}  // namespace

struct ChatService::Turn {
  Turn(Request given_request, ChatRequest given_chat, const ToolSource& source, json messages, const Options& options)
      : request(std::move(given_request)),
        chat(std::move(given_chat)),
        catalog(chat.offers_skills ? &source : nullptr, request.sender, chat.client_tools,
                rules::last_user_text(messages), options.tools),
        loop(catalog, messages, chat.may_call, options.agent) {}

  bool wants_events() const { return chat.stream && request.emit; }

  ModelRequest model_request(const AgentLoop::AskModel& ask) const {
    ModelRequest model;
    model.model = chat.model;
    model.messages = loop.messages();
    if (ask.with_tools) model.tools = catalog.tools();
    model.options = options_for(chat, ask);
    model.deadline = request.deadline;
    model.correlation_id = request.correlation_id;
    model.is_last_try = loop.has_run_tools();
    return model;
  }

  const Request request;
  const ChatRequest chat;
  ToolCatalog catalog;
  AgentLoop loop;
};

class ChatService::Place {
 public:
  Place(std::shared_ptr<Places> places, std::string principal)
      : places_(std::move(places)), principal_(std::move(principal)) {
    ++places_->taken[principal_];
    ++places_->in_flight;
  }
  ~Place() {
    --places_->in_flight;
    const auto taken = places_->taken.find(principal_);
    if (--taken->second == 0) places_->taken.erase(taken);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  const std::shared_ptr<Places> places_;
  const std::string principal_;
};

ChatService::ChatService(const Clock& clock, ProviderChain& providers, ToolSource& tools, Store& store, Options options)
    : clock_(clock), providers_(providers), tools_(tools), store_(store), options_(options) {}

Task<Reply<json>> ChatService::handle(Request request) {
  loop_.check();
  if (!request.op.empty() && request.op != "complete")
    co_return error(ErrorCode::unknown_op, "chat has no operation '" + printable(request.op, 64) + "'");
  if (auto refused = refuse(request.sender)) co_return tl::unexpected<Error>(std::move(*refused));
  auto chat = ChatRequest::read(request.body, options_.request);
  if (!chat) co_return tl::unexpected<Error>(std::move(chat.error()));
  const auto principal = encode_principal(request.sender);
  const auto taken = places_->taken.find(principal);
  if (taken != places_->taken.end() && taken->second >= options_.chats_per_principal_max)
    co_return error(ErrorCode::busy, "too many chats at once", {{"retry_after_ms", 1000}});
  const Place place(places_, principal);
  co_return co_await run(std::move(request), std::move(*chat));
}

Task<Reply<json>> ChatService::run(Request request, ChatRequest chat) {
  std::optional<ChatSession> session;
  json messages = std::move(chat.system_messages);
  if (!chat.session_id.empty()) {
    auto opened = co_await ChatSession::open(store_, clock_, request.sender, chat.session_id, options_.session);
    if (!opened) co_return tl::unexpected<Error>(std::move(opened.error()));
    session = std::move(*opened);
    for (const auto& message : session->history()) messages.push_back(message);
  }
  for (const auto& message : chat.messages) messages.push_back(message);

  const auto turn = std::make_shared<Turn>(std::move(request), std::move(chat), tools_, std::move(messages), options_);
  if (turn->catalog.has_no_room())
    spdlog::warn("chat [{}]: no skills are offered, the model takes {} tools at most",
                 printable(turn->request.correlation_id), options_.tools.tools_max);
  auto end = co_await complete(turn);
  if (!end) co_return tl::unexpected<Error>(std::move(end.error()));
  json answer = completion(turn->loop, *end);
  if (session) {
    // The answer is there and skills have run: a store that fails now must not take that back.
    auto id = session->id();
    auto saved = co_await ChatSession::save(store_, clock_, std::move(*session), turn->chat.messages, end->content);
    if (saved) {
      answer["session_id"] = std::move(id);
    } else {
      spdlog::error("chat [{}]: the turn was not stored: {}", printable(turn->request.correlation_id),
                    saved.error().message);
      if (turn->chat.session_id != "new") answer["session_id"] = turn->chat.session_id;
    }
  }
  if (turn->wants_events() && !end->content.empty()) turn->request.emit("delta", chunk_of(answer));
  co_return answer;
}

Task<Reply<AgentLoop::Finish>> ChatService::complete(std::shared_ptr<Turn> turn) {
  AgentLoop& loop = turn->loop;
  AgentLoop::Next next = loop.start();
  for (std::size_t step = 0;;) {
    if (auto* end = std::get_if<AgentLoop::Finish>(&next)) co_return std::move(*end);
    if (auto* failed = std::get_if<Error>(&next)) co_return tl::unexpected<Error>(std::move(*failed));
    if (clock_.steady_now() >= turn->request.deadline)
      co_return error(ErrorCode::timeout, "the chat did not finish in time; skills it called may have run");
    if (const auto* ask = std::get_if<AgentLoop::AskModel>(&next)) {
      ModelRequest model = turn->model_request(*ask);
      auto reply = co_await providers_.complete(std::move(model), loop.provider());
      if (!reply) co_return tl::unexpected<Error>(std::move(reply.error()));
      next = loop.model_answered(std::move(*reply));
    } else {
      auto calls = std::move(std::get<AgentLoop::RunTools>(next).calls);
      auto outcomes = co_await run_tools(tools_, std::move(calls), tool_run(*turn, step++));
      next = loop.tools_ran(std::move(outcomes));
    }
  }
}

ToolRun ChatService::tool_run(const Turn& turn, std::size_t step) const {
  ToolRun run;
  run.caller = turn.request.sender;
  run.deadline = [this, end = turn.request.deadline] { return tool_deadline(end); };
  run.correlation_id = turn.request.correlation_id;
  run.identity = turn.request.identity;
  run.step = step;
  if (!turn.wants_events()) return run;
  run.on_call = [emit = turn.request.emit](const PlannedCall& call) { emit("tool_call", call_event(call)); };
  run.on_result = [emit = turn.request.emit](const PlannedCall& call, const Reply<json>& outcome) {
    emit("tool_result", result_event(call, outcome));
  };
  return run;
}

/// A call leaves some of the chat's time to the model, to say what came of it.
SteadyTime ChatService::tool_deadline(SteadyTime deadline) const {
  const auto now = clock_.steady_now();
  const auto reserve = std::min<std::chrono::nanoseconds>(std::chrono::seconds(2), (deadline - now) / 5);
  return std::min<SteadyTime>(now + options_.tool_timeout, deadline - reserve);
}

json ChatService::completion(const AgentLoop& loop, const AgentLoop::Finish& end) const {
  json message = {{"role", "assistant"}, {"content", end.content}};
  if (!end.client_calls.empty()) {
    message["tool_calls"] = tool_calls_json(end.client_calls);
    if (end.content.empty()) message["content"] = nullptr;
  }
  json choice = {{"index", 0}, {"message", std::move(message)}, {"finish_reason", end.finish_reason}};
  const auto& usage = loop.usage();
  return {{"id", "chatcmpl-" + new_id()},
          {"object", "chat.completion"},
          {"created", to_unix_ms(clock_.wall_now()) / 1000},
          {"model", loop.model()},
          {"choices", json::array({std::move(choice)})},
          {"usage",
           {{"prompt_tokens", usage.prompt_tokens},
            {"completion_tokens", usage.completion_tokens},
            {"total_tokens", usage.prompt_tokens + usage.completion_tokens}}},
          {"session_id", nullptr},
          {"provider", loop.provider()}};
}

}  // namespace strawberry

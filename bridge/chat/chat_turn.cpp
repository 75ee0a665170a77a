#include "bridge/chat/chat_turn.h"

#include <algorithm>
#include <utility>

#include "bridge/chat/chat_events.h"
#include "bridge/llm/usage_estimate.h"
#include "bridge/llm/user_text.h"
#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"
#include "common/text/ids.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Who answered, and with which model, when it was stopped before it said so.
constexpr const char* usage_unfinished = "unfinished";

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

ChatTurn::ChatTurn(Shared shared, Place place, Request request, ChatRequest chat,
                   std::shared_ptr<const AnswerFormat> format)
    : shared_(std::move(shared)),
      place_(std::move(place)),
      request_(std::move(request)),
      chat_(std::move(chat)),
      format_(std::move(format)) {}

// --- from the request to the answer ---

/// The work goes on beside the coroutine that waits for it, so that it can be stopped.
Task<Reply<json>> ChatTurn::run(std::shared_ptr<ChatTurn> turn) {
  const auto executor = co_await asio::this_coro::executor;
  const auto ending = turn->place_->ending();
  auto done = [turn](const std::exception_ptr& thrown, Answer given) { turn->finished(thrown, std::move(given)); };
  auto stoppable = asio::bind_cancellation_slot(ending->stop.slot(), std::move(done));
  asio::co_spawn(executor, work(std::move(turn)), std::move(stoppable));
  auto given = co_await ending->answer.wait();
  if (given) co_return std::move(*given);
  ending->stop_work();
  co_return error(ErrorCode::cancelled, "the chat was stopped");
}

Task<Reply<json>> ChatTurn::work(std::shared_ptr<ChatTurn> turn) {
  auto opened = co_await turn->open();
  if (!opened) co_return tl::unexpected<Error>(std::move(opened.error()));
  auto end = co_await turn->converse();
  turn->place_->done_deciding();
  if (!end) {
    if (turn->stream_) turn->stream_->give_up();
    co_return tl::unexpected<Error>(std::move(end.error()));
  }
  co_return co_await turn->answer(std::move(*end));
}

void ChatTurn::finished(const std::exception_ptr& thrown, Answer given) {
  record_unfinished();
  const auto ending = std::exchange(place_, nullptr)->ending();
  if (ending->is_stopped) return;
  if (thrown) log_for(request_).error("the chat threw");
  ending->answer.set(thrown ? error(ErrorCode::internal, "the hub failed") : std::move(given));
}

Task<Reply<void>> ChatTurn::open() {
  const auto& options = shared_.options;
  if (chat_.tool_mode == ToolMode::python) {
    const auto& python = options.python;
    SkillQuery all{request_.house_or_user(), {}, request_.sender.id, python.skills_max, python.devices_listed_max};
    all.rights = request_.rights;
    const auto found = may_call_skills() ? shared_.neighbours.tools.find(all) : SkillsFound();
    chat_.put_first(python_prompt(found, request_.sender.id, python));
  }
  json messages = std::move(chat_.system_messages);
  if (!chat_.session_id.empty()) {
    if (!request_.rights.has(Scope::sessions))
      co_return error(ErrorCode::forbidden, "the token is limited, and not good for sessions", {{"scope", "sessions"}});
    auto opened = co_await ChatSession::open(shared_.neighbours.store, shared_.clock, request_.sender, chat_.session_id,
                                             options.session);
    if (!opened) co_return tl::unexpected<Error>(std::move(opened.error()));
    session_ = std::move(*opened);
    for (const auto& message : session_->history()) messages.push_back(message);
  }
  for (const auto& message : chat_.messages) messages.push_back(message);
  const auto executor = co_await asio::this_coro::executor;
  begin(messages, executor);
  co_return Reply<void>();
}

void ChatTurn::begin(const json& messages, const asio::any_io_executor& executor) {
  const auto& options = shared_.options;
  const bool has_skills = chat_.tool_mode == ToolMode::native && may_call_skills();
  catalog_.emplace(has_skills ? &shared_.neighbours.tools : nullptr, request_.sender, chat_.client_tools,
                   recent_user_text(messages), options.tools,
                   ToolCatalog::Reach{request_.house_or_user(), request_.rights});
  loop_.emplace(*catalog_, messages, chat_.may_call, options.agent);
  if (catalog_->has_no_room())
    log_for(request_).warn("no skills are offered, the model takes {} tools at most", options.tools.tools_max);
  head_ = {new_id(), to_unix_ms(shared_.clock.wall_now()) / 1000, chat_.model, {}};
  if (chat_.stream && request_.emit)
    stream_ = std::make_shared<AnswerStream>(executor, request_.emit, shared_.neighbours.waiting, format_, head_,
                                             options.stream);
}

Task<Reply<AgentLoop::Finish>> ChatTurn::converse() {
  AgentLoop::Next next = loop_->start();
  for (std::size_t step = 0;;) {
    if (auto* end = std::get_if<AgentLoop::Finish>(&next)) co_return std::move(*end);
    if (auto* failed = std::get_if<Error>(&next)) co_return tl::unexpected<Error>(std::move(*failed));
    if (shared_.clock.steady_now() >= request_.deadline)
      co_return error(ErrorCode::timeout, "the chat did not finish in time; skills it called may have run");
    if (const auto* ask = std::get_if<AgentLoop::AskModel>(&next)) {
      auto reply = co_await ask_model(*ask);
      if (!reply) co_return tl::unexpected<Error>(std::move(reply.error()));
      next = loop_->model_answered(std::move(*reply));
    } else {
      auto calls = std::move(std::get<AgentLoop::RunTools>(next).calls);
      log_for(request_).debug("runs {} skill calls", calls.size());
      auto outcomes = co_await run_tools(shared_.neighbours.tools, std::move(calls), tool_run(step++));
      next = loop_->tools_ran(std::move(outcomes));
    }
  }
}

// --- the model ---

Task<Reply<ModelReply>> ChatTurn::ask_model(AgentLoop::AskModel ask) {
  asked_ = ask;
  ModelRequest model = model_request(ask);
  log_for(request_).debug("asks a model, {} tools offered", model.tools.size());
  if (stream_) stream_->begin_answer();
  auto reply = co_await shared_.neighbours.providers.complete(std::move(model), loop_->provider());
  if (!reply) co_return tl::unexpected<Error>(std::move(reply.error()));
  shared_.neighbours.usage.record(request_.sender, *reply);
  *unrecorded_bytes_ = 0;
  is_usage_estimated_ = is_usage_estimated_ || reply->usage.estimated;
  if (stream_) stream_->answered(*reply);
  co_return std::move(*reply);
}

ModelRequest ChatTurn::model_request(const AgentLoop::AskModel& ask) const {
  ModelRequest model;
  model.model = chat_.model;
  model.messages = loop_->messages();
  if (ask.with_tools) model.tools = catalog_->tools();
  model.options = options_for(chat_, ask);
  model.deadline = request_.deadline;
  model.log_id = request_.log_id;
  model.user = request_.acting_user;
  model.is_last_try = loop_->has_run_tools();
  if (stream_) {
    model.on_text = [stream = stream_, unrecorded = unrecorded_bytes_](std::string_view text) {
      *unrecorded += text.size();
      stream->text(text);
    };
  }
  return model;
}

/// An answer that did not come to its end has been read all the same as far as it was streamed. No provider says what
/// that cost.
void ChatTurn::record_unfinished() {
  const std::size_t bytes = *unrecorded_bytes_;
  if (bytes == 0) return;
  ModelReply said;
  said.usage = estimate_usage(model_request(asked_), said);
  said.usage.completion_tokens =
      static_cast<std::int64_t>((bytes + estimated_bytes_per_token - 1) / estimated_bytes_per_token);
  said.provider = loop_->provider().empty() ? usage_unfinished : loop_->provider();
  said.model = loop_->model().empty() ? usage_unfinished : loop_->model();
  shared_.neighbours.usage.record(request_.sender, said);
}

// --- skills, and what the user is asked and told of them ---

ToolRun ChatTurn::tool_run(std::size_t step) {
  const auto turn = shared_from_this();
  ToolRun run;
  run.caller = request_.sender;
  run.acting_user = request_.house_or_user();
  run.rights = request_.rights;
  run.deadline = [turn] {
    return std::min<SteadyTime>(turn->shared_.clock.steady_now() + turn->shared_.options.tool_timeout,
                                turn->latest_end());
  };
  run.log_id = request_.log_id;
  run.identity = request_.identity;
  run.step = step;
  // Asked for whether the answer is streamed or not.
  run.confirm = [turn](PlannedCall call) { return ask_user(turn, std::move(call)); };
  if (!chat_.tool_events) return run;
  run.on_call = [turn](const PlannedCall& call) { turn->tell(chat_event::tool_call, call_event(call)); };
  run.on_result = [turn](const PlannedCall& call, const Reply<json>& outcome) {
    turn->tell(chat_event::tool_result, result_event(call, outcome));
  };
  return run;
}

/// One question to the user: the event, and the wait for what they say.
Task<bool> ChatTurn::ask_user(std::shared_ptr<ChatTurn> turn, PlannedCall call) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(turn->latest_end() - turn->shared_.clock.steady_now());
  const auto patience =
      turn->request_.emit ? std::min(turn->shared_.options.confirm_timeout, left) : std::chrono::milliseconds(0);
  const auto executor = co_await asio::this_coro::executor;
  const auto question = turn->shared_.confirmations->ask(executor, turn->request_.sender);
  if (!question || patience.count() <= 0) {
    log_for(turn->request_).warn("{} is not run: the user cannot be asked now", printable(call.skill_path));
    co_return false;
  }
  json event = call_event(call);
  event["id"] = question->id();
  event["expires_in_ms"] = patience.count();
  turn->tell(chat_event::confirm, std::move(event));
  const auto allowed = co_await question->allowed().wait_until(std::chrono::steady_clock::now() + patience);
  co_return allowed.value_or(false);
}

/// After all text that was said before.
void ChatTurn::tell(const std::string& event, json data) const {
  if (stream_) {
    stream_->event(event, std::move(data));
  } else if (request_.emit) {
    request_.emit(event, std::move(data));
  }
}

/// Calls and questions leave some of the chat's time to the model, to say what came of them.
SteadyTime ChatTurn::latest_end() const {
  const auto left = request_.deadline - shared_.clock.steady_now();
  return request_.deadline - std::min<std::chrono::nanoseconds>(std::chrono::seconds(2), left / 5);
}

// --- the answer ---

Task<json> ChatTurn::answer(AgentLoop::Finish end) {
  WholeAnswer whole{std::move(end.content), std::move(end.finish_reason), std::move(end.client_calls), loop_->usage(),
                    std::nullopt};
  whole.usage.estimated = is_usage_estimated_;
  if (stream_) stream_->finish(whole);
  if (session_) whole = co_await store(std::move(whole));
  head_.model = loop_->model();
  head_.provider = loop_->provider();
  co_return format_->whole(head_, whole);
}

/// The answer is there and skills have run: a store that fails now must not take that back.
Task<WholeAnswer> ChatTurn::store(WholeAnswer whole) {
  auto id = session_->id();
  const bool is_new = session_->is_new();
  auto saved = co_await ChatSession::save(shared_.neighbours.store, shared_.clock, std::move(*session_), chat_.messages,
                                          whole.content);
  if (saved) {
    whole.session_id = std::move(id);
    co_return whole;
  }
  log_for(request_).error("the turn was not stored: {} ({})", saved.error().message, printable(saved.error().cause));
  // No name is told of what is not there: the new one was not opened, an old one was deleted, or takes no more.
  const auto code = saved.error().code;
  const bool is_lost = code == ErrorCode::not_found || code == ErrorCode::quota_exceeded;
  if (!is_new && !is_lost) whole.session_id = std::move(id);
  whole.not_stored = std::move(saved.error());
  co_return whole;
}

}  // namespace strawberry::bridge

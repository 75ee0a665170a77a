#include "bridge/chat/chat_service.h"

#include <algorithm>

#include "bridge/chat/chat_events.h"
#include "bridge/chat/tensorzero.h"
#include "bridge/llm/usage_estimate.h"
#include "bridge/llm/user_text.h"
#include "bridge/pipeline/acting_user.h"
#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"
#include "common/text/ids.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

using nlohmann::json;

/// Who answered, and with which model, when it was stopped before it said so.
constexpr const char* usage_unfinished = "unfinished";

std::optional<Error> refuse(const Principal& sender) {
  if (is_one_time(sender.type) || sender.type == PrincipalType::bridge)
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

/// What the provider is asked for besides messages and tools. A tool that the client insists on is insisted on once:
/// asked for in every step, the model could never answer.
json options_for(const ChatRequest& chat, const AgentLoop::AskModel& ask) {
  json options = chat.options;
  const auto choice = options.find("tool_choice");
  if (choice != options.end() && !ask.is_first && *choice != "auto") options.erase(choice);
  if (ask.tool_choice_none) options["tool_choice"] = "none";
  return options;
}

/// One question to the user: the event, and the wait for what they say.
struct UserQuestion {
  std::shared_ptr<Confirmations> confirmations;
  std::function<void(json)> tell;
  Principal sender;
  std::string log_id;
  std::chrono::milliseconds patience;
};

Task<bool> ask_user(UserQuestion asked, PlannedCall call) {
  const auto executor = co_await asio::this_coro::executor;
  const auto question = asked.confirmations->ask(executor, asked.sender);
  if (!question || asked.patience.count() <= 0) {
    RequestLog({asked.log_id, asked.sender.id, to_string(Service::chat)})
        .warn("{} is not run: the user cannot be asked now", printable(call.skill_path));
    co_return false;
  }
  json event = call_event(call);
  event["id"] = question->id();
  event["expires_in_ms"] = asked.patience.count();
  asked.tell(std::move(event));
  const auto allowed = co_await question->allowed().wait_until(std::chrono::steady_clock::now() + asked.patience);
  co_return allowed.value_or(false);
}

}  // namespace

struct ChatService::Turn {
  Turn(Request given_request, ChatRequest given_chat, const ToolSource& source, json messages,
       std::shared_ptr<const AnswerFormat> given_format, const Options& options)
      : request(std::move(given_request)),
        chat(std::move(given_chat)),
        format(std::move(given_format)),
        catalog(chat.tool_mode == ToolMode::native ? &source : nullptr, request.sender, chat.client_tools,
                recent_user_text(messages), options.tools),
        loop(catalog, messages, chat.may_call, options.agent) {}

  ModelRequest model_request(const AgentLoop::AskModel& ask) const {
    ModelRequest model;
    model.model = chat.model;
    model.messages = loop.messages();
    if (ask.with_tools) model.tools = catalog.tools();
    model.options = options_for(chat, ask);
    model.deadline = request.deadline;
    model.log_id = request.log_id;
    model.user = request.sender.user_id.empty() ? request.sender.id : request.sender.user_id;
    model.is_last_try = loop.has_run_tools();
    if (stream) {
      model.on_text = [stream = stream, unrecorded = unrecorded_bytes](std::string_view text) {
        *unrecorded += text.size();
        stream->text(text);
      };
    }
    return model;
  }

  /// After all text that was said before.
  void tell(const std::string& event, json data) const {
    if (stream) {
      stream->event(event, std::move(data));
    } else if (request.emit) {
      request.emit(event, std::move(data));
    }
  }

  const Request request;
  const ChatRequest chat;
  const std::shared_ptr<const AnswerFormat> format;
  ToolCatalog catalog;
  AgentLoop loop;
  AnswerHead head;
  std::shared_ptr<AnswerStream> stream;  // null: the answer is wanted whole
  AgentLoop::AskModel asked{};           // last
  /// Of text that was streamed since the usage was recorded.
  const std::shared_ptr<std::size_t> unrecorded_bytes = std::make_shared<std::size_t>(0);
  bool is_usage_estimated = false;
};

ChatService::ChatService(const Clock& clock, Neighbours neighbours, Options options)
    : clock_(clock),
      neighbours_(std::move(neighbours)),
      options_(options),
      running_(std::make_shared<RunningChats>(options.chats_per_principal_max)),
      confirmations_(std::make_shared<Confirmations>(options.confirmations)) {}

std::chrono::milliseconds ChatService::default_timeout(const std::string&) const { return options_.default_timeout; }

void ChatService::sender_left(const std::string& device_id) {
  loop_.check();
  if (const auto stopped = running_->sender_left(device_id); stopped > 0)
    hub_log().info("{} left: {} of its chats stopped", device_id, stopped);
}

Task<Reply<json>> ChatService::handle(Request request) {
  loop_.check();
  const bool is_chat = request.op.empty() || request.op == "complete" || request.op == "inference";
  const bool is_usage = request.op == "usage";
  if (is_usage && request.sender.type == PrincipalType::admin) co_return co_await usage(std::move(request));
  if (auto refused = refuse(request.sender)) co_return tl::unexpected<Error>(std::move(*refused));
  if (is_usage) co_return co_await usage(std::move(request));
  if (request.op == "cancel") co_return cancel(request);
  if (request.op == "confirm") co_return confirm(request);
  if (is_chat) co_return co_await chat(std::move(request));
  co_return error(ErrorCode::unknown_op, "chat has no operation '" + printable(request.op, 64) + "'");
}

Reply<json> ChatService::cancel(const Request& request) {
  if (running_->cancel(request.sender, request.body.at("cancel").get<std::string>())) return json{{"cancelled", true}};
  return error(ErrorCode::not_found, "you have no such chat under way");
}

Reply<json> ChatService::confirm(const Request& request) {
  const bool is_allowed = request.body.at("allow").get<bool>();
  if (confirmations_->answer(request.sender, request.body.at("confirm").get<std::string>(), is_allowed))
    return json{{"confirmed", is_allowed}};
  return error(ErrorCode::not_found, "that question is not open (any more)");
}

Task<Reply<json>> ChatService::usage(Request request) {
  auto user = acting_user(request);
  if (!user) co_return tl::unexpected<Error>(std::move(user.error()));
  Principal whose = request.sender;
  whose.user_id = std::move(*user);
  const int days = request.body.value("days", options_.usage_days_default);
  co_return co_await neighbours_.usage.report(whose, days);
}

Task<Reply<json>> ChatService::chat(Request request) {
  std::shared_ptr<const AnswerFormat> format = openai_format();
  if (request.op == "inference") {
    format = tensorzero_format(request.body);
    auto translated = openai_body_from_tensorzero(request.body);
    if (!translated) co_return tl::unexpected<Error>(std::move(translated.error()));
    request.body = std::move(*translated);
  }
  auto chat = ChatRequest::read(request.body, options_.request);
  if (!chat) {
    Error refused = std::move(chat.error());
    // These messages were made from the client's, and their numbers are others.
    const bool is_messages = refused.details.value("path", "").starts_with("/messages/");
    if (request.op == "inference" && is_messages) refused.details["path"] = "/input/messages";
    co_return tl::unexpected<Error>(std::move(refused));
  }
  const auto executor = co_await asio::this_coro::executor;
  auto place = running_->begin(executor, request.sender, request.correlation_id);
  if (!place) co_return error(ErrorCode::busy, "too many chats at once", {{"retry_after_ms", 1000}});
  if (auto refused = neighbours_.usage.admit(request.sender)) co_return tl::unexpected<Error>(std::move(*refused));

  // The work goes on beside this, so that it can be stopped.
  const auto ending = place->ending();
  auto work = std::make_shared<Work>();
  auto finished = [this, ending, work, id = request.log_id](const std::exception_ptr& thrown, Answer answer) {
    if (work->turn) record_unfinished(*work->turn);
    if (ending->is_stopped) return;
    if (thrown) log_for(id).error("the chat threw");
    ending->answer.set(thrown ? error(ErrorCode::internal, "the hub failed") : std::move(answer));
  };
  auto running = run(std::move(place), std::move(work), std::move(request), std::move(*chat), std::move(format));
  auto stoppable = asio::bind_cancellation_slot(ending->stop.slot(), std::move(finished));
  asio::co_spawn(executor, std::move(running), std::move(stoppable));
  auto answer = co_await ending->answer.wait();
  if (answer) co_return std::move(*answer);
  ending->stop_work();
  co_return error(ErrorCode::cancelled, "the chat was stopped");
}

Task<Reply<json>> ChatService::run(Place place, std::shared_ptr<Work> work, Request request, ChatRequest chat,
                                   std::shared_ptr<const AnswerFormat> format) {
  if (chat.tool_mode == ToolMode::python) {
    const SkillQuery all{
        request.sender.user_id, {}, request.sender.id, options_.python.skills_max, options_.python.devices_listed_max};
    chat.put_first(python_prompt(neighbours_.tools.find(all), request.sender.id, options_.python));
  }
  std::optional<ChatSession> session;
  json messages = std::move(chat.system_messages);
  if (!chat.session_id.empty()) {
    auto opened =
        co_await ChatSession::open(neighbours_.store, clock_, request.sender, chat.session_id, options_.session);
    if (!opened) co_return tl::unexpected<Error>(std::move(opened.error()));
    session = std::move(*opened);
    for (const auto& message : session->history()) messages.push_back(message);
  }
  for (const auto& message : chat.messages) messages.push_back(message);

  const auto turn = std::make_shared<Turn>(std::move(request), std::move(chat), neighbours_.tools, std::move(messages),
                                           std::move(format), options_);
  work->turn = turn;
  if (turn->catalog.has_no_room())
    log_for(turn->request).warn("no skills are offered, the model takes {} tools at most", options_.tools.tools_max);
  turn->head = {new_id(), to_unix_ms(clock_.wall_now()) / 1000, turn->chat.model, {}};
  if (turn->chat.stream && turn->request.emit) {
    const auto executor = co_await asio::this_coro::executor;
    turn->stream = std::make_shared<AnswerStream>(executor, turn->request.emit, neighbours_.waiting, turn->format,
                                                  turn->head, options_.stream);
  }
  auto end = co_await complete(turn);
  place->done_deciding();
  if (!end && turn->stream) turn->stream->give_up();
  if (!end) co_return tl::unexpected<Error>(std::move(end.error()));
  co_return co_await answer(turn, std::move(*end), std::move(session));
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
      turn->asked = *ask;
      ModelRequest model = turn->model_request(*ask);
      log_for(turn->request).debug("asks a model, {} tools offered", model.tools.size());
      if (turn->stream) turn->stream->begin_answer();
      auto reply = co_await neighbours_.providers.complete(std::move(model), loop.provider());
      if (!reply) co_return tl::unexpected<Error>(std::move(reply.error()));
      neighbours_.usage.record(turn->request.sender, *reply);
      *turn->unrecorded_bytes = 0;
      turn->is_usage_estimated = turn->is_usage_estimated || reply->usage.estimated;
      if (turn->stream) turn->stream->answered(*reply);
      next = loop.model_answered(std::move(*reply));
    } else {
      auto calls = std::move(std::get<AgentLoop::RunTools>(next).calls);
      log_for(turn->request).debug("runs {} skill calls", calls.size());
      auto outcomes = co_await run_tools(neighbours_.tools, std::move(calls), tool_run(turn, step++));
      next = loop.tools_ran(std::move(outcomes));
    }
  }
}

/// An answer that did not come to its end has been read all the same as far as it was streamed. No provider says what
/// that cost.
void ChatService::record_unfinished(const Turn& turn) {
  const std::size_t bytes = *turn.unrecorded_bytes;
  if (bytes == 0) return;
  ModelReply said;
  said.usage = estimate_usage(turn.model_request(turn.asked), said);
  said.usage.completion_tokens =
      static_cast<std::int64_t>((bytes + estimated_bytes_per_token - 1) / estimated_bytes_per_token);
  said.provider = turn.loop.provider().empty() ? usage_unfinished : turn.loop.provider();
  said.model = turn.loop.model().empty() ? usage_unfinished : turn.loop.model();
  neighbours_.usage.record(turn.request.sender, said);
}

Task<json> ChatService::answer(std::shared_ptr<Turn> turn, AgentLoop::Finish end, std::optional<ChatSession> session) {
  WholeAnswer whole{std::move(end.content), std::move(end.finish_reason), std::move(end.client_calls),
                    turn->loop.usage(), std::nullopt};
  whole.usage.estimated = turn->is_usage_estimated;
  if (turn->stream) turn->stream->finish(whole);
  if (session) {
    // The answer is there and skills have run: a store that fails now must not take that back.
    auto id = session->id();
    const bool is_new = session->is_new();
    auto saved =
        co_await ChatSession::save(neighbours_.store, clock_, std::move(*session), turn->chat.messages, whole.content);
    if (saved) {
      whole.session_id = std::move(id);
    } else {
      log_for(turn->request)
          .error("the turn was not stored: {} ({})", saved.error().message, printable(saved.error().cause));
      // No name is told of what is not there: the new one was not opened, an old one was deleted, or takes no more.
      const auto code = saved.error().code;
      const bool is_lost = code == ErrorCode::not_found || code == ErrorCode::quota_exceeded;
      if (!is_new && !is_lost) whole.session_id = std::move(id);
      whole.not_stored = std::move(saved.error());
    }
  }
  turn->head.model = turn->loop.model();
  turn->head.provider = turn->loop.provider();
  co_return turn->format->whole(turn->head, whole);
}

ToolRun ChatService::tool_run(const std::shared_ptr<Turn>& turn, std::size_t step) const {
  ToolRun run;
  run.caller = turn->request.sender;
  run.deadline = [this, end = turn->request.deadline] {
    return std::min<SteadyTime>(clock_.steady_now() + options_.tool_timeout, latest_end(end));
  };
  run.log_id = turn->request.log_id;
  run.identity = turn->request.identity;
  run.step = step;
  // Asked for whether the answer is streamed or not.
  run.confirm = [this, turn](PlannedCall call) {
    UserQuestion question;
    question.confirmations = confirmations_;
    question.tell = [turn](json data) { turn->tell(chat_event::confirm, std::move(data)); };
    question.sender = turn->request.sender;
    question.log_id = turn->request.log_id;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(latest_end(turn->request.deadline) - clock_.steady_now());
    question.patience = turn->request.emit ? std::min(options_.confirm_timeout, left) : std::chrono::milliseconds(0);
    return ask_user(std::move(question), std::move(call));
  };
  if (!turn->chat.tool_events) return run;
  run.on_call = [turn](const PlannedCall& call) { turn->tell(chat_event::tool_call, call_event(call)); };
  run.on_result = [turn](const PlannedCall& call, const Reply<json>& outcome) {
    turn->tell(chat_event::tool_result, result_event(call, outcome));
  };
  return run;
}

/// Calls and questions leave some of the chat's time to the model, to say what came of them.
SteadyTime ChatService::latest_end(SteadyTime deadline) const {
  return deadline - std::min<std::chrono::nanoseconds>(std::chrono::seconds(2), (deadline - clock_.steady_now()) / 5);
}

}  // namespace strawberry

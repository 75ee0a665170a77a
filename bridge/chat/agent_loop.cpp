#include "bridge/chat/agent_loop.h"

#include <algorithm>

#include "bridge/chat/history.h"
#include "bridge/llm/answer_end.h"
#include "bridge/llm/tool_result.h"
#include "common/text/strict_json.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t call_id_bytes_max = 128;
constexpr std::size_t ran_listed_max = 32;

bool is_sound_id(const std::string& id) {
  return !id.empty() && id.size() <= call_id_bytes_max &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

/// As they go back to the model: servers refuse a conversation with a name or arguments they could not read.
std::vector<ToolCall> as_history(std::vector<ToolCall> calls) {
  for (auto& call : calls) {
    const bool is_name = !call.name.empty() && std::all_of(call.name.begin(), call.name.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-';
    });
    if (!is_name) call.name = "unknown_tool";
    if (!parse_strict_object(call.arguments, arguments_depth_max)) call.arguments = "{}";
  }
  return calls;
}

std::set<std::string> ids_of_calls(const json& messages) {
  std::set<std::string> ids;
  for (const auto& message : messages)
    if (const auto calls = message.find("tool_calls"); calls != message.end())
      for (const auto& call : *calls) ids.insert(call.value("id", ""));
  return ids;
}

/// It was sent, as far as one can tell from what it came to.
bool may_have_run(const Reply<json>& outcome) {
  if (outcome) return true;
  switch (outcome.error().code) {
    case ErrorCode::bad_request:
    case ErrorCode::forbidden:
    case ErrorCode::not_found:
    case ErrorCode::ambiguous:
    case ErrorCode::busy: return false;
    default: return true;
  }
}

}  // namespace

json tool_calls_json(const std::vector<ToolCall>& calls) {
  json list = json::array();
  for (const auto& call : calls) {
    list.push_back(
        {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    if (!call.extra.empty()) list.back()["extra"] = call.extra;
  }
  return list;
}

AgentLoop::AgentLoop(ToolCatalog& catalog, const json& messages, bool may_call, Options options)
    : catalog_(catalog),
      options_(options),
      may_call_(may_call),
      messages_(cut_history(messages, options.history_bytes_max, options.history_messages_max)),
      is_too_large_(spoken(messages) > 0 && spoken(messages_) == 0),
      has_calls_(has_tool_calls(messages_)),
      ids_(ids_of_calls(messages_)) {}

AgentLoop::Next AgentLoop::start() {
  if (is_too_large_)
    return Error{ErrorCode::too_large,
                 "the messages are too large for a model",
                 {{"bytes_max", options_.history_bytes_max}, {"messages_max", options_.history_messages_max}}};
  return ask();
}

bool AgentLoop::can_call() const { return may_call_ && step_ < options_.steps_max && !catalog_.tools().empty(); }

AgentLoop::Next AgentLoop::ask() {
  ++step_;
  const bool names_tools = can_call() || (has_calls_ && !catalog_.tools().empty());
  return AskModel{names_tools, step_ == 1, names_tools && !can_call()};
}

AgentLoop::Next AgentLoop::model_answered(ModelReply reply) {
  usage_.prompt_tokens += reply.usage.prompt_tokens;
  usage_.completion_tokens += reply.usage.completion_tokens;
  model_ = reply.model;
  provider_ = reply.provider;
  if (was_broken_off(reply.finish_reason)) reply.tool_calls.clear();  // no provider may make this one run them
  if (reply.tool_calls.empty() || !can_call()) return finish(std::move(reply));
  return take_calls(std::move(reply));
}

AgentLoop::Next AgentLoop::finish(ModelReply reply) {
  if (!reply.tool_calls.empty() && reply.content.empty()) {
    json details = {{"steps", step_}};
    if (!ran_.empty()) details["ran"] = ran_;
    return Error{ErrorCode::provider_error, "the model went on calling tools and gave no answer", std::move(details)};
  }
  Finish end{std::move(reply.content), reply.finish_reason == "tool_calls" ? "stop" : reply.finish_reason, {}};
  if (end.content.size() > options_.content_bytes_max) {
    end.content = as_data(end.content, options_.content_bytes_max);
    end.finish_reason = "length";
  }
  return end;
}

/// Ids that every server takes back, each once in the conversation: some models leave them out or repeat them.
void AgentLoop::keep_calls_sound(std::vector<ToolCall>& calls) {
  if (calls.size() > options_.calls_kept_max) calls.resize(options_.calls_kept_max);
  for (auto& call : calls) {
    for (std::size_t number = ids_.size(); !is_sound_id(call.id) || ids_.contains(call.id); ++number)
      call.id = "call_" + std::to_string(step_) + "_" + std::to_string(number);
    ids_.insert(call.id);
    call.name = as_data(call.name, 64);
    if (call.arguments.size() > arguments_bytes_max) call.arguments = "\"too large\"";
  }
}

AgentLoop::Next AgentLoop::take_calls(ModelReply reply) {
  keep_calls_sound(reply.tool_calls);
  std::vector<ToolCall> client_calls;
  for (const auto& call : reply.tool_calls)
    if (catalog_.is_client_tool(call.name)) client_calls.push_back(call);
  if (!client_calls.empty()) {
    std::string content = as_data(reply.content, options_.content_bytes_max);
    // The client will send this message back, and the hub keeps nothing: what was done already must be in it.
    if (!ran_.empty()) {
      content += content.empty() ? "(Done so far:" : "\n(Done so far:";
      for (const auto& path : ran_) content += " " + path;
      content += ")";
    }
    return Finish{std::move(content), "tool_calls", std::move(client_calls)};
  }
  json message = {
      {"role", "assistant"}, {"content", nullptr}, {"tool_calls", tool_calls_json(as_history(reply.tool_calls))}};
  if (!reply.content.empty()) message["content"] = as_data(reply.content, options_.content_bytes_max);
  messages_.push_back(std::move(message));
  has_calls_ = true;

  RunTools run;
  open_.clear();
  for (const auto& call : reply.tool_calls) {
    if (open_.size() >= options_.calls_per_step_max) {
      open_.push_back({call.id, {}, error(ErrorCode::busy, "too many calls in one step; this one was not made")});
      continue;
    }
    if (catalog_.is_hub_tool(call.name)) {
      open_.push_back({call.id, {}, catalog_.answer(call)});
      continue;
    }
    auto planned = plan_call(catalog_, call);
    if (!planned) {
      open_.push_back({call.id, {}, tl::unexpected<Error>(std::move(planned.error()))});
      continue;
    }
    open_.push_back({call.id, planned->skill_path, std::nullopt});
    run.calls.push_back(std::move(*planned));
  }
  if (run.calls.empty()) return tools_ran({});
  return run;
}

AgentLoop::Next AgentLoop::tools_ran(std::vector<Reply<json>> outcomes) {
  std::size_t next = 0;
  for (auto& open : open_) {
    if (open.outcome) {
      add_result(open.id, *open.outcome);
      continue;
    }
    const Reply<json> outcome =
        next < outcomes.size() ? std::move(outcomes[next]) : Reply<json>(error(ErrorCode::internal, "no outcome"));
    if (may_have_run(outcome) && ran_.size() < ran_listed_max)
      ran_.push_back(open.skill_path + (outcome ? "" : " (failed)"));
    add_result(open.id, outcome);
    ++next;
  }
  open_.clear();
  return ask();
}

void AgentLoop::add_result(const std::string& id, const Reply<json>& outcome) {
  messages_.push_back(
      {{"role", "tool"}, {"tool_call_id", id}, {"content", tool_result_content(outcome, options_.result_bytes_max)}});
}

}  // namespace strawberry::bridge

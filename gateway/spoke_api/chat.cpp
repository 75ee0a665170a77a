#include "gateway/spoke_api/chat.h"

#include "common/ids.h"
#include "gateway/json.h"
#include "gateway/openai/chunks.h"
#include "gateway/spoke_api/shapes.h"

namespace strawberry::gateway::spoke_api {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds keep_alive_interval{10};  // its client gives up after 30 s without a byte

std::string content_of(const json& completion) {
  const json::json_pointer content("/choices/0/message/content");
  if (!completion.contains(content) || !completion.at(content).is_string()) return {};
  return completion.at(content).get<std::string>();
}

/// `Class__function`, as the original names its tools.
std::string tool_name_of(const std::string& skill_path) {
  const std::size_t dot = skill_path.find('.');
  return dot == std::string::npos ? skill_path : skill_path.substr(0, dot) + "__" + skill_path.substr(dot + 1);
}

/// The hub's event as the Spoke's; null for one that it has no counterpart of.
json frame_of(const std::string& name, const json& data, std::unordered_map<std::string, std::string>& tools) {
  if (name == "delta") {
    const json::json_pointer content("/choices/0/delta/content");
    const bool has_words = data.contains(content) && data.at(content).is_string();
    if (!has_words || data.at(content).get_ref<const std::string&>().empty()) return nullptr;
    return {{"type", "content_delta"}, {"delta", data.at(content)}};
  }
  if (name == "tool_call") {
    const std::string tool = tool_name_of(text(data, "skill_path"));
    tools[text(data, "id")] = tool;
    return {{"type", "tool_call_started"},
            {"tool_call_id", text(data, "id")},
            {"tool_name", tool},
            {"arguments", data.value("arguments", json::object())}};
  }
  if (name == "tool_result") {
    const auto tool = tools.find(text(data, "id"));
    return {{"type", "tool_call_result"},
            {"tool_call_id", text(data, "id")},
            {"tool_name", tool == tools.end() ? "" : tool->second},
            {"success", is_true(data, "success")},
            {"result", data.value("result", json())},
            {"error", data.value("error", json())}};
  }
  return nullptr;
}

json assistant_message(const json& completion) {
  return {{"type", "assistant_message"},
          {"content", content_of(completion)},
          {"model", completion.value("model", json())},
          {"usage", completion.value("usage", json())}};
}

json error_frame(const std::string& message) { return {{"type", "error"}, {"error", message}}; }
json done_frame() { return {{"type", "done"}}; }

}  // namespace

std::string Successors::of(const std::string& user_id, const std::string& session_id) const {
  std::string id = session_id;
  const std::string prefix = user_id + " ";
  std::string key;
  constexpr int steps_max = 64;
  for (int i = 0; i < steps_max; ++i) {
    key = prefix;
    key += id;
    const auto found = next_.find(key);
    if (found == next_.end()) break;
    id = found->second;
  }
  return id;
}

void Successors::note(const std::string& user_id, const std::string& asked, const std::string& answered) {
  // `new` is no session: each opens another one.
  if (asked.empty() || asked == "new" || answered.empty() || asked == answered) return;
  const std::string key = user_id + " " + asked;
  if (!next_.insert_or_assign(key, answered).second) return;
  order_.push_back(key);
  if (order_.size() <= sessions_max) return;
  next_.erase(order_.front());
  order_.pop_front();
}

bool is_spoke_chat(const json& body) {
  const std::string mode = text(body, "tool_mode");
  return body.contains("enable_tools") || mode == "python_exec";
}

json hub_request(json body) {
  const auto enable = body.find("enable_tools");
  const bool with_tools = enable == body.end() || !enable->is_boolean() || enable->get<bool>();
  body.erase("enable_tools");
  // `python_exec`: the original runs the model's Python itself. Tools say the same to its client.
  body["tool_mode"] = with_tools ? "native" : "none";
  for (const char* name : {"session_id", "model", "max_tokens", "temperature"}) {
    if (const auto found = body.find(name); found != body.end() && found->is_null()) body.erase(found);
  }
  body["op"] = "complete";
  body["stream"] = is_true(body, "stream");
  body["tool_events"] = true;  // in any case: so it is known whether a skill was called
  if (!body.contains("timeout_ms")) body["timeout_ms"] = chat_timeout_default.count();
  return body;
}

Task<void> chat(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, json body,
                Successors& successors) {
  const bool is_streamed = is_true(body, "stream");
  const std::string user_id = link->principal().user_id;
  json request = hub_request(std::move(body));
  const std::string session_id = text(request, "session_id");
  if (!session_id.empty()) request["session_id"] = successors.of(user_id, session_id);
  Asking asking(loop, link, Service::chat, std::move(request));
  bool tool_called = false;
  std::unordered_map<std::string, std::string> tools;
  Problem wrong;
  bool is_over = false;
  if (!asking.send()) {
    wrong = problem(503, "unavailable", "the hub is not running, or has too much to do");
    is_over = true;
  } else {
    asking.watch(exchange);
  }
  const SteadyTime deadline = std::chrono::steady_clock::now() + chat_timeout_default + reply_slack;
  while (!is_over) {
    const SteadyTime pause = std::chrono::steady_clock::now() + keep_alive_interval;
    Asking::Item item = co_await asking.next(std::min(deadline, pause));
    std::string piece;
    bool ends_well = false;
    if (item.kind == Asking::Kind::event) {
      const std::string name = text(item.payload, "event");
      const json data = item.payload.value("data", json());
      tool_called = tool_called || name == "tool_call";
      if (name == "confirm") link->tell(refusal_of(data));
      const json frame = data.is_object() ? frame_of(name, data, tools) : json();
      if (is_streamed && !frame.is_null()) piece = sse(frame);
    } else if (item.kind == Asking::Kind::reply) {
      is_over = true;
      if (is_true(item.payload, "success")) {
        const json completed = item.payload.value("result", json::object());
        successors.note(user_id, session_id, text(completed, "session_id"));
        if (!is_streamed) {
          Response response = json_response(completion(completed));
          co_await exchange.reply(std::move(response));
          co_return;
        }
        piece = sse(assistant_message(completed)) + sse(done_frame());
        ends_well = true;
      } else {
        wrong = problem_of(item.payload.value("error", json()), tool_called);
      }
    } else if (item.kind == Asking::Kind::too_late && std::chrono::steady_clock::now() < deadline) {
      // Before the first word, too: a model may think for longer than the client waits.
      if (is_streamed) piece = sse_keep_alive;
    } else {
      is_over = true;
      if (item.kind != Asking::Kind::lost) link->tell(cancel_of(asking.correlation_id()));
      if (item.kind == Asking::Kind::client_gone || item.kind == Asking::Kind::overflow) co_return;
      wrong = problem(status_of("unavailable", tool_called), "unavailable", "the hub's answer was lost");
    }
    if (!piece.empty()) {
      if (!exchange.has_begun()) {
        std::string type(sse_content_type);
        co_await exchange.begin_stream(std::move(type));
      }
      const bool is_there = co_await exchange.write(std::move(piece));
      if (!is_there) {
        link->tell(cancel_of(asking.correlation_id()));
        co_return;
      }
    }
    if (ends_well) {
      co_await exchange.end_stream();
      co_return;
    }
  }
  if (!exchange.has_begun()) {
    Response response = response_of(wrong, ErrorShape::spoke);
    co_await exchange.reply(std::move(response));
    co_return;
  }
  std::string last = sse(error_frame(wrong.message)) + sse(done_frame());
  const bool is_there = co_await exchange.write(std::move(last));
  if (is_there) co_await exchange.end_stream();
}

}  // namespace strawberry::gateway::spoke_api

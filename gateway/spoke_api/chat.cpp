#include "gateway/spoke_api/chat.h"

#include "gateway/http/json.h"
#include "gateway/http/sse.h"
#include "gateway/hub/chat_turn.h"
#include "gateway/spoke_api/shapes.h"

namespace strawberry::gateway::spoke_api {
namespace {

using nlohmann::json;

// The client gives up after 30 s without a byte, also before the first word: a model may think for longer.
constexpr std::chrono::seconds keep_alive_interval{10};

std::string content_of(const json& completion) {
  const json::json_pointer content("/choices/0/message/content");
  if (!completion.contains(content) || !completion.at(content).is_string()) return {};
  return completion.at(content).get<std::string>();
}

/// Returns `Class__function`, the name of a tool in the original.
std::string tool_name_of(const std::string& skill_path) {
  const std::size_t dot = skill_path.find('.');
  return dot == std::string::npos ? skill_path : skill_path.substr(0, dot) + "__" + skill_path.substr(dot + 1);
}

/// Converts the hub's event to the Spoke's; null for an event that has no counterpart.
json frame_of(const std::string& name, const json& data, std::unordered_map<std::string, std::string>& tools) {
  if (name == "delta") {
    const json::json_pointer content("/choices/0/delta/content");
    const bool has_words = data.contains(content) && data.at(content).is_string();
    if (!has_words || data.at(content).get_ref<const std::string&>().empty()) return nullptr;
    return {{"type", "content_delta"}, {"delta", data.at(content)}};
  }
  if (name == "tool_call") {
    const std::string tool = tool_name_of(text_member(data, "skill_path"));
    tools[text_member(data, "id")] = tool;
    return {{"type", "tool_call_started"},
            {"tool_call_id", text_member(data, "id")},
            {"tool_name", tool},
            {"arguments", data.value("arguments", json::object())}};
  }
  if (name == "tool_result") {
    const auto tool = tools.find(text_member(data, "id"));
    return {{"type", "tool_call_result"},
            {"tool_call_id", text_member(data, "id")},
            {"tool_name", tool == tools.end() ? "" : tool->second},
            {"success", is_true(data, "success")},
            {"result", data.value("result", json())},
            {"error", data.value("error", json())}};
  }
  return nullptr;
}

json assistant_message(const json& completion) {
  json frame{{"type", "assistant_message"},
             {"content", content_of(completion)},
             {"model", completion.value("model", json())},
             {"usage", completion.value("usage", json())}};
  if (const std::string id = text_member(completion, "session_id"); !id.empty()) frame["session_id"] = id;
  return frame;
}

json error_frame(const std::string& message) { return {{"type", "error"}, {"error", message}}; }
json done_frame() { return {{"type", "done"}}; }

class SpokeWriter : public ChatWriter {
 public:
  /// `session_id`: the id that the client knows.
  SpokeWriter(bool is_streamed, Successors& successors, std::string user_id, std::string session_id)
      : ChatWriter({.errors = ErrorShape::spoke,
                    .is_streamed = is_streamed,
                    .keep_alive = keep_alive_interval,
                    .comments_begin = true}),
        successors_(successors),
        user_id_(std::move(user_id)),
        session_id_(std::move(session_id)) {}

  std::string event(const std::string& name, const json& message) override {
    const json data = member(message, "data");
    const json frame = data.is_object() ? frame_of(name, data, tools_) : json();
    return frame.is_null() ? "" : sse(frame);
  }
  std::string end(const json& reply) override {
    const json completed = reply.value("result", json::object());
    note(completed);
    return sse(assistant_message(completed)) + sse(done_frame());
  }
  std::string failure(const Problem& why, const json& /*reply*/) override {
    return sse(error_frame(why.message)) + sse(done_frame());
  }
  Response whole(const json& result) override {
    note(result);
    return json_response(completion(result));
  }

 private:
  void note(const json& completed) { successors_.note(user_id_, session_id_, text_member(completed, "session_id")); }

  Successors& successors_;
  const std::string user_id_;
  const std::string session_id_;
  std::unordered_map<std::string, std::string> tools_;  // by call
};

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
  // `new` is not a session: each request with it opens another one.
  if (asked.empty() || asked == "new" || answered.empty() || asked == answered) return;
  const std::string key = user_id + " " + asked;
  if (!next_.insert_or_assign(key, answered).second) return;
  order_.push_back(key);
  if (order_.size() <= sessions_max) return;
  next_.erase(order_.front());
  order_.pop_front();
}

bool is_spoke_chat(const json& body) {
  const std::string mode = text_member(body, "tool_mode");
  return body.contains("enable_tools") || mode == "python_exec";
}

json hub_request(json body) {
  const auto enable = body.find("enable_tools");
  const bool with_tools = enable == body.end() || !enable->is_boolean() || enable->get<bool>();
  body.erase("enable_tools");
  // For `python_exec` the original runs the model's Python itself. Here tools give its client the same result.
  body["tool_mode"] = with_tools ? "native" : "none";
  for (const char* name : {"session_id", "model", "max_tokens", "temperature"}) {
    if (const auto found = body.find(name); found != body.end() && found->is_null()) body.erase(found);
  }
  body["op"] = "complete";
  return body;
}

Task<void> chat(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, json body,
                Successors& successors) {
  const std::string user_id = link->principal().user_id;
  json request = hub_request(std::move(body));
  const std::string session_id = text_member(request, "session_id");
  if (!session_id.empty()) request["session_id"] = successors.of(user_id, session_id);
  SpokeWriter writer(is_true(request, "stream"), successors, user_id, session_id);
  co_await run_chat(loop, exchange, std::move(link), std::move(request), writer);
}

}  // namespace strawberry::gateway::spoke_api

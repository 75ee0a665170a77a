#include "gateway/openai/chunks.h"

#include <utility>
#include <vector>

#include "gateway/http/json.h"
#include "gateway/http/sse.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

const json* first_choice(const json& object) {
  const auto choices = object.find("choices");
  if (choices == object.end() || !choices->is_array() || choices->empty() || !choices->front().is_object())
    return nullptr;
  return &choices->front();
}

}  // namespace

Chunks::Chunks(std::string id, std::string model, std::int64_t created)
    : id_(std::move(id)), model_(std::move(model)), created_(created) {}

json Chunks::chunk(json delta, json finish_reason) const {
  return {{"id", id_},
          {"object", "chat.completion.chunk"},
          {"created", created_},
          {"model", model_},
          {"choices",
           json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}}})}};
}

std::string Chunks::event(const std::string& name, const json& data) {
  if (!data.is_object()) return {};
  std::string before = finish_.is_null() ? "" : sse(std::exchange(finish_, nullptr));
  if (name == "delta") {
    if (const std::string model = text_member(data, "model"); !model.empty()) model_ = model;
    // One stream has one id, even if another model answers after a tool.
    json shown = data;
    shown["id"] = id_;
    const json* choice = first_choice(data);
    const json delta = choice == nullptr ? json::object() : choice->value("delta", json::object());
    has_text_ = has_text_ || !text_member(delta, "content").empty() || delta.contains("tool_calls");
    if (choice == nullptr || member(*choice, "finish_reason").is_null()) return before + sse(shown);
    finish_ = std::move(shown);
    return before;
  }
  if (name != "tool_call" && name != "tool_result" && name != "confirm") return before;
  json shown = chunk(json::object(), nullptr);
  shown["strawberry"] = data;
  shown["strawberry"]["event"] = name;
  return before + sse(shown);
}

std::string Chunks::end(const json& completion, bool with_usage) {
  std::vector<json> last;
  if (const std::string model = text_member(completion, "model"); !model.empty()) model_ = model;
  const json* choice = first_choice(completion);
  const json message = choice == nullptr ? json::object() : choice->value("message", json::object());
  if (!has_text_) {
    json delta{{"role", "assistant"}, {"content", message.value("content", json())}};
    if (const auto calls = message.find("tool_calls"); calls != message.end() && calls->is_array()) {
      json indexed = *calls;
      for (std::size_t i = 0; i < indexed.size(); ++i) indexed[i]["index"] = i;
      delta["tool_calls"] = std::move(indexed);
    }
    last.push_back(chunk(std::move(delta), nullptr));
  }
  if (finish_.is_null()) {
    finish_ = chunk(json::object(), choice == nullptr ? json("stop") : choice->value("finish_reason", json("stop")));
  }
  last.push_back(std::move(finish_));
  if (with_usage) {
    json usage = chunk(json::object(), nullptr);
    usage["choices"] = json::array();
    usage["usage"] = completion.value("usage", json());
    last.push_back(std::move(usage));
  }
  if (const std::string session_id = text_member(completion, "session_id"); !session_id.empty()) {
    last.back()["session_id"] = session_id;
  }
  std::string out;
  for (const json& one : last) out += sse(one);
  return out;
}

}  // namespace strawberry::gateway

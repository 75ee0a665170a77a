#include "bridge/llm/openai_reply.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iterator>

#include "bridge/llm/tool_call_fragments.h"
#include "bridge/llm/wire_json.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Of a server that could not finish the answer.
bool is_failure(std::string_view finish_reason) {
  constexpr std::string_view words[] = {"error", "abort", "aborted", "network_error", "insufficient_system_resource"};
  return std::find(std::begin(words), std::end(words), finish_reason) != std::end(words);
}

class OpenAiReply final : public ReplyBuilder {
 public:
  Result<bool, ProviderError> take(const json& event, const OnText& on_text) override {
    if (!event.is_object()) return wire_error("bad_reply", 200, "answered with an event that is no JSON object");
    if (reply_.model.empty()) reply_.model = printable(string_at(event, "model"), 128);
    if (const json* usage = member(event, "usage"); usage && usage->is_object())
      reply_.usage = {count_at(*usage, "prompt_tokens"), count_at(*usage, "completion_tokens")};
    const json* choices = member(event, "choices");
    if (!choices || !choices->is_array()) return true;
    for (const auto& choice : *choices)
      if (count_at(choice, "index") == 0) {
        if (const auto reason = string_at(choice, "finish_reason"); is_failure(reason))
          return wire_error("cut", 200, "gave up its answer: " + shown_text(reason));
        take_choice(choice, on_text);
      }
    return true;  // the usage may follow
  }

  /// Such a message needs no reason to be complete.
  void end_of_whole() override {
    if (has_message_ && reply_.finish_reason.empty()) reply_.finish_reason = "stop";
  }

  Result<ModelReply, ProviderError> finish() override {
    reply_.tool_calls = calls_.take();
    return complete_reply();
  }

 private:
  void take_choice(const json& choice, const OnText& on_text) {
    const json* delta = member(choice, "delta");
    const json* message = member(choice, "message");
    if (delta && delta->is_object() && !delta->empty()) {
      has_delta_ = true;
      take_message(*delta, true, on_text);
    } else if (message && message->is_object() && !has_delta_) {
      // Behind deltas it would be all of them once more.
      has_message_ = true;
      take_message(*message, false, on_text);
    }
    if (auto reason = openai_finish_reason(string_at(choice, "finish_reason")); !reason.empty())
      reply_.finish_reason = std::move(reason);
  }

  void take_message(const json& message, bool is_delta, const OnText& on_text) {
    say(openai_text(message), on_text);
    count_pieces(thoughts_in(message));
    const json* fragments = member(message, "tool_calls");
    if (!fragments || !fragments->is_array()) return;
    for (const auto& fragment : *fragments) {
      count_piece();
      if (is_delta) {
        calls_.add(fragment);
      } else {
        calls_.add_whole(fragment);
      }
    }
  }

  ToolCallFragments calls_;
  bool has_delta_ = false;
  bool has_message_ = false;
};

}  // namespace

std::unique_ptr<ReplyBuilder> make_openai_reply() { return std::make_unique<OpenAiReply>(); }

std::string openai_text(const json& message) {
  const json* content = member(message, "content");
  if (content && content->is_string()) return content->get<std::string>();
  std::string text;
  if (content && content->is_array())
    for (const auto& part : *content)
      if (!is_thought(part)) text += string_at(part, "text");
  return text.empty() ? string_at(message, "refusal") : text;
}

std::string openai_finish_reason(std::string_view said) {
  const auto is_one_of = [said](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [said](std::string_view word) {
      return std::equal(said.begin(), said.end(), word.begin(), word.end(),
                        [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
    });
  };
  if (said.empty()) return {};
  if (is_one_of({"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "context_length",
                 "context_length_exceeded", "token_limit"}))
    return "length";
  if (is_one_of({"content_filter", "safety", "sensitive", "refusal", "recitation", "blocklist", "prohibited_content"}))
    return "content_filter";
  return "stop";
}

}  // namespace strawberry::bridge

#include "bridge/llm/openai_stream.h"

#include <optional>
#include <utility>

#include "bridge/llm/answer_end.h"
#include "bridge/llm/openai_wire.h"
#include "bridge/llm/sse.h"
#include "bridge/llm/tool_call_fragments.h"
#include "bridge/llm/wire_json.h"
#include "bridge/protocol/text.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr int status_ok = 200;  // only bodies of success are streamed

class OpenAiStream final : public StreamReader {
 public:
  bool feed(std::string_view bytes, const OnText& on_text) override {
    if (is_over()) return false;
    if (kind_ == Kind::unknown) {
      body_ += bytes;
      const auto first = body_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
      if (first == std::string::npos) return true;
      // No line of an event stream begins like JSON, or like a web page.
      const bool is_whole = body_[first] == '{' || body_[first] == '[' || body_[first] == '<';
      kind_ = is_whole ? Kind::whole : Kind::events;
      return is_whole || feed_events(std::exchange(body_, {}), on_text);
    }
    if (kind_ == Kind::events) return feed_events(bytes, on_text);
    body_ += bytes;
    return true;
  }

  std::size_t pieces() const override { return pieces_; }

  Result<ModelReply, ProviderError> finish() override {
    if (kind_ == Kind::whole) return read_openai_response({status_ok, {}, std::exchange(body_, {})});
    if (!is_over()) sse_.finish([this](const SseEvent& event) { return take(event, nullptr); });
    if (error_) return tl::unexpected(*error_);
    if (reply_.finish_reason.empty())
      return wire_error("cut", status_ok, is_begun_ ? "the answer ended in the middle" : "answered nothing");
    reply_.tool_calls = calls_.take();
    return settle_calls(std::move(reply_));
  }

 private:
  enum class Kind { unknown, events, whole };

  bool is_over() const { return is_done_ || error_; }

  bool feed_events(std::string_view bytes, const OnText& on_text) {
    sse_.feed(bytes, [&](const SseEvent& event) { return take(event, on_text); });
    if (sse_.has_failed()) fail_with(wire_error("too_large", status_ok, "answered with an event that is too large"));
    return !is_over();
  }

  /// Whether more is wanted.
  bool take(const SseEvent& event, const OnText& on_text) {
    if (event.data == "[DONE]") {
      is_done_ = true;
    } else if (event.data.empty()) {
      return true;
    } else if (const auto chunk = parse_wire(event.data); !chunk || !chunk->is_object()) {
      fail_with(wire_error("bad_reply", status_ok, "answered with an event that is no JSON object"));
    } else if (error_said(*chunk)) {
      fail_with(reported_error(*chunk, status_ok));
    } else if (event.name == "error" || string_at(*chunk, "object") == "error") {
      fail_with(reported_error({{"error", *chunk}}, status_ok));
    } else {
      is_begun_ = true;
      take_chunk(*chunk, on_text);
    }
    return !is_over();
  }

  void take_chunk(const json& chunk, const OnText& on_text) {
    if (reply_.model.empty()) reply_.model = printable(string_at(chunk, "model"), 128);
    if (const json* usage = member(chunk, "usage"); usage && usage->is_object())
      reply_.usage = {count_at(*usage, "prompt_tokens"), count_at(*usage, "completion_tokens")};
    const json* choices = member(chunk, "choices");
    if (!choices || !choices->is_array()) return;
    for (const auto& choice : *choices) {
      if (count_at(choice, "index") != 0) continue;
      if (const json* delta = member(choice, "delta")) take_delta(*delta, on_text);
      if (auto reason = openai_finish_reason(string_at(choice, "finish_reason")); !reason.empty())
        reply_.finish_reason = std::move(reason);
    }
  }

  void take_delta(const json& delta, const OnText& on_text) {
    if (const auto text = openai_text(delta); !text.empty()) {
      ++pieces_;
      reply_.content += text;
      if (on_text) on_text(text);
    }
    for (const char* thought : {"reasoning_content", "reasoning"})
      if (!string_at(delta, thought).empty()) ++pieces_;
    const json* fragments = member(delta, "tool_calls");
    if (!fragments || !fragments->is_array()) return;
    for (const auto& fragment : *fragments) {
      ++pieces_;
      calls_.add(fragment);
    }
  }

  void fail_with(tl::unexpected<ProviderError> error) {
    if (!error_) error_ = std::move(error.value());
  }

  Kind kind_ = Kind::unknown;
  std::string body_;  // its start, as long as the kind is unknown; or all of it
  SseParser sse_{{openai_event_bytes_max}};
  ToolCallFragments calls_;
  ModelReply reply_;
  std::size_t pieces_ = 0;
  bool is_begun_ = false;
  bool is_done_ = false;
  std::optional<ProviderError> error_;
};

}  // namespace

std::unique_ptr<StreamReader> make_openai_stream() { return std::make_unique<OpenAiStream>(); }

}  // namespace strawberry

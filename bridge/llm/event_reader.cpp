#include "bridge/llm/event_reader.h"

#include <utility>

#include "bridge/llm/answer_end.h"
#include "bridge/llm/wire_json.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t event_bytes_max = 1024 * 1024;

class EventReader final : public StreamReader {
 public:
  EventReader(EventFormat format, std::unique_ptr<ReplyBuilder> builder)
      : format_(format), builder_(std::move(builder)), sse_({event_bytes_max}) {}

  bool feed(std::string_view bytes, const OnText& on_text) override {
    if (done_) return false;
    if (!begun_) {
      start_ += bytes;
      const auto first = start_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
      if (first == std::string::npos) return true;
      begun_ = true;
      // Lines of JSON begin as a whole JSON does: they are told apart at the first line's end.
      const char c = start_[first];
      is_whole_ = c == '<' || (format_ == EventFormat::server_sent_events && (c == '{' || c == '['));
      const auto held = std::exchange(start_, {});
      return feed(held, on_text);
    }
    if (is_whole_) {
      start_ += bytes;
      return true;
    }
    if (format_ == EventFormat::json_lines) {
      feed_lines(bytes, on_text);
    } else {
      sse_.feed(bytes, [&](const SseEvent& event) { return take_event(event.data, on_text); });
      if (sse_.has_failed()) fail_with(too_large());
    }
    return !done_;
  }

  std::size_t pieces() const override { return builder_->pieces(); }

  Result<ModelReply, ProviderError> finish() override {
    const OnText nobody = [](std::string_view) {};
    if (!done_ && is_whole_) return read_whole({200, {}, std::move(start_)}, *builder_);
    if (!done_ && format_ == EventFormat::json_lines && !line_.empty()) take_line(nobody);
    if (!done_ && is_whole_) return read_whole({200, {}, std::move(start_)}, *builder_);
    if (!done_ && format_ == EventFormat::server_sent_events)
      sse_.finish([&](const SseEvent& event) { return take_event(event.data, nobody); });
    if (error_) return tl::unexpected(*error_);
    return builder_->finish();
  }

 private:
  static ProviderError too_large() {
    return wire_error("too_large", 200, "answered with an event that is too large").value();
  }

  void feed_lines(std::string_view bytes, const OnText& on_text) {
    while (!bytes.empty() && !done_ && !is_whole_) {
      const auto end = bytes.find('\n');
      const auto piece = bytes.substr(0, end);
      if (line_.size() + piece.size() > event_bytes_max) return fail_with(too_large());
      line_ += piece;
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      take_line(on_text);
    }
    if (is_whole_) start_ += bytes;
  }

  void take_line(const OnText& on_text) {
    const auto line = std::exchange(line_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    if (is_first_line_ && !parse_wire(line)) {
      is_whole_ = true;
      start_ = line + '\n';
      return;
    }
    is_first_line_ = false;
    take_event(line, on_text);
  }

  bool take_event(const std::string& text, const OnText& on_text) {
    // Some proxies end every stream as OpenAI does.
    if (text == "[DONE]") {
      done_ = true;
      return false;
    }
    const auto event = parse_wire(text);
    if (!event) {
      fail_with(wire_error("bad_reply", 200, "answered with an event that is no JSON").value());
    } else if (error_said(*event)) {
      fail_with(reported_error(*event, 200).value());
    } else if (const auto more = builder_->take(*event, on_text); !more) {
      fail_with(more.error());
    } else {
      done_ = !*more;
    }
    return !done_;
  }

  void fail_with(ProviderError error) {
    if (!error_) error_ = std::move(error);
    done_ = true;
  }

  const EventFormat format_;
  const std::unique_ptr<ReplyBuilder> builder_;
  SseParser sse_;
  std::string start_;  // blanks before the first event, or the whole body
  std::string line_;   // what has come of it
  bool begun_ = false;
  bool is_whole_ = false;
  bool is_first_line_ = true;
  bool done_ = false;
  std::optional<ProviderError> error_;
};

}  // namespace

void ReplyBuilder::say(const std::string& text, const OnText& on_text) {
  if (text.empty()) return;
  count_piece();
  reply_.content += text;
  if (on_text) on_text(text);
}

ToolCall* ReplyBuilder::add_call(std::string id, std::string name) {
  count_piece();
  if (reply_.tool_calls.size() == reply_tool_calls_max) return nullptr;
  ToolCall call;
  call.id = std::move(id);
  call.name = std::move(name);
  reply_.tool_calls.push_back(std::move(call));
  return &reply_.tool_calls.back();
}

Result<ModelReply, ProviderError> ReplyBuilder::complete_reply() {
  if (reply_.finish_reason.empty()) return wire_error("cut", 200, "the answer ended in the middle");
  return settle_calls(std::move(reply_));
}

Result<ModelReply, ProviderError> read_whole(const HttpResponse& response, ReplyBuilder& builder) {
  const auto body = successful_json(response);
  if (!body) return tl::unexpected(body.error());
  const json events = body->is_array() ? *body : json::array({*body});
  for (const auto& event : events) {
    const auto more = builder.take(event, nullptr);
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
  }
  auto reply = builder.finish();
  // A body that is there to its last bracket was not cut, it says something else.
  if (!reply && reply.error().reason == "cut")
    return wire_error("bad_reply", response.status, "answered with JSON that holds no answer");
  return reply;
}

std::unique_ptr<StreamReader> make_event_reader(EventFormat format, std::unique_ptr<ReplyBuilder> builder) {
  return std::make_unique<EventReader>(format, std::move(builder));
}

}  // namespace strawberry

#include "bridge/llm/event_reader.h"

#include <optional>
#include <utility>

#include "bridge/llm/answer_end.h"
#include "bridge/llm/said_error.h"
#include "bridge/llm/wire_json.h"
#include "common/text/sse.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr int status_ok = 200;  // only bodies of success are read here
constexpr std::string_view done_mark = "[DONE]";
constexpr std::string_view blanks = " \t\r\n";

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A body that is one JSON, without the `data: [DONE]` that some servers put behind it.
std::string_view without_done(std::string_view body) {
  body = without_blanks(body);
  if (!body.ends_with(done_mark)) return body;
  const auto before = without_blanks(body.substr(0, body.size() - done_mark.size()));
  return before.ends_with("data:") ? without_blanks(before.substr(0, before.size() - 5)) : body;
}

class EventReader final : public StreamReader {
 public:
  explicit EventReader(std::unique_ptr<ReplyBuilder> builder) : builder_(std::move(builder)) {}

  bool feed(std::string_view bytes, const OnText& on_text) override {
    if (done_) return false;
    switch (kind_) {
      case Kind::unknown: begin(bytes, on_text); break;
      case Kind::whole: start_ += bytes; break;
      case Kind::lines: feed_lines(bytes, on_text); break;
      case Kind::events: feed_events(bytes, on_text); break;
    }
    return !done_;
  }

  std::size_t pieces() const override { return builder_->pieces(); }

  Result<ModelReply, ProviderError> finish() override {
    const OnText nobody = [](std::string_view) {};
    if (!done_) {
      if (kind_ == Kind::unknown || kind_ == Kind::whole) take_whole();
      if (kind_ == Kind::lines) {
        take_line(std::exchange(line_, {}), nobody);
        if (events_ == 1) builder_->end_of_whole();
      }
      if (kind_ == Kind::events) sse_.finish([&](const SseEvent& event) { return take_event(event, nobody); });
    }
    if (error_) return tl::unexpected(*error_);
    auto reply = builder_->finish();
    // A body that is there to its last bracket was not cut, it says something else.
    if (!reply && reply.error().reason == "cut" && is_one_json_) return no_answer();
    return reply;
  }

  bool has_events() const { return events_ > 1 || (events_ == 1 && kind_ == Kind::events); }
  /// What is said of a body without any answer in it.
  tl::unexpected<ProviderError> no_answer() const {
    if (events_ == 0) return wire_error("bad_reply", status_ok, "answered with no JSON");
    return wire_error("bad_reply", status_ok,
                      "answered with JSON that holds no answer" + (said_.empty() ? "" : ": " + shown_text(said_)));
  }

 private:
  enum class Kind { unknown, events, lines, whole };

  void begin(std::string_view bytes, const OnText& on_text) {
    start_ += bytes;
    const auto first = start_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string::npos) return;
    // No line of an event stream begins like JSON, or like a web page.
    const char c = start_[first];
    if (c == '<' || c == '[') {
      kind_ = Kind::whole;
    } else if (c != '{') {
      kind_ = Kind::events;
      feed_events(std::exchange(start_, {}), on_text);
    } else if (const auto end = start_.find('\n', first); end != std::string::npos) {
      if (parse_wire(std::string_view(start_).substr(first, end - first))) {
        kind_ = Kind::lines;
        const auto held = std::exchange(start_, {});
        feed_lines(std::string_view(held).substr(first), on_text);
      } else {
        kind_ = Kind::whole;
      }
    }
  }

  void feed_events(std::string_view bytes, const OnText& on_text) {
    sse_.feed(bytes, [&](const SseEvent& event) { return take_event(event, on_text); });
    if (sse_.has_failed()) fail_with(too_large());
  }

  void feed_lines(std::string_view bytes, const OnText& on_text) {
    while (!bytes.empty() && !done_) {
      const auto end = bytes.find('\n');
      const auto piece = bytes.substr(0, end);
      // The first line was measured when it was held: a whole answer may be longer than an event.
      if (events_ > 0 && line_.size() + piece.size() > event_bytes_max) return fail_with(too_large());
      line_ += piece;
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      take_line(std::exchange(line_, {}), on_text);
    }
  }

  void take_line(std::string_view line, const OnText& on_text) {
    line = without_blanks(line);
    // Behind a JSON line, lines of an event stream may follow.
    for (const std::string_view field : {":", "event:", "id:", "retry:"})
      if (line.starts_with(field)) return;
    if (line.starts_with("data:")) line = without_blanks(line.substr(5));
    if (!line.empty()) take_event({{}, std::string(line)}, on_text);
  }

  /// Whether more is wanted.
  bool take_event(const SseEvent& event, const OnText& on_text) {
    const auto text = without_blanks(event.data);
    if (text == done_mark) {
      builder_->end_was_announced();
      done_ = true;
    } else if (text.empty()) {
      return true;
    } else if (const auto parsed = parse_wire(text); event.name == "error") {
      const json error = parsed ? *parsed : json(std::string(text));
      fail_with(reported_error(error_said(error) ? error : json{{"error", error}}, status_ok).value());
    } else if (!parsed) {
      fail_with(wire_error("bad_reply", status_ok, "answered with an event that is no JSON").value());
    } else {
      take_json(*parsed, on_text);
    }
    return !done_;
  }

  void take_json(const json& event, const OnText& on_text) {
    ++events_;
    if (error_said(event)) return fail_with(reported_error(event, status_ok).value());
    if (events_ == 1) said_ = failure_said(event);
    const auto more = builder_->take(event, on_text);
    if (!more) return fail_with(more.error());
    done_ = done_ || !*more;
  }

  void take_whole() {
    const auto body = without_done(start_);
    if (body.empty()) return;
    is_one_json_ = true;
    const auto parsed = parse_wire(body.starts_with("\xEF\xBB\xBF") ? without_blanks(body.substr(3)) : body);
    if (!parsed)
      return fail_with(wire_error("bad_reply", status_ok,
                                  body.find_first_of('<') == 0 ? "answered with a web page: is base_url right?"
                                                               : "answered with no JSON")
                           .value());
    const json events = parsed->is_array() ? *parsed : json::array({*parsed});
    for (const auto& event : events)
      if (!done_) take_json(event, nullptr);
    if (events.size() == 1) builder_->end_of_whole();
  }

  static ProviderError too_large() {
    return wire_error("too_large", status_ok, "answered with an event that is too large").value();
  }

  void fail_with(ProviderError error) {
    if (!error_) error_ = std::move(error);
    done_ = true;
  }

  const std::unique_ptr<ReplyBuilder> builder_;
  SseParser sse_{{event_bytes_max}};
  Kind kind_ = Kind::unknown;
  std::string start_;  // of the body, until its kind is known; or all of it
  std::string line_;   // what has come of it
  std::string said_;   // by the first JSON, should it be no answer
  std::size_t events_ = 0;
  bool is_one_json_ = false;
  bool done_ = false;
  std::optional<ProviderError> error_;
};

}  // namespace

void ReplyBuilder::say(const std::string& text, const OnText& on_text) {
  if (text.empty()) return;
  count_piece();
  const auto whole = halves_.add(text);
  reply_.content += whole;
  if (on_text && !whole.empty()) on_text(whole);
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
  reply_.content += halves_.finish();
  if (reply_.finish_reason.empty()) {
    if (pieces_ == 0) return wire_error("cut", status_ok, "answered nothing");
    if (!is_end_announced_) return wire_error("cut", status_ok, "the answer ended in the middle");
    // Without a reason, nothing says that the arguments are all there, but they themselves.
    for (const auto& call : reply_.tool_calls)
      if (without_blanks(call.arguments).empty())
        return wire_error("cut", status_ok, "the answer ended in the middle of a tool call");
    reply_.finish_reason = "stop";
  }
  for (auto& call : reply_.tool_calls) call.arguments = plain_arguments(call.arguments);
  return settle_calls(std::move(reply_));
}

std::unique_ptr<StreamReader> make_event_reader(std::unique_ptr<ReplyBuilder> builder) {
  return std::make_unique<EventReader>(std::move(builder));
}

Result<ModelReply, ProviderError> read_response(const HttpResponse& response, std::unique_ptr<ReplyBuilder> builder) {
  if (response.status < 200 || response.status > 299) return failed_response(response);
  EventReader reader(std::move(builder));
  reader.feed(response.body, nullptr);
  auto reply = reader.finish();
  if (!reply && reply.error().reason == "cut" && !reader.has_events()) return reader.no_answer();
  return reply;
}

}  // namespace strawberry::bridge

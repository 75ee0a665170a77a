// What a model server streams, whole and cut into pieces: both must come to the same, in every dialect. The first byte
// says how it is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bridge/llm/wire.h"
#include "common/text/sse.h"
#include "tests/fuzz/require.h"

namespace strawberry::test {

using namespace bridge;

namespace {

constexpr std::size_t error_bytes_max = 400;

using Pieces = std::vector<std::string_view>;

Pieces cut(std::string_view body, std::uint8_t how) {
  Pieces pieces;
  std::uint32_t state = how;
  while (!body.empty()) {
    state = state * 1664525U + 1013904223U;
    const std::size_t size = how == 0 ? 1 : 1 + (state >> 24) % how;
    pieces.push_back(body.substr(0, size));
    body.remove_prefix(pieces.back().size());
  }
  return pieces;
}

struct Events {
  std::vector<std::pair<std::string, std::string>> events;
  bool failed = false;
  bool operator==(const Events&) const = default;
};

Events events_of(const Pieces& pieces, std::size_t event_bytes_max) {
  SseParser parser({event_bytes_max});
  Events read;
  const auto on_event = [&](const SseEvent& event) {
    FUZZ_REQUIRE(!read.failed);
    FUZZ_REQUIRE(event.name.size() + event.data.size() <= event_bytes_max);
    FUZZ_REQUIRE(event.name.find_first_of("\r\n") == std::string::npos && event.data.find('\r') == std::string::npos);
    read.events.emplace_back(event.name, event.data);
    return true;
  };
  for (const auto piece : pieces) FUZZ_REQUIRE(parser.feed(piece, on_event) == !parser.has_failed());
  parser.finish(on_event);
  read.failed = parser.has_failed();
  return read;
}

void require_valid(const std::string& text) { static_cast<void>(nlohmann::json(text).dump()); }

struct Answer {
  std::string shown;
  std::size_t pieces = 0;
  Result<ModelReply, ProviderError> reply = ModelReply{};
};

Answer answer_of(const Wire& wire, const Pieces& pieces) {
  Answer answer;
  const auto reader = wire.stream();
  bool more = true;
  for (const auto piece : pieces) {
    const bool wants_more = reader->feed(piece, [&](std::string_view text) { answer.shown += text; });
    FUZZ_REQUIRE(more || !wants_more);
    FUZZ_REQUIRE(reader->pieces() >= answer.pieces);
    answer.pieces = reader->pieces();
    more = wants_more;
  }
  answer.reply = reader->finish();
  require_valid(answer.shown);
  if (!answer.reply) {
    const ProviderError& error = answer.reply.error();
    FUZZ_REQUIRE(!error.reason.empty() && !error.message.empty() && error.message.size() <= error_bytes_max);
    require_valid(error.message);
    return answer;
  }
  const ModelReply& reply = *answer.reply;
  // An answer that came as one whole is not shown from here, and its last event may be read at the end.
  FUZZ_REQUIRE(reply.content.starts_with(answer.shown));
  FUZZ_REQUIRE(!reply.finish_reason.empty() && reply.tool_calls.size() <= reply_tool_calls_max);
  FUZZ_REQUIRE(reply.usage.prompt_tokens >= 0 && reply.usage.completion_tokens >= 0);
  for (const auto* text : {&reply.content, &reply.finish_reason, &reply.model}) require_valid(*text);
  for (const auto& call : reply.tool_calls) {
    FUZZ_REQUIRE(!call.arguments.empty());
    for (const auto* text : {&call.id, &call.name, &call.arguments, &call.extra}) require_valid(*text);
  }
  return answer;
}

void require_same(const Answer& whole, const Answer& pieces) {
  FUZZ_REQUIRE(whole.shown == pieces.shown && whole.pieces == pieces.pieces);
  FUZZ_REQUIRE(whole.reply.has_value() == pieces.reply.has_value());
  if (!whole.reply) {
    FUZZ_REQUIRE(whole.reply.error().reason == pieces.reply.error().reason);
    FUZZ_REQUIRE(whole.reply.error().message == pieces.reply.error().message);
    return;
  }
  const ModelReply &one = *whole.reply, &other = *pieces.reply;
  FUZZ_REQUIRE(one.content == other.content && one.finish_reason == other.finish_reason && one.model == other.model);
  FUZZ_REQUIRE(one.usage.prompt_tokens == other.usage.prompt_tokens);
  FUZZ_REQUIRE(one.usage.completion_tokens == other.usage.completion_tokens);
  const auto same_call = [](const ToolCall& a, const ToolCall& b) {
    return a.id == b.id && a.name == b.name && a.arguments == b.arguments && a.extra == b.extra;
  };
  FUZZ_REQUIRE(std::equal(one.tool_calls.begin(), one.tool_calls.end(), other.tool_calls.begin(),
                          other.tool_calls.end(), same_call));
}

const std::vector<std::unique_ptr<Wire>>& dialects() {
  static const auto all = [] {
    std::vector<std::unique_ptr<Wire>> made;
    for (const auto make : {make_openai_wire, make_anthropic_wire, make_gemini_wire, make_ollama_wire})
      made.push_back(make({}));
    return made;
  }();
  return all;
}

}  // namespace
}  // namespace strawberry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strawberry::test;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Pieces whole{body}, pieces = cut(body, data[0]);
  for (const std::size_t event_bytes_max : {std::size_t(1024 * 1024), std::size_t(16)})
    FUZZ_REQUIRE(events_of(whole, event_bytes_max) == events_of(pieces, event_bytes_max));
  for (const auto& wire : dialects()) require_same(answer_of(*wire, whole), answer_of(*wire, pieces));
  return 0;
}

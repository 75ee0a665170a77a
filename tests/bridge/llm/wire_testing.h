/// What the tests of the dialects share: requests, and streams read in every way their bytes may be cut.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "bridge/llm/wire.h"
#include "tests/support/seeds.h"

namespace strawberry::test {

using namespace bridge;

using nlohmann::json;

inline ModelRequest asking(json messages, json options = json::object()) {
  ModelRequest request;
  request.messages = std::move(messages);
  request.options = std::move(options);
  return request;
}

inline ModelRequest asking_hi(json options = json::object()) {
  return asking(json::array({{{"role", "user"}, {"content", "hi"}}}), std::move(options));
}

inline Tool tool_named(std::string name,
                       json parameters = {{"type", "object"}, {"properties", {{"q", {{"type", "string"}}}}}}) {
  Tool tool;
  tool.name = std::move(name);
  tool.description = "does " + tool.name;
  tool.parameters = std::move(parameters);
  return tool;
}

inline json body_of(const Wire& wire, const ModelRequest& request) {
  const auto sent = wire.write(request, "model-1");
  if (sent) return sent->body;
  ADD_FAILURE() << sent.error().message;
  return {};
}

/// The message of the refusal; empty when it was not refused.
inline std::string refusal_of(const Wire& wire, const ModelRequest& request) {
  const auto sent = wire.write(request, "model-1");
  if (sent) return {};
  EXPECT_EQ(sent.error().reason, "unsupported");
  return sent.error().message;
}

inline std::string header_of(const Wire::Sent& sent, const std::string& name) {
  for (const auto& [key, value] : sent.headers)
    if (key == name) return value;
  return {};
}

inline Result<ModelReply, ProviderError> read(const Wire& wire, const std::string& body, int status = 200) {
  return wire.read({status, {}, body});
}

struct Streamed {
  Result<ModelReply, ProviderError> reply;
  std::string shown;
  std::size_t pieces = 0;
};

/// Everything that matters of it, to be compared.
inline json told(const Streamed& streamed) {
  json all = {{"shown", streamed.shown}, {"pieces", streamed.pieces}};
  if (!streamed.reply) {
    const auto& error = streamed.reply.error();
    all["error"] = {error.reason, error.status, error.message};
    return all;
  }
  const auto& reply = *streamed.reply;
  all["reply"] = {reply.content, reply.finish_reason, reply.model, reply.usage.prompt_tokens,
                  reply.usage.completion_tokens};
  for (const auto& call : reply.tool_calls) all["calls"].push_back({call.id, call.name, call.arguments, call.extra});
  return all;
}

/// `next_size` says how long the next piece is.
template <class NextSize>
Streamed stream_in_pieces(const Wire& wire, std::string_view bytes, NextSize next_size) {
  const auto reader = wire.stream();
  Streamed streamed{ModelReply{}, {}, 0};
  const StreamReader::OnText on_text = [&](std::string_view text) { streamed.shown += text; };
  while (!bytes.empty()) {
    const auto size = std::min<std::size_t>(bytes.size(), next_size());
    if (!reader->feed(bytes.substr(0, size), on_text)) break;
    bytes.remove_prefix(size);
  }
  streamed.reply = reader->finish();
  streamed.pieces = reader->pieces();
  return streamed;
}

/// What the stream comes to, which is the same however its bytes are cut.
inline Streamed stream(const Wire& wire, const std::string& bytes) {
  auto whole = stream_in_pieces(wire, bytes, [&] { return bytes.size(); });
  const auto wanted = told(whole);
  EXPECT_EQ(told(stream_in_pieces(wire, bytes, [] { return 1; })), wanted) << "byte by byte";
  for_each_seed(20, [&](Random& random) {
    EXPECT_EQ(told(stream_in_pieces(wire, bytes, [&] { return 1 + random.below(40); })), wanted);
  });
  return whole;
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace strawberry::test

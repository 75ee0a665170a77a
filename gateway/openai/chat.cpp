#include "gateway/openai/chat.h"

#include <algorithm>

#include "common/ids.h"
#include "common/json_depth.h"
#include "gateway/hub/asking.h"
#include "gateway/json.h"
#include "gateway/openai/chunks.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t json_levels_max = 64;  // the contract's
constexpr std::size_t correlation_id_bytes_max = 128;
constexpr std::chrono::seconds keep_alive_interval{15};

/// One chat, from its request to its answer.
class Turn {
 public:
  Turn(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, json body)
      : exchange_(exchange), link_(std::move(link)) {
    is_streamed_ = is_true(body, "stream");
    const auto options = body.find("stream_options");
    with_usage_ = options != body.end() && options->is_object() && is_true(*options, "include_usage");
    const auto model = body.find("model");
    if (model != body.end() && model->is_string()) model_ = model->get<std::string>();
    body["op"] = "complete";
    body["stream"] = is_streamed_;
    body["tool_events"] = true;  // in any case: so it is known whether a skill was called
    body.erase("stream_options");
    if (!body.contains("timeout_ms")) body["timeout_ms"] = chat_timeout_default.count();
    asking_.emplace(loop, link_, Service::chat, std::move(body));
    const auto now = std::chrono::system_clock::now();
    chunks_.emplace("chatcmpl-" + asking_->correlation_id(), model_, std::chrono::system_clock::to_time_t(now));
  }

  Task<void> run() {
    if (!asking_->send()) {
      Problem away = problem(503, "unavailable", "the hub is not running, or has too much to do");
      co_return co_await fail(std::move(away));
    }
    asking_->watch(exchange_);
    const SteadyTime deadline = std::chrono::steady_clock::now() + chat_timeout_default + reply_slack;
    while (true) {
      const SteadyTime pause = std::chrono::steady_clock::now() + keep_alive_interval;
      const Asking::Item item = co_await asking_->next(std::min(deadline, pause));
      switch (item.kind) {
        case Asking::Kind::event:
          if (!co_await show(item.payload)) co_return give_up();
          break;
        case Asking::Kind::reply: co_return co_await finish(item.payload);
        case Asking::Kind::client_gone:
        case Asking::Kind::overflow: co_return give_up();
        case Asking::Kind::lost: {
          Problem lost =
              problem(status_of("unavailable", tool_called_), "unavailable", "the connection to the hub was lost");
          co_return co_await fail(std::move(lost));
        }
        case Asking::Kind::too_late:
          if (std::chrono::steady_clock::now() >= deadline) {
            give_up();
            Problem late = problem(424, "timeout", "the hub did not answer in time");
            co_return co_await fail(std::move(late));
          }
          if (!exchange_.has_begun()) break;
          std::string comment(sse_keep_alive);
          const bool is_there = co_await exchange_.write(std::move(comment));
          if (!is_there) co_return give_up();
      }
    }
  }

 private:
  Task<bool> begin() {
    if (exchange_.has_begun()) co_return true;
    std::string type(sse_content_type);
    co_return co_await exchange_.begin_stream(std::move(type));
  }

  Task<bool> show(const json& message) {
    const std::string name = message.value("event", "");
    const json data = message.value("data", json());
    if (name == "tool_call") tool_called_ = true;
    if (name == "confirm" && data.is_object()) {
      link_->tell(refusal_of(data));
    }
    if (!is_streamed_) co_return true;
    std::string piece = chunks_->event(name, data);
    if (piece.empty()) co_return true;
    if (!co_await begin()) co_return false;
    co_return co_await exchange_.write(std::move(piece));
  }

  Task<void> finish(const json& reply) {
    const auto success = reply.find("success");
    if (!success->is_boolean() || !success->get<bool>()) {
      Problem why = problem_of(reply.value("error", json()), tool_called_);
      co_return co_await fail(std::move(why));
    }
    const json completion = reply.value("result", json::object());
    if (!is_streamed_) {
      Response response;
      response.body = dumped(completion);
      co_await exchange_.reply(std::move(response));
      co_return;
    }
    if (!co_await begin()) co_return;
    std::string last = chunks_->end(completion, with_usage_) + std::string(sse_done);
    co_await exchange_.end_stream(std::move(last));
  }

  Task<void> fail(Problem why) {
    if (!exchange_.has_begun()) {
      Response response = response_of(why, ErrorShape::openai);
      co_await exchange_.reply(std::move(response));
      co_return;
    }
    std::string last = sse(body_of(why, ErrorShape::openai));
    co_await exchange_.end_stream(std::move(last));
  }

  /// The client is gone: the hub need not go on.
  void give_up() { link_->tell(cancel_of(asking_->correlation_id())); }

  Exchange& exchange_;
  std::shared_ptr<HubLink> link_;
  bool is_streamed_ = false;
  bool with_usage_ = false;
  bool tool_called_ = false;
  std::string model_;
  std::optional<Asking> asking_;
  std::optional<Chunks> chunks_;
};

}  // namespace

tl::expected<json, Problem> read_json_object(const Request& request) {
  const auto bad = [](std::string why) { return tl::unexpected(Problem{400, "bad_request", std::move(why)}); };
  if (request.body.empty()) return json::object();
  if (json_nests_deeper_than(request.body, json_levels_max)) return bad("the body nests too deep");
  json body = json::parse(request.body, nullptr, false);
  if (body.is_discarded()) return bad("the body is not JSON");
  if (!body.is_object()) return bad("the body is not a JSON object");
  return body;
}

std::optional<Problem> name_request(const Request& request, json& body) {
  const std::string_view key = request.header("idempotency-key");
  const bool is_plain = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!is_plain || key.size() > correlation_id_bytes_max) {
    return problem(400, "bad_request", "Idempotency-Key must be at most 128 printable ASCII characters without spaces");
  }
  if (!key.empty()) body["correlation_id"] = key;
  const auto id = body.find("correlation_id");
  if (id == body.end() || id->is_null()) return std::nullopt;
  if (!id->is_string() || id->get_ref<const std::string&>().size() > correlation_id_bytes_max) {
    return problem(400, "bad_request", "correlation_id must be a string of at most 128 bytes", "/correlation_id");
  }
  return std::nullopt;
}

Task<void> OpenAiChat::operator()(Exchange& exchange) const {
  Problem wrong;
  const auto token = Links::token_of(exchange.request);
  if (token) {
    auto link = co_await links_.get(*token, exchange.request.peer);
    if (link) {
      auto body = read_json_object(exchange.request);
      if (body && !body->contains("messages")) {
        body = tl::unexpected(problem(400, "bad_request", "messages is missing", "/messages"));
      }
      if (body) {
        if (auto bad_name = name_request(exchange.request, *body)) body = tl::unexpected(std::move(*bad_name));
      }
      if (body) {
        Turn turn(loop_, exchange, std::move(*link), std::move(*body));
        co_return co_await turn.run();
      }
      wrong = body.error();
    } else {
      wrong = link.error();
    }
  } else {
    wrong = token.error();
  }
  Response response = response_of(wrong, ErrorShape::openai);
  co_await exchange.reply(std::move(response));
}

}  // namespace strawberry::gateway

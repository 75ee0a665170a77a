#include "cli/spoke/mcp/http_transport.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "cli/text.h"
#include "common/text/base64url.h"
#include "common/text/json_text.h"
#include "common/text/private_file.h"
#include "common/text/sse.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds connect_timeout{10'000};
constexpr milliseconds exchange_timeout = std::chrono::hours(24);  // longer than the client's own deadlines
constexpr milliseconds stream_again{5'000};
constexpr std::size_t stream_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t header_file_bytes_max = 16 * 1024;
constexpr std::size_t headers_max = 32;
constexpr std::size_t session_id_bytes_max = 1'024;

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string header_of(const bridge::HttpResponse& response, std::string_view name) {
  for (const auto& [each, value] : response.headers) {
    if (each == name) return value;
  }
  return {};
}

/// Encodes a header value: plain ASCII, else base64 in a frame.
std::string header_text(const std::string& value) {
  const bool is_plain = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
  if (is_plain) return value;
  std::string encoded = base64url_encode(value);
  std::replace(encoded.begin(), encoded.end(), '-', '+');
  std::replace(encoded.begin(), encoded.end(), '_', '/');
  encoded.append((4 - encoded.size() % 4) % 4, '=');
  return "=?base64?" + encoded + "?=";
}

/// Parses the body of a POST or a GET: one JSON text, or events with one each.
class Body {
 public:
  /// Returns whether it needs more.
  using OnText = std::function<bool(const std::string& text)>;
  explicit Body(OnText on_text) : on_text_(std::move(on_text)) {}

  bool feed(std::string_view bytes) {
    if (!is_json_) {
      const auto first = bytes.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos) return true;
      is_json_ = bytes[first] == '{' || bytes[first] == '[';
    }
    if (!*is_json_) return events_.feed(bytes, [this](const SseEvent& event) { return give(event.data); });
    if (text_.size() + bytes.size() > message_bytes_max) return too_large_ = true, false;
    text_ += bytes;
    return true;
  }
  void finish() {
    if (!is_json_) return;
    if (!*is_json_) events_.finish([this](const SseEvent& event) { return give(event.data); });
    if (*is_json_ && !too_large_) give(text_);
  }
  bool is_too_large() const { return too_large_ || events_.has_failed(); }

 private:
  bool give(const std::string& text) { return text.empty() || on_text_(text); }

  OnText on_text_;
  std::optional<bool> is_json_;
  std::string text_;
  bool too_large_ = false;
  SseParser events_{{message_bytes_max}};
};

bool has_answer(const std::string& text) {
  const auto messages = read_rpc(text);
  return std::any_of(messages.begin(), messages.end(), [](const RpcMessage& message) {
    return message.kind == RpcMessage::Kind::answer || message.kind == RpcMessage::Kind::failure;
  });
}

}  // namespace

/// Shared with the coroutines that run the exchanges.
class HttpTransport::Exchanges : public std::enable_shared_from_this<HttpTransport::Exchanges> {
 public:
  Exchanges(asio::io_context& loop, bridge::HttpClient& http, const Options& options, Events events)
      : loop_(loop), http_(http), options_(options), events_(std::move(events)), again_(loop) {}

  void stop() {
    events_ = {};
    again_.cancel();
    for (auto& [number, stop] : running_) end_exchange(stop);
  }

  void agreed(const std::string& revision, bool is_modern) {
    revision_ = revision;
    is_modern_ = is_modern;
  }

  Result<void> send(const json& message) {
    if (running_.size() >= requests_max) return fail("too many requests wait for the server");
    const json id = message.contains("method") ? message.value("id", json()) : json();
    bridge::HttpRequest request = this->request("POST");
    request.body = to_text(message);
    const std::string method = text_member(message, "method");
    if (is_modern_) add_modern_headers(request, message, method);
    if (method == listen_method) request.response_bytes_max = stream_bytes_max;
    begin(std::move(request), id.is_number_integer() ? std::optional(id.get<std::int64_t>()) : std::nullopt, method);
    return {};
  }

  void cancel(std::int64_t id) {
    const auto number = by_id_.find(id);
    if (number == by_id_.end()) return;
    if (const auto stop = running_.find(number->second); stop != running_.end()) end_exchange(stop->second);
    // Since 2026-07-28 closing cancels. Earlier revisions need a message, which must belong to a session.
    if (!is_modern_ && !revision_.empty()) (void)send(rpc_cancelled(id));
  }

 private:
  /// On the loop, wherever it is called: a signal that is raised elsewhere is passed on to the coroutine later, and by
  /// its address alone, when coroutine and signal may be gone.
  void end_exchange(std::shared_ptr<asio::cancellation_signal> stop) {
    asio::dispatch(loop_, [stop = std::move(stop)] { stop->emit(asio::cancellation_type::terminal); });
  }

  bridge::HttpRequest request(const char* method) const {
    bridge::HttpRequest made;
    made.method = method;
    made.url = options_.url;
    made.headers = options_.headers;
    made.headers.emplace_back("Accept", "application/json, text/event-stream");
    if (made.method == "POST") made.headers.emplace_back("Content-Type", "application/json");
    if (!revision_.empty()) made.headers.emplace_back("MCP-Protocol-Version", revision_);
    if (!session_.empty()) made.headers.emplace_back("Mcp-Session-Id", session_);
    made.connect_timeout = connect_timeout;
    made.total_timeout = exchange_timeout;
    made.response_bytes_max = body_bytes_max;
    return made;
  }

  static void add_modern_headers(bridge::HttpRequest& request, const json& message, const std::string& method) {
    request.headers.emplace_back("Mcp-Method", method);
    const std::string name = text_member(message.value("params", json()), "name");
    if (method == "tools/call") request.headers.emplace_back("Mcp-Name", header_text(name));
  }

  void begin(bridge::HttpRequest request, std::optional<std::int64_t> id, const std::string& method) {
    const auto number = ++last_number_;
    auto stop = std::make_shared<asio::cancellation_signal>();
    running_.emplace(number, stop);
    if (id) by_id_.emplace(*id, number);
    auto finished = [self = shared_from_this(), stop, number, id](const std::exception_ptr&) {
      self->running_.erase(number);
      if (id) self->by_id_.erase(*id);
    };
    auto stoppable = asio::bind_cancellation_slot(stop->slot(), std::move(finished));
    asio::co_spawn(loop_, exchange(shared_from_this(), std::move(request), id, method), std::move(stoppable));
  }

  static Task<void> exchange(std::shared_ptr<Exchanges> self, bridge::HttpRequest request,
                             std::optional<std::int64_t> id, std::string method) {
    const std::weak_ptr<Exchanges> weak = self;
    // The answer to `initialize` is handled when the session's id is known, which is in the headers.
    const auto held = std::make_shared<std::string>();
    const bool is_held = method == initialize_method;
    const auto body = std::make_shared<Body>([weak, held, is_held](const std::string& text) {
      const auto exchanges = weak.lock();
      if (!is_held && exchanges) exchanges->take(text);
      if (is_held && has_answer(text)) *held = text;
      return held->empty();
    });
    request.on_body = [body](std::string_view bytes) { return body->feed(bytes); };
    auto response = co_await self->http_.fetch(std::move(request));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    body->finish();
    if (is_held && response) self->session_ = header_of(*response, "mcp-session-id").substr(0, session_id_bytes_max);
    if (!held->empty()) self->take(*held);
    self->done(response, *body, id, method);
  }

  void take(const std::string& text) {
    for (RpcMessage& message : read_rpc(text)) {
      const auto on_message = events_.on_message;
      if (on_message) on_message(std::move(message));
    }
  }

  void done(const Result<bridge::HttpResponse, bridge::HttpError>& response, const Body& body,
            std::optional<std::int64_t> id, const std::string& method) {
    const auto events = events_;
    if (!events.on_failed) return;
    if (!response) {
      const bool is_there = response.error().kind == bridge::HttpError::Kind::too_large;
      if (!is_there && method != get_method && method != listen_method) return end(response.error().message);
      return without_answer(events, id, 0, response.error().message, method);
    }
    const bool is_good = response->status >= 200 && response->status < 300;
    if (method == "notifications/initialized" && is_good) listen();
    if (response->status == 404 && !session_.empty()) return end("the server has forgotten the session");
    if (!is_good) return refused(events, *response, id, method);
    const std::string why = body.is_too_large()
                                ? "the server's answer has more than " + std::to_string(message_bytes_max) + " bytes"
                                : "the server ended without an answer";
    without_answer(events, id, response->status, why, method);
  }

  void refused(const Events& events, const bridge::HttpResponse& response, std::optional<std::int64_t> id,
               const std::string& method) {
    // The reason may be in a JSON-RPC error, with or without the request's id.
    std::string why = "the server answered HTTP " + std::to_string(response.status);
    if (response.status == 401 || response.status == 403) why += " (is what it wants in the file of --mcp-headers?)";
    if (response.body.size() <= message_bytes_max) {
      const auto said = parse_json(response.body);
      if (said && said->is_object() && said->contains("error")) why += ": " + words_of_failure(said->at("error"));
    }
    without_answer(events, id, response.status, why, method);
  }

  /// on_failed has no effect for a request that was answered.
  void without_answer(const Events& events, std::optional<std::int64_t> id, int status, const std::string& why,
                      const std::string& method) {
    if (id) events.on_failed(*id, status, why);
    // A server without messages of its own refuses the GET (405): it is not repeated.
    if (method == get_method && (status == 0 || (status >= 200 && status < 300))) listen_later();
  }

  void end(const std::string& why) {
    const auto on_end = events_.on_end;
    stop();
    if (on_end) on_end(why);
  }

  void listen() {
    bridge::HttpRequest request = this->request("GET");
    request.response_bytes_max = stream_bytes_max;
    begin(std::move(request), std::nullopt, get_method);
  }

  void listen_later() {
    again_.expires_after(stream_again);
    again_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
      const auto self = weak.lock();
      if (!cancelled && self && self->events_.on_message) self->listen();
    });
  }

  static constexpr const char* get_method = "GET";
  static constexpr const char* initialize_method = "initialize";
  static constexpr const char* listen_method = "subscriptions/listen";

  asio::io_context& loop_;
  bridge::HttpClient& http_;
  const Options options_;
  Events events_;
  asio::steady_timer again_;
  std::string revision_;
  std::string session_;
  bool is_modern_ = false;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> running_;
  std::map<std::int64_t, std::uint64_t> by_id_;
};

HttpTransport::HttpTransport(asio::io_context& loop, bridge::HttpClient& http, Options options)
    : loop_(loop), http_(http), options_(std::move(options)) {}

HttpTransport::~HttpTransport() { stop(); }

Result<void> HttpTransport::start(Events events) {
  exchanges_ = std::make_shared<Exchanges>(loop_, http_, options_, std::move(events));
  return {};
}

Result<void> HttpTransport::send(const json& message) {
  return exchanges_ ? exchanges_->send(message) : fail("the server is not connected");
}

void HttpTransport::cancel(std::int64_t id) {
  if (exchanges_) exchanges_->cancel(id);
}

void HttpTransport::agreed(const std::string& revision, bool is_modern) {
  if (exchanges_) exchanges_->agreed(revision, is_modern);
}

void HttpTransport::stop() {
  if (const auto exchanges = std::exchange(exchanges_, nullptr)) exchanges->stop();
}

Result<HttpTransport::Headers> read_header_file(const std::string& path) {
  const auto file = read_private_file(path, header_file_bytes_max);
  if (!file) return fail("the file " + path + " " + file.error().message);
  HttpTransport::Headers headers;
  std::size_t number = 0;
  std::string_view rest = file->content;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = trimmed(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    // Never shows the line: it may be a secret.
    const std::string place = path + ":" + std::to_string(number) + ": ";
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail(place + "no header (write 'Name: value')");
    const std::string name(trimmed(line.substr(0, colon)));
    const std::string low = in_lower_case(name);
    if (low.starts_with("mcp-") || low == "content-type" || low == "accept" || low == "content-length" || low == "host")
      return fail(place + "the header " + in_quotes(name, 40) + " is the protocol's own");
    if (headers.size() == headers_max) return fail(place + "more than " + std::to_string(headers_max) + " headers");
    headers.emplace_back(name, trimmed(line.substr(colon + 1)));
  }
  return headers;
}

}  // namespace strawberry::cli

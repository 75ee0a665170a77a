#include "tests/support/stub_llm/stub_llm.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace strawberry {
namespace {

nlohmann::json completion(nlohmann::json message, const std::string& finish_reason) {
  nlohmann::json choice = {{"index", 0}, {"message", std::move(message)}, {"finish_reason", finish_reason}};
  return {{"id", "chatcmpl-stub"},
          {"object", "chat.completion"},
          {"created", 1700000000},
          {"model", "stub-model"},
          {"choices", nlohmann::json::array({std::move(choice)})},
          {"usage", {{"prompt_tokens", 11}, {"completion_tokens", 7}, {"total_tokens", 18}}}};
}

std::string text_of(const nlohmann::json& message) {
  const auto content = message.find("content");
  return content != message.end() && content->is_string() ? content->get<std::string>() : std::string();
}

const nlohmann::json& messages_of(const StubRequest& request) {
  static const nlohmann::json none = nlohmann::json::array();
  if (!request.body.is_object() || !request.body.contains("messages")) return none;
  return request.body.at("messages");
}

}  // namespace

StubAnswer StubAnswer::words(const std::string& text) {
  StubAnswer answer;
  answer.body = completion({{"role", "assistant"}, {"content", text}}, "stop").dump();
  return answer;
}

StubAnswer StubAnswer::tool_calls(const std::vector<std::pair<std::string, nlohmann::json>>& calls) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, arguments] : calls) {
    const std::string text = arguments.is_string() ? arguments.get<std::string>() : arguments.dump();
    list.push_back({{"id", "call_stub_" + std::to_string(list.size())},
                    {"type", "function"},
                    {"function", {{"name", name}, {"arguments", text}}}});
  }
  StubAnswer answer;
  answer.body =
      completion({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", std::move(list)}}, "tool_calls").dump();
  return answer;
}

StubAnswer StubAnswer::http(int status, std::string body, std::string content_type) {
  StubAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.content_type = std::move(content_type);
  return answer;
}

StubAnswer StubAnswer::html() {
  return http(200, "<!doctype html><html><body><h1>Welcome to the router</h1></body></html>", "text/html");
}

StubAnswer StubAnswer::hang() {
  StubAnswer answer;
  answer.kind = Kind::hang;
  return answer;
}

StubAnswer StubAnswer::cut() {
  StubAnswer answer;
  answer.kind = Kind::cut;
  return answer;
}

StubAnswer stub_answer_from_json(const nlohmann::json& json) {
  StubAnswer answer;
  if (json.contains("content")) {
    answer = StubAnswer::words(json.at("content").get<std::string>());
  } else if (json.contains("tool_calls")) {
    std::vector<std::pair<std::string, nlohmann::json>> calls;
    for (const auto& call : json.at("tool_calls"))
      calls.emplace_back(call.at("name").get<std::string>(), call.value("arguments", nlohmann::json::object()));
    answer = StubAnswer::tool_calls(calls);
  } else if (json.value("html", false)) {
    answer = StubAnswer::html();
  } else if (json.value("hang", false)) {
    answer = StubAnswer::hang();
  } else if (json.value("cut", false)) {
    answer = StubAnswer::cut();
  } else {
    const auto body = json.find("body");
    const std::string text = body == json.end()  ? std::string("{}")
                             : body->is_string() ? body->get<std::string>()
                                                 : body->dump();
    answer = StubAnswer::http(json.at("status").get<int>(), text,
                              json.value("content_type", std::string("application/json")));
  }
  answer.delay = std::chrono::milliseconds(json.value("delay_ms", 0));
  return answer;
}

StubAnswer stub_echo(const StubRequest& request) {
  std::string text;
  for (const auto& message : messages_of(request))
    if (message.is_object() && message.value("role", std::string()) == "user") text = text_of(message);
  return StubAnswer::words("echo: " + text);
}

std::function<StubAnswer(const StubRequest&)> stub_calling(std::string tool, nlohmann::json arguments) {
  return [tool = std::move(tool), arguments = std::move(arguments)](const StubRequest& request) {
    const auto& messages = messages_of(request);
    if (!messages.empty() && messages.back().value("role", std::string()) == "tool")
      return StubAnswer::words("The tool said: " + text_of(messages.back()));
    if (request.body.is_object() && request.body.contains("tools"))
      for (const auto& offered : request.body.at("tools")) {
        const auto name = offered.at("function").at("name").get<std::string>();
        if (name.find(tool) != std::string::npos) return StubAnswer::tool_calls({{name, arguments}});
      }
    return StubAnswer::words("I have no tool like " + tool + ".");
  };
}

struct StubLlm::State {
  explicit State(Options given) : options(given) {}

  StubAnswer next_answer(const StubRequest& request) {
    std::function<StubAnswer(const StubRequest&)> make;
    {
      const std::lock_guard lock(mutex);
      kept.push_back(request);
      if (kept.size() > options.requests_kept_max) kept.pop_front();
      if (!queue.empty()) {
        StubAnswer answer = std::move(queue.front());
        queue.pop_front();
        return answer;
      }
      make = otherwise;
    }
    return make(request);
  }

  /// False when the server is stopping.
  bool wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    return !wake.wait_for(lock, time, [this] { return stopping; });
  }

  void respond(const httplib::Request& http, httplib::Response& response) {
    StubRequest request;
    request.path = http.path;
    request.authorization = http.get_header_value("Authorization");
    request.raw_body = http.body;
    request.body = nlohmann::json::parse(http.body, nullptr, false);
    if (request.body.is_discarded()) request.body = nullptr;
    {
      const std::lock_guard lock(mutex);
      if (peers.size() < 10'000) peers.insert(http.remote_port);
    }
    const StubAnswer answer = next_answer(request);
    if (answer.kind == StubAnswer::Kind::hang) {
      wait_for(options.hang_max);
      response.status = 503;
      response.set_header("Connection", "close");
      return;
    }
    if (answer.delay.count() > 0) wait_for(answer.delay);
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
    response.status = answer.status;
    if (answer.kind == StubAnswer::Kind::cut) {
      response.set_content_provider(100'000, "application/json", [](std::size_t, std::size_t, httplib::DataSink& sink) {
        sink.write("{\"choices\":[", 12);
        return false;
      });
      return;
    }
    response.set_content(answer.body, answer.content_type.c_str());
  }

  void show_requests(httplib::Response& response) {
    nlohmann::json list = nlohmann::json::array();
    {
      const std::lock_guard lock(mutex);
      for (const auto& request : kept)
        list.push_back(
            {{"path", request.path}, {"authorized", !request.authorization.empty()}, {"body", request.body}});
    }
    response.set_content(list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "application/json");
  }

  const Options options;
  httplib::Server server;
  int port = 0;
  std::thread thread;
  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::deque<StubAnswer> queue;
  std::function<StubAnswer(const StubRequest&)> otherwise = stub_echo;
  std::deque<StubRequest> kept;
  std::set<int> peers;
};

StubLlm::StubLlm() : StubLlm(Options{}) {}

StubLlm::StubLlm(Options options) : state_(std::make_unique<State>(options)) {
  State& state = *state_;
  state.server.new_task_queue = [threads = options.threads] { return new httplib::ThreadPool(threads); };
  state.server.set_tcp_nodelay(true);
  state.server.set_keep_alive_timeout(1);
  state.server.set_keep_alive_max_count(1'000'000);
  state.server.set_payload_max_length(options.request_bytes_max);
  state.server.Get("/requests",
                   [&state](const httplib::Request&, httplib::Response& response) { state.show_requests(response); });
  const auto respond = [&state](const httplib::Request& request, httplib::Response& response) {
    state.respond(request, response);
  };
  state.server.Get(".*", respond);
  state.server.Post(".*", respond);
  state.port = options.port == 0                                      ? state.server.bind_to_any_port("127.0.0.1")
               : state.server.bind_to_port("127.0.0.1", options.port) ? options.port
                                                                      : -1;
  if (state.port <= 0) throw std::runtime_error("stub LLM server: cannot listen on the port");
  state.thread = std::thread([&state] { state.server.listen_after_bind(); });
  // stop() does nothing before the accept loop runs.
  while (!state.server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

StubLlm::~StubLlm() { stop(); }

int StubLlm::port() const { return state_->port; }
std::string StubLlm::base_url() const { return "http://127.0.0.1:" + std::to_string(state_->port) + "/v1"; }

void StubLlm::push(StubAnswer answer) {
  const std::lock_guard lock(state_->mutex);
  state_->queue.push_back(std::move(answer));
}

void StubLlm::otherwise(std::function<StubAnswer(const StubRequest&)> make_answer) {
  const std::lock_guard lock(state_->mutex);
  state_->otherwise = std::move(make_answer);
}

std::vector<StubRequest> StubLlm::requests() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->kept.begin(), state_->kept.end()};
}

std::size_t StubLlm::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->peers.size();
}

void StubLlm::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->server.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

int refused_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  int port = 0;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    port = ntohs(address.sin_port);
  ::close(socket);
  return port;
}

}  // namespace strawberry

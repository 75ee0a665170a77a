#include "tests/support/stub_llm/stub_llm.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace strawberry {
namespace {

/// Threads that are started when they are needed, and stay.
class GrowingPool final : public httplib::TaskQueue {
 public:
  explicit GrowingPool(std::size_t threads_max) : threads_max_(threads_max) {}

  /// Void in old versions of the library, in newer ones whether it was accepted.
  using Enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue(nullptr));
  Enqueued enqueue(std::function<void()> job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (jobs_.size() > idle_ && threads_.size() < threads_max_) threads_.emplace_back([this] { work(); });
    wake_.notify_one();
    return static_cast<Enqueued>(true);
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      --idle_;
      if (jobs_.empty()) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace

struct StubLlm::State {
  using Time = std::chrono::steady_clock::time_point;

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

  /// Returns false when the server is stopping.
  bool wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    return !wake.wait_for(lock, time, [this] { return stopping.load(); });
  }

  /// Also returns false when the client has left. Checks periodically; short waits, of which there are many, take no
  /// lock.
  bool wait_until(Time due, const httplib::DataSink& sink) {
    constexpr std::chrono::milliseconds look_every{25};
    while (!stopping && sink.is_writable()) {
      const auto left = due - std::chrono::steady_clock::now();
      if (left.count() <= 0) return true;
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, look_every));
    }
    return false;
  }

  void stream(const StubAnswer& answer, httplib::Response& response) {
    const auto say = [this, answer, at = std::size_t(0), due = std::chrono::steady_clock::now()](
                         std::size_t, httplib::DataSink& sink) mutable {
      if (const auto piece = answer.piece_at(at++)) {
        due += piece->after;
        if (piece->after.count() > 0 && !wait_until(due, sink)) return false;
        return piece->bytes.empty() || sink.write(piece->bytes.data(), piece->bytes.size());
      }
      if (answer.end == StubAnswer::End::complete) sink.done();
      if (answer.end == StubAnswer::End::hang) wait_until(std::chrono::steady_clock::now() + options.hang_max, sink);
      return answer.end == StubAnswer::End::complete;
    };
    const bool is_cut = answer.end == StubAnswer::End::cut;
    response.set_chunked_content_provider(answer.content_type, say, [this, is_cut](bool sent_all) {
      if (!sent_all && !is_cut && !stopping) ++clients_gone;
    });
  }

  void respond(const httplib::Request& http, httplib::Response& response) {
    StubRequest request;
    request.path = http.path;
    request.authorization = http.get_header_value("Authorization");
    request.headers.assign(http.headers.begin(), http.headers.end());
    request.raw_body = http.body;
    request.body = nlohmann::json::parse(http.body, nullptr, false);
    if (request.body.is_discarded()) request.body = nullptr;
    {
      const std::lock_guard lock(mutex);
      if (peers.size() < 10'000) peers.insert(http.remote_port);
    }
    StubAnswer answer = next_answer(request);
    if (answer.streams_when_asked && request.body.is_object() && request.body.value("stream", nlohmann::json()) == true)
      answer = answer.as_stream();
    if (answer.kind == StubAnswer::Kind::hang) {
      wait_for(options.hang_max);
      response.status = 503;
      response.set_header("Connection", "close");
      return;
    }
    if (answer.delay.count() > 0) wait_for(answer.delay);
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
    response.status = answer.status;
    if (answer.kind == StubAnswer::Kind::stream) return stream(answer, response);
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
  std::atomic<bool> stopping = false;
  std::atomic<std::size_t> clients_gone = 0;
  std::deque<StubAnswer> queue;
  std::function<StubAnswer(const StubRequest&)> otherwise = stub_echo;
  std::deque<StubRequest> kept;
  std::set<int> peers;
};

StubLlm::StubLlm() : StubLlm(Options{}) {}

StubLlm::StubLlm(Options options) : state_(std::make_unique<State>(options)) {
  State& state = *state_;
  state.server.new_task_queue = [threads = options.threads] { return new GrowingPool(threads); };
  state.server.set_tcp_nodelay(true);
  int listener = -1;
  state.server.set_socket_options([&listener](int socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    listener = socket;
  });
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
  // The library's backlog is five: of many clients that connect at once, the others would retry a second later.
  ::listen(listener, 4096);
  state.server.set_socket_options([](int) {});
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

std::size_t StubLlm::clients_gone() const { return state_->clients_gone; }

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

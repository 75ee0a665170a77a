#include "bridge/adapters/curl/curl_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <unordered_set>

#include "bridge/adapters/curl/socket_watch.h"
#include "bridge/adapters/curl/transfer.h"
#include "common/runtime/asio.h"
#include "common/runtime/loop_affinity.h"

namespace strawberry::bridge {

/// The curl multi handle and what asio watches for it. Shared by the client and the coroutines that fetch.
class CurlClient::Multi : public std::enable_shared_from_this<CurlClient::Multi> {
 public:
  Multi(const asio::any_io_executor& executor, Options options)
      : executor_(executor), options_(std::move(options)), timer_(executor), handle_(curl_multi_init()) {
    if (!handle_) throw std::runtime_error("libcurl: no multi handle");
    curl_multi_setopt(handle_, CURLMOPT_SOCKETFUNCTION, &Multi::on_socket);
    curl_multi_setopt(handle_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(handle_, CURLMOPT_TIMERFUNCTION, &Multi::on_timer);
    curl_multi_setopt(handle_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(handle_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.idle_connections_max));
  }

  ~Multi() {
    stop();
    curl_multi_cleanup(handle_);
  }

  const Options& options() const { return options_; }
  const LoopAffinity& loop() const { return loop_; }
  std::size_t transfers() const { return transfers_.size(); }
  bool is_stopped() const { return stopped_; }

  bool add(CurlTransfer& transfer) {
    if (curl_multi_add_handle(handle_, transfer.easy()) != CURLM_OK) return false;
    transfers_.insert(&transfer);
    return true;
  }

  void remove(CurlTransfer& transfer) {
    if (transfers_.erase(&transfer) == 0) return;
    curl_multi_remove_handle(handle_, transfer.easy());
  }

  /// Ends every transfer; none can be added afterwards.
  void stop() {
    stopped_ = true;
    while (!transfers_.empty()) {
      CurlTransfer& transfer = **transfers_.begin();
      remove(transfer);
      transfer.finish(CURLE_ABORTED_BY_CALLBACK);
    }
    timer_.cancel();
    for (auto& [socket, watch] : watches_) watch->stop();
    watches_.clear();
  }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<Multi*>(self)->watch(socket, what);
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* self) {
    static_cast<Multi*>(self)->set_timer(timeout_ms);
    return 0;
  }

  void watch(curl_socket_t socket, int what) {
    if (what == CURL_POLL_REMOVE) {
      const auto found = watches_.find(socket);
      if (found == watches_.end()) return;
      found->second->stop();
      watches_.erase(found);
      return;
    }
    if (stopped_) return;
    auto& watch = watches_[socket];
    if (!watch)
      watch = std::make_shared<SocketWatch>(executor_, socket,
                                            [weak = weak_from_this()](int ready_socket, SocketWatch::Event event) {
                                              if (const auto self = weak.lock())
                                                self->socket_ready(ready_socket, event);
                                            });
    watch->want((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
  }

  void socket_ready(int socket, SocketWatch::Event event) {
    const int mask = event == SocketWatch::Event::readable   ? CURL_CSELECT_IN
                     : event == SocketWatch::Event::writable ? CURL_CSELECT_OUT
                                                             : CURL_CSELECT_ERR;
    act(socket, mask);
  }

  void set_timer(long timeout_ms) {
    // Never acts from inside curl's callback, not even for a timeout of 0: curl forbids it.
    if (timeout_ms < 0 || stopped_) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      if (const auto self = weak.lock()) self->act(CURL_SOCKET_TIMEOUT, 0);
    });
  }

  void act(curl_socket_t socket, int mask) {
    if (stopped_) return;
    int running = 0;
    curl_multi_socket_action(handle_, socket, mask, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(handle_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      void* owner = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
      auto& transfer = *static_cast<CurlTransfer*>(owner);
      remove(transfer);
      transfer.finish(code);
    }
  }

  LoopAffinity loop_;
  asio::any_io_executor executor_;
  const Options options_;
  asio::steady_timer timer_;
  CURLM* handle_;
  std::unordered_set<CurlTransfer*> transfers_;
  std::map<curl_socket_t, std::shared_ptr<SocketWatch>> watches_;
  bool stopped_ = false;
};

CurlClient::CurlClient(const asio::any_io_executor& executor, Options options) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error("libcurl cannot start");
  multi_ = std::make_shared<Multi>(executor, std::move(options));
}

CurlClient::~CurlClient() { multi_->stop(); }

std::size_t CurlClient::transfers() const { return multi_->transfers(); }

Task<Result<HttpResponse, HttpError>> CurlClient::fetch(HttpRequest request) {
  const auto multi = multi_;  // the client may go while this waits
  multi->loop().check();
  const auto refuse = [](HttpError::Kind kind, std::string message) {
    return tl::unexpected<HttpError>(HttpError{kind, std::move(message)});
  };
  if (multi->is_stopped()) co_return refuse(HttpError::Kind::connect, "the HTTP client has been stopped");
  if (multi->transfers() >= multi->options().transfers_max)
    co_return refuse(HttpError::Kind::connect, "too many HTTP transfers at once");
  if (request.body.size() > multi->options().request_bytes_max)
    co_return refuse(HttpError::Kind::request_too_large, "the HTTP request is too large");

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  CurlTransfer transfer(executor, std::move(request));
  if (const auto problem = transfer.prepare(multi->options())) co_return tl::unexpected<HttpError>(*problem);

  // Whatever ends this coroutine, finished, cancelled or destroyed: curl lets go of the transfer first.
  struct Removal {
    Multi& multi;
    CurlTransfer& transfer;
    ~Removal() { multi.remove(transfer); }
  };
  if (!multi->add(transfer)) co_return refuse(HttpError::Kind::protocol, "libcurl does not take the transfer");
  const Removal removal{*multi, transfer};
  co_return co_await transfer.result();
}

}  // namespace strawberry::bridge

/// One HTTP exchange: a curl easy handle, set up from an HttpRequest, that collects the response within its bounds, or
/// hands its body on as it comes.
///
/// Threading: loop only.   Lifetime: must leave the multi handle before it is destroyed.
/// Errors: HttpError; messages as curl_client.h says.
#pragma once

#include <curl/curl.h>

#include <exception>
#include <memory>
#include <optional>

#include "bridge/adapters/curl/curl_client.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"

namespace strawberry::bridge {

class CurlTransfer {
 public:
  CurlTransfer(const asio::any_io_executor& executor, HttpRequest request);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  /// Sets the handle up; says what is wrong with the request.
  std::optional<HttpError> prepare(const CurlClient::Options& options);
  CURL* easy() const { return easy_.get(); }

  /// The multi handle is done with it.
  void finish(CURLcode code) { done_.set(code); }
  /// Waits for finish().
  Task<Result<HttpResponse, HttpError>> result();

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_connected(void* self, char* remote_address, char* local_address, int remote_port, int local_port);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  std::size_t take_body(std::string_view bytes);
  std::optional<std::string> proxy_of(const CurlClient::Options& options) const;
  long status() const;
  HttpError describe(CURLcode code) const;

  HttpRequest request_;
  std::function<bool(const std::string& address)> may_connect_;
  std::string shown_url_;
  std::string shown_proxy_;  // empty: none, or one of the environment
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool is_connected_ = false;
  bool too_large_ = false;
  bool ended_by_reader_ = false;
  std::exception_ptr reader_failure_;
  OneShot<CURLcode> done_;
};

}  // namespace strawberry::bridge

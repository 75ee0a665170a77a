#include "bridge/adapters/curl/curl_client.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/stub_llm/stub_llm.h"

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

namespace {
// A name server that does not answer: getaddrinfo() for names ending in ".hangs" waits until it is let go.
std::atomic<bool> resolver_hangs{false};
std::atomic<int> resolver_waiting{0};
}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name, const char* service,
                                                                  const addrinfo* hints, addrinfo** result) {
  const std::string_view text = name ? name : "";
  if (text.ends_with(".hangs")) {
    ++resolver_waiting;
    resolver_hangs.wait(true);
    --resolver_waiting;
    return EAI_AGAIN;
  }
  if (text != "127.0.0.1" && text != "localhost") return EAI_NONAME;
  auto* address = static_cast<sockaddr_in*>(std::calloc(1, sizeof(addrinfo) + sizeof(sockaddr_in)));
  auto* info = reinterpret_cast<addrinfo*>(address + 1);
  static_cast<void>(hints);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address->sin_port = htons(static_cast<std::uint16_t>(service ? std::atoi(service) : 0));
  info->ai_family = AF_INET;
  info->ai_socktype = SOCK_STREAM;
  info->ai_addrlen = sizeof(sockaddr_in);
  info->ai_addr = reinterpret_cast<sockaddr*>(address);
  *result = info;
  return 0;
}

extern "C" __attribute__((visibility("default"))) void freeaddrinfo(addrinfo* result) {
  if (result) std::free(result->ai_addr);
}

namespace strawberry::bridge {
namespace {

using Outcome = std::optional<Result<HttpResponse, HttpError>>;

/// A server that accepts one connection, reads a little and sends fixed bytes, for what no HTTP server would do.
class RawServer {
 public:
  enum class Then { closes, waits_for_client_to_leave };
  explicit RawServer(std::string bytes, Then then = Then::closes)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}), bytes_(std::move(bytes)) {
    thread_ = std::thread([this, then] {
      asio::ip::tcp::socket socket(io_);
      boost::system::error_code failure;
      acceptor_.accept(socket, failure);
      std::array<char, 4096> buffer{};
      if (!failure) socket.read_some(asio::buffer(buffer), failure);
      if (!failure) asio::write(socket, asio::buffer(bytes_), failure);
      if (then == Then::closes) return;
      while (!failure) socket.read_some(asio::buffer(buffer), failure);
      client_left_.set_value();
    });
  }
  ~RawServer() {
    asio::io_context io;
    asio::ip::tcp::socket unblock(io);
    boost::system::error_code ignored;
    unblock.connect(acceptor_.local_endpoint(), ignored);
    unblock.close();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/"; }
  std::future<void> client_left() { return client_left_.get_future(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::string bytes_;
  std::promise<void> client_left_;
  std::thread thread_;
};

/// A small HTTP proxy: hands requests for `http://model.test` on to a server on loopback, a connection each, and
/// refuses tunnels (CONNECT) with 407.
class StubProxy {
 public:
  explicit StubProxy(int server_port)
      : server_port_(server_port),
        acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()) {
    thread_ = std::thread([this] {
      while (true) {
        asio::ip::tcp::socket client(io_);
        boost::system::error_code failure;
        acceptor_.accept(client, failure);
        if (failure || is_stopping_) return;
        serve(std::move(client));
      }
    });
  }
  ~StubProxy() {
    is_stopping_ = true;
    asio::io_context io;
    asio::ip::tcp::socket unblock(io);
    boost::system::error_code ignored;
    unblock.connect({asio::ip::address_v4::loopback(), port_}, ignored);
    thread_.join();
  }
  std::string url(const std::string& user = "") const {
    return "http://" + user + "127.0.0.1:" + std::to_string(port_);
  }
  /// Of each request, what came before its body.
  std::vector<std::string> heads() const {
    const std::lock_guard lock(mutex_);
    return heads_;
  }

 private:
  void serve(asio::ip::tcp::socket client) {
    boost::system::error_code failure;
    std::string bytes;
    const auto head_bytes = asio::read_until(client, asio::dynamic_buffer(bytes), "\r\n\r\n", failure);
    if (failure) return;
    const std::string head = bytes.substr(0, head_bytes);
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(head);
    }
    const std::string target = " http://model.test";
    const auto at = head.find(target);
    if (at == std::string::npos) {
      const std::string refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
      asio::write(client, asio::buffer(refusal), failure);
      return;
    }
    asio::ip::tcp::socket server(io_);
    server.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server_port_)}, failure);
    std::string request = bytes.erase(at + 1, target.size() - 1);
    const auto lines = request.find("\r\n") + 2;
    request.insert(lines, "Connection: close\r\n");
    asio::write(server, asio::buffer(request), failure);
    std::array<char, 4096> buffer{};
    while (!failure) {
      const auto count = server.read_some(asio::buffer(buffer), failure);
      boost::system::error_code gone;
      asio::write(client, asio::buffer(buffer.data(), count), gone);
      if (gone) return;
    }
  }

  const int server_port_;
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::atomic<bool> is_stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;
  std::thread thread_;
};

/// A variable of the environment, for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

class CurlClientTest : public testing::Test {
 protected:
  void SetUp() override { make({}); }
  void make(CurlClient::Options options) {
    client.reset();
    client = std::make_unique<CurlClient>(io.get_executor(), std::move(options));
  }

  HttpRequest request(std::string path = "/v1/chat/completions") {
    HttpRequest made;
    made.url = "http://127.0.0.1:" + std::to_string(stub.port()) + path;
    made.headers = {{"Content-Type", "application/json"}};
    made.body = "{}";
    made.total_timeout = 20s;
    return made;
  }

  void start(HttpRequest what, Outcome& outcome) {
    asio::co_spawn(io, client->fetch(std::move(what)),
                   [&outcome](std::exception_ptr failure, Result<HttpResponse, HttpError> result) {
                     if (!failure) outcome = std::move(result);
                   });
  }

  Result<HttpResponse, HttpError> fetch(HttpRequest what) {
    Outcome outcome;
    start(std::move(what), outcome);
    io.restart();
    io.run_for(25s);
    return outcome ? std::move(*outcome) : tl::unexpected<HttpError>(HttpError{HttpError::Kind::protocol, "NOTHING"});
  }

  StubLlm stub;
  asio::io_context io;
  std::unique_ptr<CurlClient> client;
};

TEST_F(CurlClientTest, SendsTheBodyAndReadsTheAnswer) {
  stub.push(StubAnswer::words("hello"));
  HttpRequest asked = request();
  asked.body = R"({"model":"m"})";
  asked.headers.emplace_back("Authorization", "Bearer sesame");
  const auto answer = fetch(asked);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(answer->body, HasSubstr("hello"));
  ASSERT_EQ(stub.requests().size(), 1u);
  EXPECT_EQ(stub.requests()[0].body.at("model").get<std::string>(), "m");
  EXPECT_EQ(stub.requests()[0].authorization, "Bearer sesame");
  EXPECT_EQ(client->transfers(), 0u);
}

TEST_F(CurlClientTest, AnyStatusIsAResponseAndHeaderNamesAreLowerCase) {
  StubAnswer answer = StubAnswer::http(429, "{}");
  answer.headers = {{"Retry-After", "7"}};
  stub.push(answer);
  const auto response = fetch(request());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_THAT(response->headers, testing::Contains(testing::Pair("retry-after", "7")));
}

TEST_F(CurlClientTest, ConnectionIsUsedAgain) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(fetch(request()));
  EXPECT_EQ(stub.connections(), 1u);
}

TEST_F(CurlClientTest, ManyTransfersRunAtOnce) {
  std::vector<Outcome> outcomes(20);
  for (auto& outcome : outcomes) start(request(), outcome);
  io.run_for(20s);
  for (auto& outcome : outcomes) {
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(*outcome) << outcome->error().message;
  }
}

TEST_F(CurlClientTest, LargeBodiesGoBothWays) {
  stub.push(StubAnswer::http(200, std::string(3'000'000, 'x'), "text/plain"));
  HttpRequest asked = request();
  asked.body = "\"" + std::string(2'000'000, 'y') + "\"";
  const auto response = fetch(asked);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), 3'000'000u);
  EXPECT_EQ(stub.requests()[0].raw_body.size(), 2'000'002u);
}

TEST_F(CurlClientTest, RefusedConnectionIsAConnectError) {
  HttpRequest asked = request();
  asked.url = "http://127.0.0.1:" + std::to_string(refused_port()) + "/v1";
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::connect);
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1"));
}

TEST_F(CurlClientTest, UnknownHostIsAConnectError) {
  HttpRequest asked = request();
  asked.url = "http://nobody.invalid/v1";
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::connect);
}

TEST_F(CurlClientTest, AServerThatDoesNotTakeTheConnectionEndsAtTheConnectTimeout) {
  asio::ip::tcp::acceptor full(io, {asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  asio::ip::tcp::socket first(io), second(io);  // the queue has room for one and a half
  first.connect(full.local_endpoint());
  second.async_connect(full.local_endpoint(), [](boost::system::error_code) {});
  HttpRequest asked = request();
  asked.url = "http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/";
  asked.connect_timeout = 60ms;
  Outcome outcome;
  start(asked, outcome);
  while (!outcome) io.run_one_for(10s);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().kind, HttpError::Kind::connect_timeout);
}

TEST_F(CurlClientTest, HangingServerEndsAtTheTotalTimeout) {
  stub.push(StubAnswer::hang());
  HttpRequest asked = request();
  asked.total_timeout = 60ms;
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::timeout);
  EXPECT_EQ(client->transfers(), 0u);
}

TEST_F(CurlClientTest, CutConnectionIsAnError) {
  stub.push(StubAnswer::cut());
  const auto response = fetch(request());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::protocol);
}

TEST_F(CurlClientTest, ServerThatIsNoHttpServerIsAnError) {
  for (const std::string bytes : {"SSH-2.0-OpenSSH\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"}) {
    RawServer server(bytes);
    HttpRequest asked = request();
    asked.url = server.url();
    asked.total_timeout = 5s;
    const auto response = fetch(asked);
    ASSERT_FALSE(response) << bytes;
    EXPECT_EQ(response.error().kind, HttpError::Kind::protocol) << bytes;
  }
}

TEST_F(CurlClientTest, ResponseAtTheLimitIsTakenAndOneByteMoreIsNot) {
  HttpRequest asked = request();
  asked.response_bytes_max = 1000;
  stub.push(StubAnswer::http(200, std::string(1000, 'x')));
  ASSERT_TRUE(fetch(asked));
  stub.push(StubAnswer::http(200, std::string(1001, 'x')));
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::too_large);
}

TEST_F(CurlClientTest, EndlessHeadersAreTooLarge) {
  std::string bytes = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 1000; ++i) bytes += "X-" + std::to_string(i) + ": y\r\n";
  RawServer server(bytes + "\r\n");
  HttpRequest asked = request();
  asked.url = server.url();
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::too_large);
}

TEST_F(CurlClientTest, RedirectsAreNotFollowed) {
  StubAnswer answer = StubAnswer::http(302, "");
  answer.headers = {{"Location", "http://127.0.0.1:" + std::to_string(stub.port()) + "/elsewhere"}};
  stub.push(answer);
  const auto response = fetch(request());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(stub.requests().size(), 1u);
}

TEST_F(CurlClientTest, OnlyHttpUrlsAreTaken) {
  for (const std::string url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/", "", "http://",
                                "nonsense", "//127.0.0.1/", "http://127.0.0.1:99999/"}) {
    HttpRequest asked = request();
    asked.url = url;
    const auto response = fetch(asked);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().kind, HttpError::Kind::protocol) << url;
  }
}

TEST_F(CurlClientTest, LineBreaksInHeadersAreRefused) {
  const std::vector<std::string> values = {"a\r\nX-Evil: 1", "a\nb", std::string("a\0b", 3)};
  for (const auto& value : values) {
    HttpRequest asked = request();
    asked.headers.emplace_back("Authorization", value);
    const auto response = fetch(asked);
    ASSERT_FALSE(response);
    EXPECT_THAT(response.error().message, Not(HasSubstr("Evil")));
  }
  HttpRequest asked = request();
  asked.headers.emplace_back("X\r\nY", "1");
  EXPECT_FALSE(fetch(asked));
  EXPECT_EQ(stub.requests().size(), 0u);
}

TEST_F(CurlClientTest, MessagesKeepUserInfoAndQueryToThemselves) {
  HttpRequest asked = request();
  asked.url = "http://user:hunter2@127.0.0.1:" + std::to_string(refused_port()) + "/v1?key=hunter3";
  asked.headers.emplace_back("Authorization", "Bearer hunter4");
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, Not(HasSubstr("hunter")));
  EXPECT_THAT(response.error().message, HasSubstr("/v1"));
}

TEST_F(CurlClientTest, OneTransferTooManyIsRefused) {
  CurlClient::Options options;
  options.transfers_max = 2;
  make(options);
  stub.push(StubAnswer::hang());
  stub.push(StubAnswer::hang());
  Outcome first, second, third;
  HttpRequest hanging = request();
  hanging.total_timeout = 100ms;
  start(hanging, first);
  start(hanging, second);
  start(request(), third);
  io.run_for(10s);
  ASSERT_TRUE(third);
  EXPECT_FALSE(*third);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->error().kind, HttpError::Kind::timeout);
  EXPECT_TRUE(fetch(request())) << "the places are free again";
}

TEST_F(CurlClientTest, RequestBodyIsBounded) {
  CurlClient::Options options;
  options.request_bytes_max = 10;
  make(options);
  HttpRequest asked = request();
  asked.body = "12345678901";
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::request_too_large);
}

class CurlProxyTest : public CurlClientTest {
 protected:
  static constexpr const char* away = "http://model.test/v1/chat/completions";

  void SetUp() override { make(from_environment()); }
  static CurlClient::Options from_environment() {
    CurlClient::Options options;
    options.proxy_from_environment = true;
    return options;
  }
  Result<HttpResponse, HttpError> fetch_from(const std::string& url,
                                             std::optional<std::string> through = std::nullopt) {
    HttpRequest asked = request();
    asked.url = url;
    asked.proxy = std::move(through);
    return fetch(asked);
  }

  StubProxy proxy{stub.port()};
};

TEST_F(CurlProxyTest, ThatOfTheEnvironmentIsUsed) {
  const Variable variable("http_proxy", proxy.url("user:secret@"));
  const auto response = fetch_from(away);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  ASSERT_EQ(proxy.heads().size(), 1u);
  EXPECT_THAT(proxy.heads()[0], testing::StartsWith("POST http://model.test/v1/chat/completions HTTP/1.1"));
  EXPECT_THAT(proxy.heads()[0], HasSubstr("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="));
  EXPECT_EQ(stub.requests().at(0).path, "/v1/chat/completions");
}

TEST_F(CurlProxyTest, HostsOfNoProxyAndThisMachineAreReachedWithoutIt) {
  const Variable variable("http_proxy", proxy.url());
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const Variable list(name, "other.test,model.test");
    EXPECT_THAT(fetch_from(away).error().message, HasSubstr("resolve host")) << name;
  }
  EXPECT_TRUE(fetch(request()));
  EXPECT_TRUE(fetch_from("http://LOCALHOST:" + std::to_string(stub.port()) + "/"));
  EXPECT_TRUE(proxy.heads().empty());
  EXPECT_TRUE(fetch_from(away));
  EXPECT_EQ(proxy.heads().size(), 1u);
}

TEST_F(CurlProxyTest, ThatOfTheEnvironmentIsNotUsedUnlessAsked) {
  make({});
  const Variable variable("http_proxy", proxy.url());
  EXPECT_FALSE(fetch_from(away));
  EXPECT_TRUE(proxy.heads().empty());
}

TEST_F(CurlProxyTest, TheRequestsWins) {
  const Variable variable("http_proxy", "http://127.0.0.1:" + std::to_string(refused_port()));
  const Variable list("no_proxy", "*");
  EXPECT_TRUE(fetch_from(away, proxy.url()));
  EXPECT_EQ(proxy.heads().size(), 1u);
  EXPECT_THAT(fetch_from(away, "").error().message, HasSubstr("resolve host")) << "none";
  EXPECT_EQ(proxy.heads().size(), 1u);
}

TEST_F(CurlProxyTest, FailuresNameItWithoutItsPassword) {
  const std::string nowhere = "127.0.0.1:" + std::to_string(refused_port());
  const auto refused = fetch_from(away, "http://user:hunter2@" + nowhere);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, HttpError::Kind::connect);
  EXPECT_THAT(refused.error().message, HasSubstr("(through the proxy http://" + nowhere));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("hunter2")));
  const auto tunnel = fetch_from("https://model.test/v1", proxy.url("user:hunter2@"));
  ASSERT_FALSE(tunnel);
  EXPECT_EQ(tunnel.error().kind, HttpError::Kind::connect);
  EXPECT_THAT(tunnel.error().message, HasSubstr("the proxy answered HTTP 407"));
  EXPECT_THAT(tunnel.error().message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(proxy.heads().back(), testing::StartsWith("CONNECT model.test:443 "));
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

TEST_F(CurlClientTest, PackedBodiesAreUnpackedThoughNobodyAskedForThem) {
  const std::tuple<const char*, const char*> cases[] = {
      {"gzip", "1f8b0800000000000203ab564a54b252ca48cdc9c957aa050090fc227b0d000000"},
      {"x-gzip", "1f8b0800000000000203ab564a54b252ca48cdc9c957aa050090fc227b0d000000"},
      {"deflate", "789cab564a54b252ca48cdc9c957aa05001b8d0430"},
      {"deflate", "ab564a54b252ca48cdc9c957aa0500"}};
  for (const auto& [encoding, hex] : cases) {
    for (const bool is_handed_on : {false, true}) {
      auto answer = StubAnswer::http(200, from_hex(hex));
      answer.headers = {{"Content-Encoding", encoding}};
      stub.push(answer);
      std::string body;
      HttpRequest asked = request();
      if (is_handed_on) asked.on_body = [&body](std::string_view bytes) { return !(body += bytes).empty(); };
      const auto response = fetch(asked);
      ASSERT_TRUE(response) << encoding << ": " << response.error().message;
      EXPECT_EQ(is_handed_on ? body : response->body, R"({"a":"hello"})") << encoding;
    }
  }
  const auto sent = stub.requests().at(0);
  for (const auto& [name, value] : sent.headers) EXPECT_NE(name, "Accept-Encoding") << value;
}

TEST_F(CurlClientTest, TheBoundHoldsForTheUnpackedBody) {
  // 100 000 zeros in 132 bytes.
  const std::string packed = from_hex("1f8b0800000000000203edc13101000000c2a0f54f6d0d0fa0") + std::string(96, '\0') +
                             from_hex("8057037d9511d4a0860100");
  for (const std::size_t bytes_max : {99'999u, 100'000u}) {
    auto answer = StubAnswer::http(200, packed);
    answer.headers = {{"Content-Encoding", "gzip"}};
    stub.push(answer);
    HttpRequest asked = request();
    asked.response_bytes_max = bytes_max;
    const auto response = fetch(asked);
    ASSERT_EQ(response.has_value(), bytes_max == 100'000u);
    if (response) {
      EXPECT_EQ(response->body, std::string(100'000, '\0'));
    }
    if (!response) {
      EXPECT_EQ(response.error().kind, HttpError::Kind::too_large);
    }
  }
}

TEST_F(CurlClientTest, CancellingTheCoroutineEndsTheTransfer) {
  stub.push(StubAnswer::hang());
  asio::cancellation_signal signal;
  bool ended = false;
  asio::co_spawn(io, client->fetch(request()),
                 asio::bind_cancellation_slot(signal.slot(), [&ended](std::exception_ptr, auto&&) { ended = true; }));
  while (stub.requests().empty()) io.run_one_for(10ms);
  EXPECT_EQ(client->transfers(), 1u);
  signal.emit(asio::cancellation_type::all);
  io.run_for(5s);
  EXPECT_TRUE(ended);
  EXPECT_EQ(client->transfers(), 0u);
}

TEST_F(CurlClientTest, ABodyIsHandedOnPieceByPieceAsItComes) {
  StubLlm::Options patient;
  patient.hang_max = 10min;
  StubLlm server(patient);
  server.push(StubAnswer::stream({{"one "}, {"two "}, {"three"}}, StubAnswer::End::hang));
  std::string heard;
  HttpRequest asked = request();
  asked.url = server.base_url();
  asked.on_body = [&heard](std::string_view bytes) { return (heard += bytes).size() < 13; };
  const auto response = fetch(asked);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(heard, "one two three") << "though the server has not ended it";
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(client->transfers(), 0u);
}

TEST_F(CurlClientTest, WhoeverHasHeardEnoughHearsNoMore) {
  stub.push(StubAnswer::http(200, std::string(1'000'000, 'x')));
  std::size_t times = 0;
  HttpRequest asked = request();
  asked.on_body = [&times](std::string_view) { return ++times < 2; };
  EXPECT_TRUE(fetch(asked));
  EXPECT_EQ(times, 2u);
}

TEST_F(CurlClientTest, ABodyThatWasHandedOnLeavesTheConnectionForTheNext) {
  HttpRequest asked = request();
  asked.on_body = [](std::string_view) { return true; };
  for (int i = 0; i < 5; ++i) {
    stub.push(StubAnswer::stream({{"a"}, {"b"}}));
    ASSERT_TRUE(fetch(asked));
  }
  EXPECT_EQ(stub.connections(), 1u);
}

TEST_F(CurlClientTest, TheBodyOfARefusalIsCollected) {
  HttpRequest asked = request();
  bool told = false;
  asked.on_body = [&told](std::string_view) { return told = true; };
  for (const int status : {302, 400, 503}) {
    stub.push(StubAnswer::http(status, "the reason"));
    const auto response = fetch(asked);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "the reason");
  }
  EXPECT_FALSE(told);
}

TEST_F(CurlClientTest, AHandedOnBodyIsBoundedAsAWhole) {
  std::string heard;
  HttpRequest asked = request();
  asked.response_bytes_max = 1000;
  asked.on_body = [&heard](std::string_view bytes) { return !(heard += bytes).empty(); };
  stub.push(StubAnswer::stream_of(100, std::string(1000, 'x')));
  ASSERT_TRUE(fetch(asked));
  EXPECT_EQ(heard.size(), 1000u);
  heard.clear();
  stub.push(StubAnswer::stream_of(100, std::string(1001, 'x')));
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::too_large);
  EXPECT_LE(heard.size(), 1000u);
}

TEST_F(CurlClientTest, ACutBodyIsAnErrorAfterWhatCame) {
  std::string heard;
  HttpRequest asked = request();
  asked.on_body = [&heard](std::string_view bytes) { return !(heard += bytes).empty(); };
  stub.push(StubAnswer::stream({{"half of"}}, StubAnswer::End::cut));
  const auto response = fetch(asked);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::protocol);
  EXPECT_EQ(heard, "half of");
}

TEST_F(CurlClientTest, WhatTheReaderThrowsFetchThrows) {
  HttpRequest asked = request();
  asked.on_body = [](std::string_view) -> bool { throw std::runtime_error("no"); };
  bool thrown = false;
  asio::co_spawn(io, client->fetch(asked), [&](std::exception_ptr failure, auto&&) { thrown = failure != nullptr; });
  io.run_for(10s);
  EXPECT_TRUE(thrown);
  EXPECT_EQ(client->transfers(), 0u);
  EXPECT_TRUE(fetch(request()));
}

TEST_F(CurlClientTest, AServerSeesAtOnceThatTheCoroutineWasCancelled) {
  const std::string nothing, begun = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
  for (const auto& bytes : {nothing, begun}) {
    RawServer server(bytes, RawServer::Then::waits_for_client_to_leave);
    auto client_left = server.client_left();
    HttpRequest asked = request();
    asked.url = server.url();
    asio::cancellation_signal signal;
    bool ended = false;
    asked.on_body = [&signal](std::string_view) {  // from where the pieces are handled, too
      signal.emit(asio::cancellation_type::all);
      return true;
    };
    asio::co_spawn(io, client->fetch(asked),
                   asio::bind_cancellation_slot(signal.slot(), [&ended](std::exception_ptr, auto&&) { ended = true; }));
    asio::steady_timer later(io, 50ms);
    if (bytes.empty())
      later.async_wait([&signal](boost::system::error_code) { signal.emit(asio::cancellation_type::all); });
    io.restart();
    io.run_for(2s);
    EXPECT_TRUE(ended);
    EXPECT_EQ(client_left.wait_for(2s), std::future_status::ready);
    EXPECT_EQ(client->transfers(), 0u);
  }
}

TEST_F(CurlClientTest, DestroyingTheClientEndsItsTransfers) {
  stub.push(StubAnswer::hang());
  Outcome outcome;
  start(request(), outcome);
  while (stub.requests().empty()) io.run_one_for(10ms);
  client.reset();
  io.run_for(5s);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(*outcome);
}

TEST_F(CurlClientTest, DestroyingTheLoopWithATransferUnderWayIsSafe) {
  StubLlm server;
  server.push(StubAnswer::hang());
  auto loop = std::make_unique<asio::io_context>();
  auto own = std::make_unique<CurlClient>(loop->get_executor(), CurlClient::Options{});
  HttpRequest asked = request();
  asked.url = server.base_url();
  asio::co_spawn(*loop, own->fetch(asked), asio::detached);
  while (server.requests().empty()) loop->run_one_for(10ms);
  own.reset();
  loop.reset();
}

TEST_F(CurlClientTest, ANameServerThatHangsDoesNotStopTheLoop) {
  resolver_hangs = true;
  HttpRequest asked = request();
  asked.url = "http://server.hangs/v1";
  asked.connect_timeout = 50ms;
  const auto begun = std::chrono::steady_clock::now();
  std::promise<void> answered;
  std::thread release([waiting = answered.get_future()] {
    waiting.wait_for(5s);
    resolver_hangs = false;
    resolver_hangs.notify_all();
  });
  const auto response = fetch(asked);
  const auto took = std::chrono::steady_clock::now() - begun;
  answered.set_value();
  release.join();
  while (resolver_waiting > 0) std::this_thread::yield();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, HttpError::Kind::connect_timeout);
  EXPECT_LT(took, 4s);
}

TEST(PrintableUrl, DropsWhatMayBeSecret) {
  EXPECT_EQ(printable_url("https://u:p@api.example.com:8443/v1/x?key=1#f"), "https://api.example.com:8443/v1/x");
  EXPECT_EQ(printable_url("http://localhost"), "http://localhost/");
  EXPECT_EQ(printable_url("ftp://localhost"), "");
  EXPECT_EQ(printable_url(""), "");
}

TEST_F(CurlClientTest, ConnectsOnlyWhereItMay) {
  std::vector<std::string> asked;
  bool may = false;
  CurlClient::Options options;
  options.may_connect = [&](const std::string& address) {
    asked.push_back(address);
    return may;
  };
  make(options);
  const auto refused = fetch(request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, HttpError::Kind::connect);
  EXPECT_EQ(asked, std::vector<std::string>{"127.0.0.1"});
  EXPECT_TRUE(stub.requests().empty());
  may = true;
  EXPECT_TRUE(fetch(request()));
}

}  // namespace
}  // namespace strawberry::bridge

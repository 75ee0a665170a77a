// The provider, its dialect and curl against a real HTTP server that behaves as servers do, and as they should not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "bridge/adapters/curl/curl_client.h"
#include "bridge/llm/http_provider.h"
#include "common/runtime/asio.h"
#include "tests/support/run_task.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using End = StubAnswer::End;
using Outcome = Result<ModelReply, ProviderError>;

std::string delta(const std::string& content, const std::string& finish_reason = "null") {
  return R"(data: {"model":"m-1","choices":[{"index":0,"delta":)" + content + R"(,"finish_reason":)" + finish_reason +
         "}]}\n\n";
}
std::string said(const std::string& text) { return delta(json{{"content", text}}.dump()); }
const std::string stop = delta("{}", R"("stop")");
const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
const std::string done = "data: [DONE]\n\n";

/// `times` comments, `apart`: a server that only keeps the line open.
std::vector<StubPiece> pings(std::size_t times, std::chrono::microseconds apart) {
  return std::vector<StubPiece>(times, {": ping\n\n", apart});
}

class HttpProviderServerTest : public testing::Test {
 protected:
  HttpProviderServerTest() {
    options.name = "stub";
    options.model = "small";
  }

  ModelRequest request() {
    ModelRequest made;
    made.messages = json::array({{{"role", "user"}, {"content", "hi"}}});
    made.deadline = clock.steady_now() + 20s;
    return made;
  }
  HttpProvider provider() {
    const std::string url = base_url.empty() ? stub.base_url() : base_url;
    return HttpProvider(client, clock, make_openai_wire({url, options.api_key}), options);
  }
  Outcome whole(StubAnswer answer) {
    stub.push(std::move(answer));
    auto asked = provider();
    return test::run_task(loop, asked.complete(request()));
  }
  /// Listens; what it was shown is in `texts`.
  Outcome streamed(StubAnswer answer) {
    stub.push(std::move(answer));
    auto asked = provider();
    return test::run_task(loop, asked.complete(listening()));
  }
  ModelRequest listening() {
    texts.clear();
    auto made = request();
    made.on_text = [this](std::string_view text) { texts.emplace_back(text); };
    return made;
  }
  std::string shown() const {
    std::string all;
    for (const auto& text : texts) all += text;
    return all;
  }

  HttpProvider::Options options;
  std::string base_url;  // empty: the stub's
  std::vector<std::string> texts;
  StubLlm stub;
  asio::io_context loop;
  CurlClient client{loop.get_executor(), {}};
  SystemClock clock;
};

TEST_F(HttpProviderServerTest, AWholeAnswer) {
  options.api_key = "sesame";
  const auto reply = whole(StubAnswer::tool_calls({{"A-b", {{"q", 1}}}}));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->tool_calls.at(0).name, "A-b");
  EXPECT_EQ(reply->provider, "stub");
  EXPECT_EQ(reply->model, "stub-model");
  EXPECT_EQ(reply->usage.completion_tokens, 7);
  const auto sent = stub.requests().at(0);
  EXPECT_EQ(sent.path, "/v1/chat/completions");
  EXPECT_EQ(sent.authorization, "Bearer sesame");
  EXPECT_EQ(sent.body.at("stream"), false);
}

TEST_F(HttpProviderServerTest, AStreamedAnswerHoweverItsBytesCome) {
  const std::string plain = said("Grüße, ") + said("🍓!") + stop + usage + done;
  std::string crlf = plain;
  for (auto at = crlf.find('\n'); at != std::string::npos; at = crlf.find('\n', at + 2)) crlf.insert(at, "\r");
  const std::string commented =
      ": hello\n\n" + said("Grüße, ") + ":\n: ping\n" + said("🍓!") + stop + ":\n\n" + usage + done;
  for (const auto& body : {plain, crlf, commented, "\xEF\xBB\xBF" + plain}) {
    for (const std::size_t size : {std::size_t(1), std::size_t(11), body.size()}) {
      const auto reply = streamed(StubAnswer::stream_of(size, body));
      ASSERT_TRUE(reply) << reply.error().message;
      EXPECT_THAT(texts, ElementsAre("Grüße, ", "🍓!"));
      EXPECT_EQ(reply->content, "Grüße, 🍓!");
      EXPECT_EQ(reply->finish_reason, "stop");
      EXPECT_EQ(reply->model, "m-1");
      EXPECT_EQ(reply->usage.completion_tokens, 4);
      EXPECT_FALSE(reply->usage.estimated);
    }
  }
  EXPECT_EQ(stub.requests().back().body.at("stream"), true);
  EXPECT_EQ(stub.connections(), 1u) << "each stream was read to its end, so that the next could have the connection";
}

TEST_F(HttpProviderServerTest, TextIsShownWhenItComesNotAtTheEnd) {
  stub.push(StubAnswer::stream({{said("first")}}, End::hang));
  auto asked = provider();
  auto made = listening();
  asio::co_spawn(loop, asked.complete(made), [](std::exception_ptr, auto&&) {});
  while (texts.empty() && loop.run_one_for(10s) > 0) {
  }
  EXPECT_THAT(texts, ElementsAre("first"));
}

TEST_F(HttpProviderServerTest, SeveralToolCallsInFragments) {
  const auto call = [](const std::string& text) { return delta(R"({"tool_calls":[)" + text + "]}"); };
  const std::string by_index = call(R"({"index":0,"id":"a","function":{"name":"x","arguments":""}},
                                       {"index":1,"id":"b","function":{"name":"y","arguments":"{\"q\":"}})");
  std::string one_line = by_index;
  one_line.erase(std::remove(one_line.begin(), one_line.end() - 2, '\n'), one_line.end() - 2);
  const std::string bodies[] = {one_line + call(R"({"index":1,"function":{"arguments":"2}"}})") +
                                    call(R"({"index":0,"function":{"arguments":"{}"}})"),
                                call(R"({"index":0,"id":"a","function":{"name":"x","arguments":"{}"}})") +
                                    call(R"({"index":0,"id":"b","function":{"name":"y","arguments":"{\"q\":2}"}})"),
                                call(R"({"index":0,"function":{"name":"x","arguments":"{}"}})") +
                                    call(R"({"index":1,"function":{"name":"y","arguments":"{\"q\":2}"}})")};
  for (const auto& body : bodies) {
    const auto reply = streamed(StubAnswer::stream_of(3, body + delta("{}", R"("tool_calls")") + done));
    ASSERT_TRUE(reply) << reply.error().message;
    ASSERT_EQ(reply->tool_calls.size(), 2u) << body;
    EXPECT_EQ(reply->tool_calls[0].name + reply->tool_calls[0].arguments, "x{}");
    EXPECT_EQ(reply->tool_calls[1].name + reply->tool_calls[1].arguments, R"(y{"q":2})");
    EXPECT_EQ(reply->finish_reason, "tool_calls");
    EXPECT_TRUE(reply->usage.estimated) << "nobody said how much it was";
  }
}

TEST_F(HttpProviderServerTest, AWholeAnswerToWhoeverListensIsShownAtOnce) {
  auto answer = StubAnswer::words("all of it");
  answer.streams_when_asked = false;
  const auto reply = streamed(answer);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_THAT(texts, ElementsAre("all of it"));
}

TEST_F(HttpProviderServerTest, AnErrorInTheMiddle) {
  const std::string error = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"overloaded_error\"}}\n\n";
  auto reply = streamed(StubAnswer::stream({{said("half")}, {error}}, End::hang));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "error");
  EXPECT_EQ(reply.error().status, 529);
  EXPECT_THAT(reply.error().message, HasSubstr("overloaded"));
  EXPECT_TRUE(reply.error().shown);
  const std::string unended = error.substr(0, error.size() - 2);
  reply = streamed(StubAnswer::stream({{unended}}, End::cut));
  EXPECT_EQ(reply.error().reason, "error") << "what the server said is better to know than how it hung up";
  EXPECT_FALSE(reply.error().shown);
}

TEST_F(HttpProviderServerTest, ABodyThatIsNoStream) {
  auto reply = streamed(StubAnswer::http(200, R"({"error":{"message":"no such model"}})"));
  EXPECT_EQ(reply.error().reason, "error");
  EXPECT_THAT(reply.error().message, HasSubstr("no such model"));
  EXPECT_EQ(streamed(StubAnswer::http(200, R"({"choices":[]})")).error().reason, "bad_reply");
  EXPECT_EQ(streamed(StubAnswer::html()).error().reason, "bad_reply");
  EXPECT_EQ(streamed(StubAnswer::stream({{usage}, {done}})).error().reason, "cut");
  EXPECT_EQ(streamed(StubAnswer::http(200, "")).error().reason, "cut");
  EXPECT_EQ(whole(StubAnswer::html()).error().reason, "bad_reply");
  EXPECT_EQ(whole(StubAnswer::http(200, R"({"choices":[]})")).error().reason, "bad_reply");
}

TEST_F(HttpProviderServerTest, ACutConnection) {
  auto reply = streamed(StubAnswer::stream({{said("half")}}, End::cut));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "protocol");
  EXPECT_TRUE(reply.error().shown);
  EXPECT_FALSE(reply.error().timed_out);
  reply = streamed(StubAnswer::stream({}, End::cut));
  EXPECT_EQ(reply.error().reason, "protocol");
  EXPECT_FALSE(reply.error().shown);
  EXPECT_EQ(streamed(StubAnswer::cut()).error().reason, "protocol");
  EXPECT_EQ(whole(StubAnswer::cut()).error().reason, "protocol");
}

TEST_F(HttpProviderServerTest, AServerThatRefusesStreamOptionsIsAskedWithoutThemFromThenOn) {
  for (const int status : {400, 422}) {
    const auto before = stub.requests().size();
    stub.push(StubAnswer::http(
        status, R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"not permitted"}]})"));
    for (int i = 0; i < 2; ++i) stub.push(StubAnswer::stream({{said("all") + stop + done}}));
    auto asked = provider();
    for (int i = 0; i < 2; ++i) {
      const auto reply = test::run_task(loop, asked.complete(listening()));
      ASSERT_TRUE(reply) << reply.error().message;
      EXPECT_EQ(shown(), "all");
      EXPECT_TRUE(reply->usage.estimated);
    }
    const auto sent = stub.requests();
    ASSERT_EQ(sent.size(), before + 3);
    EXPECT_TRUE(sent.at(before).body.contains("stream_options"));
    EXPECT_FALSE(sent.at(before + 1).body.contains("stream_options"));
    EXPECT_FALSE(sent.at(before + 2).body.contains("stream_options")) << "it is remembered";
  }
}

TEST_F(HttpProviderServerTest, AnotherRefusalIsNotAskedAgainAndNeitherIsTheSameOneTwice) {
  const std::string names_it = R"({"error":{"message":"unknown field stream_options"}})";
  EXPECT_EQ(streamed(StubAnswer::http(400, R"({"error":{"message":"unknown field seed"}})")).error().status, 400);
  EXPECT_EQ(streamed(StubAnswer::http(500, names_it)).error().status, 500);
  EXPECT_EQ(whole(StubAnswer::http(400, names_it)).error().status, 400) << "it was not sent";
  EXPECT_EQ(stub.requests().size(), 3u);
  stub.push(StubAnswer::http(400, names_it));
  EXPECT_EQ(streamed(StubAnswer::http(400, names_it)).error().message, "HTTP 400: unknown field stream_options");
  EXPECT_EQ(stub.requests().size(), 5u);
}

TEST_F(HttpProviderServerTest, EveryKindOfThoughtIsASignOfLife) {
  options.first_token_timeout = options.idle_timeout = 300ms;
  for (const char* thought : {R"({"reasoning_content":"hm"})", R"({"reasoning":"hm"})", R"({"thinking":"hm"})",
                              R"({"reasoning_details":[{"type":"reasoning.text","text":"hm"}]})",
                              R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]})"}) {
    std::vector<StubPiece> pieces(10, {delta(thought), 60ms});
    pieces.push_back({said("done") + stop + done, 60ms});
    const auto reply = streamed(StubAnswer::stream(pieces));
    ASSERT_TRUE(reply) << thought << ": " << reply.error().message;
    EXPECT_EQ(shown(), "done") << thought;
  }
}

TEST_F(HttpProviderServerTest, AnEndThatNothingAnnouncesIsAnError) {
  const auto reply = streamed(StubAnswer::stream({{said("half")}}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "cut");
  EXPECT_TRUE(reply.error().shown);
}

TEST_F(HttpProviderServerTest, RefusalsOfEveryKind) {
  for (const int status : {400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 529}) {
    for (const std::string body : {R"({"error":{"message":"the reason"}})", "<html>the reason</html>", ""}) {
      for (const bool listens : {false, true}) {
        const auto answer = StubAnswer::http(status, body);
        const auto reply = listens ? streamed(answer) : whole(answer);
        ASSERT_FALSE(reply);
        EXPECT_EQ(reply.error().reason, "status");
        EXPECT_EQ(reply.error().status, status);
        EXPECT_EQ(reply.error().message.find("the reason") != std::string::npos, body.starts_with('{'));
        EXPECT_FALSE(reply.error().retry_after);
      }
    }
  }
}

TEST_F(HttpProviderServerTest, RetryAfterInBothKindsAndNotForever) {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const std::pair<Headers, std::optional<std::chrono::milliseconds>> cases[] = {
      {{{"Retry-After", "7"}}, 7s},
      {{{"Retry-After-Ms", "1500"}, {"Retry-After", "2"}}, 1500ms},
      {{{"Date", "Wed, 21 Oct 2026 07:27:50 GMT"}, {"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}, 10s},
      {{{"Retry-After", "120"}}, 120s},
      {{{"Retry-After", "121"}}, std::nullopt},
      {{{"Retry-After", "soon"}}, std::nullopt}};
  for (const auto& [headers, wanted] : cases) {
    for (const bool listens : {false, true}) {
      auto answer = StubAnswer::http(429, "{}");
      answer.headers = headers;
      const auto reply = listens ? streamed(answer) : whole(answer);
      ASSERT_FALSE(reply);
      EXPECT_EQ(reply.error().retry_after, wanted) << headers.front().second;
    }
  }
}

TEST_F(HttpProviderServerTest, NobodyListeningAtAll) {
  base_url = "http://127.0.0.1:" + std::to_string(refused_port());
  EXPECT_EQ(streamed({}).error().reason, "connect");
  EXPECT_EQ(whole({}).error().reason, "connect");
}

TEST_F(HttpProviderServerTest, AHangAtConnect) {
  asio::ip::tcp::acceptor full(loop, {asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  asio::ip::tcp::socket first(loop), second(loop);  // after these the queue is full, and a SYN is not answered
  first.connect(full.local_endpoint());
  second.async_connect(full.local_endpoint(), [](boost::system::error_code) {});
  base_url = "http://127.0.0.1:" + std::to_string(full.local_endpoint().port());
  options.connect_timeout = 60ms;
  for (const auto& reply : {streamed({}), whole({})}) {
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, "timeout");
    EXPECT_TRUE(reply.error().timed_out);
    EXPECT_EQ(reply.error().message, "no connection within 60 ms");
  }
}

TEST_F(HttpProviderServerTest, WhoDoesNotBeginInTheTimeLeftForThatMakesRoomForAnother) {
  options.first_token_timeout = 20s;
  stub.push(StubAnswer::hang());
  auto asked = provider();
  auto hurried = listening();
  hurried.begin_by = clock.steady_now() + 60ms;
  const auto reply = test::run_task(loop, asked.complete(std::move(hurried)));
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().timed_out);
  EXPECT_THAT(reply.error().message, HasSubstr("no answer began within "));
}

TEST_F(HttpProviderServerTest, AHangBeforeTheFirstToken) {
  options.first_token_timeout = 60ms;
  for (const auto& answer : {StubAnswer::hang(), StubAnswer::stream({}, End::hang),
                             StubAnswer::stream({{delta(R"({"role":"assistant","content":""})")}}, End::hang),
                             StubAnswer::stream(pings(10'000, 5ms))}) {
    const auto reply = streamed(answer);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, "timeout");
    EXPECT_TRUE(reply.error().timed_out);
    EXPECT_EQ(reply.error().message, "no answer began within 60 ms");
    EXPECT_FALSE(reply.error().shown);
  }
}

TEST_F(HttpProviderServerTest, AHangInTheMiddle) {
  options.idle_timeout = 60ms;
  auto pinging = pings(10'000, 5ms);
  pinging.front() = {said("half")};
  for (const auto& answer : {StubAnswer::stream({{said("half")}}, End::hang), StubAnswer::stream(pinging)}) {
    const auto reply = streamed(answer);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, "timeout");
    EXPECT_TRUE(reply.error().timed_out);
    EXPECT_EQ(reply.error().message, "the answer stopped in the middle: nothing more came for 60 ms");
    EXPECT_TRUE(reply.error().shown);
  }
  const std::string call = delta(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":"{"}}]})");
  const auto reply = streamed(StubAnswer::stream({{call}}, End::hang));
  EXPECT_THAT(reply.error().message, HasSubstr("stopped in the middle"));
  EXPECT_FALSE(reply.error().shown) << "a call is no text";
}

TEST_F(HttpProviderServerTest, EachPieceGivesTheNextItsTime) {
  options.first_token_timeout = options.idle_timeout = 300ms;
  const auto reply = streamed(StubAnswer::tokens(12, 25));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(shown(), "0 1 2 3 4 5 6 7 8 9 10 11 ");
  EXPECT_EQ(reply->usage.completion_tokens, 12);
}

TEST_F(HttpProviderServerTest, AllInAllItTakesTooLong) {
  options.total_timeout = 150ms;
  auto reply = streamed(StubAnswer::tokens(100'000, 100));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "timeout");
  EXPECT_TRUE(reply.error().timed_out);
  EXPECT_EQ(reply.error().message, "no whole answer within 150 ms");
  EXPECT_TRUE(reply.error().shown);
  reply = whole(StubAnswer::hang());
  EXPECT_EQ(reply.error().message, "no whole answer within 150 ms");
}

TEST_F(HttpProviderServerTest, AServerThatDoesNotHangUpAfterTheEndDelaysNobody) {
  options.idle_timeout = 10min;
  const auto begun = std::chrono::steady_clock::now();
  const auto reply = streamed(StubAnswer::stream({{said("all") + stop + done}}, End::hang));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(shown(), "all");
}

TEST_F(HttpProviderServerTest, OnlyTheUsageMissingAtTheEndLosesNoAnswer) {
  options.idle_timeout = 60ms;
  const auto reply = streamed(StubAnswer::stream({{said("all") + stop}}, End::hang));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_TRUE(reply->usage.estimated);
}

TEST_F(HttpProviderServerTest, AnEndlessAnswerIsTooLarge) {
  options.response_bytes_max = 10'000;
  const auto reply = streamed(StubAnswer::tokens(1'000'000, 1e6));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "too_large");
  EXPECT_TRUE(reply.error().shown);
}

TEST_F(HttpProviderServerTest, CancellingEndsTheServersWork) {
  stub.push(StubAnswer::tokens(1'000'000, 200));
  auto asked = provider();
  asio::cancellation_signal signal;
  bool ended = false;
  asio::co_spawn(loop, asked.complete(listening()),
                 asio::bind_cancellation_slot(signal.slot(), [&ended](std::exception_ptr, auto&&) { ended = true; }));
  while (texts.empty() && loop.run_one_for(10s) > 0) {
  }
  signal.emit(asio::cancellation_type::all);
  loop.run_for(5s);
  EXPECT_TRUE(ended);
  EXPECT_EQ(client.transfers(), 0u);
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (stub.clients_gone() == 0 && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
  EXPECT_EQ(stub.clients_gone(), 1u);
}

TEST_F(HttpProviderServerTest, ManyStreamsAtOnceLoseNothingAndMixNothingUp) {
  constexpr std::size_t streams = 200, words = 20;
  std::string wanted;
  for (std::size_t i = 0; i < words; ++i) wanted += std::to_string(i) + " ";
  stub.otherwise([](const StubRequest&) { return StubAnswer::tokens(words, 100); });
  CurlClient::Options many;
  many.transfers_max = streams;
  CurlClient own(loop.get_executor(), many);
  HttpProvider asked(own, clock, make_openai_wire({stub.base_url(), {}}), options);
  std::vector<std::string> heard(streams);
  std::size_t completed = 0;
  for (auto& text : heard) {
    auto made = request();
    made.on_text = [&text](std::string_view piece) { text += piece; };
    asio::co_spawn(loop, asked.complete(made),
                   [&](std::exception_ptr, const Outcome& reply) { completed += reply && reply->content == wanted; });
  }
  loop.run_for(20s);
  EXPECT_EQ(completed, streams);
  EXPECT_THAT(heard, testing::Each(wanted));
}

TEST_F(HttpProviderServerTest, TheLoopMayEndARequestAfterItsProviderAndItsClientAreGone) {
  using asio::ip::tcp;
  const tcp::acceptor silent(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/v1";
  for (const bool is_streamed : {false, true}) {
    auto ending = std::make_unique<asio::io_context>();
    auto http = std::make_unique<CurlClient>(ending->get_executor(), CurlClient::Options{});
    auto asked = std::make_unique<HttpProvider>(*http, clock, make_openai_wire({url, {}}), options);
    asio::co_spawn(*ending, asked->complete(is_streamed ? listening() : request()), asio::detached);
    ending->poll();
    EXPECT_EQ(http->transfers(), 1u);
    asked.reset();
    http.reset();
    ending.reset();
  }
}

}  // namespace
}  // namespace strawberry::bridge

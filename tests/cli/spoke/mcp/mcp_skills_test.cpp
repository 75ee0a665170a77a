/// McpSkills against a scripted server (scripted_server.py), over real pipes and real HTTP.
#include "cli/spoke/mcp/mcp_skills.h"

#include <gmock/gmock.h>

#include <fstream>

#include "bridge/adapters/curl/curl_client.h"
#include "cli/spoke/mcp/http_transport.h"
#include "cli/spoke/mcp/process_transport.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr auto patience = 30s;  // on a busy machine

/// Life: a loop and at most one server a test.
class AnMcpServer : public testing::Test {
 protected:
  ~AnMcpServer() override {
    if (skills_) skills_->stop();
    loop_.restart();
    loop_.poll();
  }

  /// Over pipes, with these modes.
  void start(std::vector<std::string> modes = {}, McpSkills::Options options = {}) {
    std::vector<std::string> argv = {STRAWBERRY_PYTHON, STRAWBERRY_SCRIPTED_SERVER};
    argv.insert(argv.end(), modes.begin(), modes.end());
    start_program(std::move(argv), std::move(options));
  }
  void start_program(std::vector<std::string> argv, McpSkills::Options options = {}) {
    const ProcessTransport::Options server{std::move(argv), environment_for_commands({"NAMED"})};
    options.connect = [this, server]() -> Result<std::unique_ptr<McpTransport>> {
      ++starts_;
      return std::make_unique<ProcessTransport>(loop_, server);
    };
    begin(std::move(options));
  }
  /// Over HTTP.
  void start_http(const std::vector<std::string>& modes, HttpTransport::Headers headers = {}) {
    test::ChildProcess::Options process;
    process.argv = {STRAWBERRY_PYTHON, STRAWBERRY_SCRIPTED_SERVER, "--http"};
    process.argv.insert(process.argv.end(), modes.begin(), modes.end());
    http_process_ = std::make_unique<test::ChildProcess>(std::move(process));
    ASSERT_TRUE(http_process_->wait_for_output("\n", patience));
    url_ = "http://127.0.0.1:" + http_process_->output().substr(0, http_process_->output().find('\n')) + "/mcp";
    McpSkills::Options options;
    options.connect = [this, headers]() -> Result<std::unique_ptr<McpTransport>> {
      ++starts_;
      return std::make_unique<HttpTransport>(loop_, http_, HttpTransport::Options{url_, headers});
    };
    begin(std::move(options));
  }
  void begin(McpSkills::Options options) {
    options.name = "the server";
    options.list_pause = 50ms;
    options.say = [this](const std::string& line) { said_.push_back(line); };
    options.on_skills = [this] { ++changes_; };
    skills_ = std::make_unique<McpSkills>(loop_, std::move(options));
    asio::co_spawn(loop_, skills_->run(), [this](const std::exception_ptr& thrown, Outcome<void> ended) {
      EXPECT_FALSE(thrown);
      ended_ = std::move(ended);
    });
  }

  bool run_until(const std::function<bool()>& is_done) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    loop_.restart();
    while (!is_done() && std::chrono::steady_clock::now() < give_up) {
      loop_.run_for(10ms);
      loop_.restart();
    }
    return is_done();
  }
  void run_until_skills(int changes = 1) {
    ASSERT_TRUE(run_until([&] { return changes_ >= changes || ended_; }));
    ASSERT_FALSE(ended_) << (*ended_ ? "" : ended_->error().message);
  }
  bool has_said(const std::string& text) const {
    return std::any_of(said_.begin(), said_.end(),
                       [&](const auto& line) { return line.find(text) != std::string::npos; });
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const json& skill : skills_->registration()) all.push_back(skill.at("function_name").get<std::string>());
    return all;
  }

  /// `failed: …` when there is no result.
  std::string call(const std::string& function, const json& kwargs = json::object(),
                   std::chrono::milliseconds left = patience) {
    auto ready = skills_->prepare(skills_->registration().at(0).at("class_name").get<std::string>() + "." + function,
                                  json::array(), kwargs);
    if (!ready) return "failed: " + ready.error().message;
    std::optional<Result<json>> result;
    auto running = ready->start(left, [&](Result<json> ended) { result = std::move(ended); });
    if (!running) return "failed: " + running.error().message;
    if (!run_until([&] { return result.has_value(); })) {
      (*running)->stop();
      return "no end";
    }
    if (!*result) return "failed: " + result->error().message;
    return (*result)->is_string() ? (*result)->get<std::string>() : (*result)->dump();
  }

  asio::io_context loop_;
  bridge::CurlClient http_{loop_.get_executor(), {}};
  std::unique_ptr<test::ChildProcess> http_process_;
  std::string url_;
  std::vector<std::string> said_;
  int changes_ = 0;
  int starts_ = 0;
  std::optional<Outcome<void>> ended_;
  std::unique_ptr<McpSkills> skills_;
};

TEST_F(AnMcpServer, OffersItsToolsAsSkills) {
  start();
  run_until_skills();
  const json skills = skills_->registration();
  EXPECT_EQ(skills.at(0), json::parse(R"j({"class_name":"ScriptedServer","function_name":"echo",)j"
                                      R"j("signature":"echo(text: str)","confirm":false,)j"
                                      R"j("docstring":"Says it again.\n\ntext: What to say.\n"})j"));
  EXPECT_EQ(skills.at(2).at("signature"), "delete_all(**arguments)");
  EXPECT_EQ(skills.at(2).at("confirm"), true);
  EXPECT_EQ(skills.at(2).at("input_schema").at("required"), json::array({"really?"}));
  EXPECT_EQ(call("echo", {{"text", "日本 \"🍓\""}}), "日本 \"🍓\"");
  EXPECT_EQ(call("add", {{"a", 1}, {"b", 2.5}}), R"({"sum":3.5})");
  EXPECT_EQ(call("delete_all", {{"really?", true}}), "deleted, really? True");
  EXPECT_EQ(call("fail"), "failed: no such song");
  EXPECT_EQ(call("picture"), "a picture:\n[image image/png, 300 bytes: not passed on]");
  EXPECT_THAT(call("long"), HasSubstr("[cut here: "));
  EXPECT_EQ(call("nothing"), "failed: there is no skill 'ScriptedServer.nothing' here");
}

TEST_F(AnMcpServer, SpeaksTheNewestRevision) {
  start({"modern"});
  run_until_skills();
  EXPECT_EQ(skills_->registration().at(0).at("class_name"), "Scripted");
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
}

TEST_F(AnMcpServer, ListsAllPages) {
  start({"pages"});
  run_until_skills();
  EXPECT_EQ(names().size(), 14u);
}

TEST_F(AnMcpServer, MayTakeItsTimeToStart) {
  start({"late-start"});
  run_until_skills();
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
}

TEST_F(AnMcpServer, OfTheNewestRevisionMayTakeItsTimeToo) {
  McpSkills::Options options;
  options.client.discover_timeout = 300ms;
  start({"modern", "late-start"}, std::move(options));
  run_until_skills();
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
}

TEST_F(AnMcpServer, IsFollowedWhenItsToolsChange) {
  start();
  run_until_skills();
  EXPECT_THAT(names(), Not(Contains("added")));
  EXPECT_EQ(call("change"), "changed");
  run_until_skills(2);
  EXPECT_THAT(names(), Contains("added"));
}

TEST_F(AnMcpServer, IsToldOfWhatNobodyWaitsForAnyMore) {
  start();
  run_until_skills();
  EXPECT_EQ(call("wait", json::object(), 100ms), "failed: the server did not answer within 100 ms");
  auto ready = skills_->prepare("ScriptedServer.wait", {}, {});
  auto running = ready->start(patience, [](const Result<json>&) { ADD_FAILURE(); });
  (*running)->stop();
  EXPECT_GE(json::parse(call("cancelled")).size(), 2u);
}

TEST_F(AnMcpServer, IsStartedAgainWhenItCrashes) {
  start();
  run_until_skills();
  EXPECT_EQ(call("crash"), "failed: the server is gone: it ended with status 3: about to crash");
  EXPECT_THAT(call("echo", {{"text", "x"}}), HasSubstr("the server is not there: it ended with status 3"));
  EXPECT_EQ(names().size(), 14u) << "its skills stay";
  ASSERT_TRUE(run_until([&] { return starts_ == 2; }));
  ASSERT_TRUE(run_until([&] { return call("echo", {{"text", "x"}}) == "x"; }));
  EXPECT_TRUE(has_said("trying again in 100 ms"));
  EXPECT_EQ(changes_, 1) << "nothing to register again";
}

TEST_F(AnMcpServer, IsNoDeviceWhenItCannotBeStarted) {
  start_program({"/no/such/program"});
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("cannot start '/no/such/program'"));
  ended_.reset();
  start_program({"sh", "-c", "echo broken >&2; exit 7"});
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("it ended with status 7: broken"));
}

TEST_F(AnMcpServer, IsNoDeviceWhenItAnswersNothing) {
  McpSkills::Options options;
  options.client.start_timeout = 300ms;
  start({"silent"}, std::move(options));
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("did not answer within 300 ms"));
}

TEST_F(AnMcpServer, MayWriteRubbishInBetween) {
  start({"rubbish"});
  run_until_skills();
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
  EXPECT_TRUE(has_said("a line that is no message: 'Listening on nothing {]'"));
  EXPECT_TRUE(has_said("a log line"));
  EXPECT_LT(said_.size(), 100u);
}

TEST_F(AnMcpServer, ThatWritesOnlyRubbishIsKilled) {
  start_program({"sh", "-c", "yes 'no message'"});
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("lines in a row that are no messages and was killed"));
}

TEST_F(AnMcpServer, ThatFloodsStillAnswers) {
  start({"flood"});
  run_until_skills();
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
}

TEST_F(AnMcpServer, ThatSendsTenMegabytesIsKilled) {
  start({"huge"});
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("a line of more than 4194304 bytes and was killed"));
}

TEST_F(AnMcpServer, ThatAnswersWithTenMegabytesIsStartedAgain) {
  start();
  run_until_skills();
  EXPECT_THAT(call("bulky"), HasSubstr("a line of more than 4194304 bytes and was killed"));
  ASSERT_TRUE(run_until([&] { return call("echo", {{"text", "x"}}) == "x"; }));
}

TEST_F(AnMcpServer, ThatChangesItsToolsAllTheTimeIsAskedNowAndThen) {
  start({"restless"});
  run_until_skills(3);
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
  const int before = changes_;
  const auto started = std::chrono::steady_clock::now();
  ASSERT_TRUE(run_until([&] { return std::chrono::steady_clock::now() - started > 500ms; }));
  EXPECT_LE(changes_ - before, 12) << "once in list_pause";
}

TEST_F(AnMcpServer, ThatDoesNotReadIsNotWaitedFor) {
  start({"deaf"}, [] {
    McpSkills::Options options;
    options.client.start_timeout = 300ms;
    return options;
  }());
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("did not answer"));
}

TEST_F(AnMcpServer, GetsOnlyTheVariablesThatAreNamed) {
  ::setenv("NAMED", "for it", 1);
  ::setenv("STRAWBERRY_SECRET_FOR_TEST", "not for it", 1);
  start();
  run_until_skills();
  EXPECT_EQ(call("environment", {{"name", "NAMED"}}), "for it");
  EXPECT_EQ(call("environment", {{"name", "STRAWBERRY_SECRET_FOR_TEST"}}), "not there");
}

TEST_F(AnMcpServer, LeavesNoProcessBehind) {
  test::TempDir directory;
  const std::string pid_file = directory.file("pid");
  start_program(
      {"sh", "-c", "sleep 1000 & echo $! > " + pid_file + "; exec " STRAWBERRY_PYTHON " " STRAWBERRY_SCRIPTED_SERVER});
  run_until_skills();
  pid_t child = 0;
  std::ifstream(pid_file) >> child;
  ASSERT_GT(child, 0);
  skills_->stop();
  const auto is_gone = [&] {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string number, name, state;
    return !(stat >> number >> name >> state) || state == "Z";
  };
  EXPECT_TRUE(run_until(is_gone));
}

class AnHttpMcpServer : public AnMcpServer, public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(AnHttpMcpServer, OffersItsToolsAndFollowsChanges) {
  start_http(GetParam());
  run_until_skills();
  EXPECT_EQ(names().size(), 14u);
  EXPECT_EQ(call("echo", {{"text", "日本 \"🍓\""}}), "日本 \"🍓\"");
  EXPECT_EQ(call("fail"), "failed: no such song");
  EXPECT_THAT(call("bulky"), HasSubstr("bytes"));
  EXPECT_EQ(call("wait", json::object(), 200ms), "failed: the server did not answer within 200 ms");
  EXPECT_EQ(call("change"), "changed");
  run_until_skills(2);
  EXPECT_THAT(names(), Contains("added"));
  EXPECT_EQ(starts_, 1);
}

INSTANTIATE_TEST_SUITE_P(Eras, AnHttpMcpServer,
                         testing::Values(std::vector<std::string>{}, std::vector<std::string>{"sse"},
                                         std::vector<std::string>{"modern"},
                                         std::vector<std::string>{"modern", "sse"}));

TEST_F(AnMcpServer, BeginsAnotherSessionWhenItsOwnIsForgotten) {
  start_http({});
  run_until_skills();
  EXPECT_EQ(call("forget"), "forgotten");
  EXPECT_THAT(call("echo", {{"text", "x"}}), HasSubstr("forgotten the session"));
  ASSERT_TRUE(run_until([&] { return call("echo", {{"text", "x"}}) == "x"; }));
  EXPECT_EQ(starts_, 2);
}

TEST_F(AnMcpServer, GetsTheHeadersThatItWants) {
  start_http({"secret"}, {{"Authorization", "Bearer open-sesame"}});
  run_until_skills();
  EXPECT_EQ(call("echo", {{"text", "x"}}), "x");
}

TEST_F(AnMcpServer, IsNoDeviceWithoutTheHeadersThatItWants) {
  start_http({"secret"});
  ASSERT_TRUE(run_until([&] { return ended_.has_value(); }));
  EXPECT_THAT(ended_->error().message, HasSubstr("HTTP 401 (is what it wants in the file of --mcp-headers?)"));
}

TEST_F(AnMcpServer, IsAskedAgainWhenItsHttpIsGone) {
  start_http({});
  run_until_skills();
  http_process_->terminate();
  EXPECT_THAT(call("echo", {{"text", "x"}}), HasSubstr("failed: "));
  ASSERT_TRUE(run_until([&] { return has_said("trying again in 500 ms"); }));
  EXPECT_THAT(call("echo", {{"text", "x"}}), HasSubstr("the server is not there: "));
  EXPECT_FALSE(ended_);
}

TEST(HeaderFile, IsPrivateAndHasOneHeaderALine) {
  test::TempDir directory;
  const std::string path = directory.file("headers");
  const auto write = [&](const std::string& text, std::filesystem::perms mode) {
    std::ofstream(path, std::ios::trunc) << text;
    std::filesystem::permissions(path, mode);
    return read_header_file(path);
  };
  const auto own = std::filesystem::perms(0600);
  const auto good = write("# a comment\n\nAuthorization: Bearer a:b \r\nX-Key:k\n", own);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(*good, (HttpTransport::Headers{{"Authorization", "Bearer a:b"}, {"X-Key", "k"}}));
  EXPECT_FALSE(write("Authorization: x\n", std::filesystem::perms(0644)));
  EXPECT_FALSE(read_header_file(directory.file("nowhere")));
  const auto bad = write("Good: x\nhunter2\n", own);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr(":2: no header"));
  EXPECT_THAT(bad.error().message, Not(HasSubstr("hunter2")));
  EXPECT_FALSE(write("Mcp-Session-Id: x\n", own));
}

}  // namespace
}  // namespace strawberry::cli

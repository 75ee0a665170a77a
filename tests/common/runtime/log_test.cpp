#include "common/runtime/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "bridge/pipeline/request_log.h"

namespace strawberry {
namespace {

using nlohmann::json;
using testing::EndsWith;

constexpr std::size_t line_bytes_max = 1'024;

class LogTest : public testing::Test {
 protected:
  LogTest() { use("json"); }
  ~LogTest() override { spdlog::set_default_logger(std::make_shared<spdlog::logger>("none")); }
  void use(const std::string& format) {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out_));
    logger->set_formatter(make_log_formatter(format, line_bytes_max));
    logger->set_level(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
  }
  std::string line() {
    auto said = out_.str();
    out_.str("");
    return said;
  }

  std::ostringstream out_;
};

TEST_F(LogTest, ALineOfARequestSaysWhichInFieldsOfItsOwn) {
  bridge::Request request;
  request.sender = {PrincipalType::device, "tablet", "alice"};
  request.service = Service::chat;
  request.op = "complete";
  request.log_id = "c-1";
  log_for(request).info("it {}", "works");
  const auto said = json::parse(line());
  EXPECT_EQ(said.at("message"), "it works");
  EXPECT_EQ(said.at("level"), "info");
  EXPECT_EQ(said.at("correlation_id"), "c-1");
  EXPECT_EQ(said.at("sender"), "tablet");
  EXPECT_EQ(said.at("service"), "chat");
  EXPECT_EQ(said.at("op"), "complete");
}

TEST_F(LogTest, TheNextLineHasNothingOfIt) {
  log_for("c-1").info("one");
  spdlog::info("two");
  const auto both = line();
  const auto second = json::parse(both.substr(both.find('\n') + 1));
  EXPECT_EQ(second.at("message"), "two");
  EXPECT_FALSE(second.contains("correlation_id"));
  EXPECT_FALSE(json::parse(both.substr(0, both.find('\n'))).contains("op")) << "what is not known is left out";
}

TEST_F(LogTest, PeopleSeeTheIdInFrontOfTheMessage) {
  use("human");
  log_for("c-1").warn("late");
  EXPECT_THAT(line(), EndsWith("Z warning  [c-1] late\n"));
  spdlog::info("alone");
  EXPECT_THAT(line(), EndsWith("Z info     alone\n"));
}

TEST_F(LogTest, AHostileIdStaysWithinItsLineAndItsField) {
  std::string long_id(10'000, 'x');
  for (const std::string& id :
       {std::string("a\nb\"}\r\x1b[31m"), std::string("\"},{\"level\":\"error"), std::string("\xff\xfe\x80"),
        std::string("null\0byte", 9), std::string("{}"), long_id}) {
    use("json");
    log_for(id).info("{}", id.substr(0, 3));
    const auto said = line();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
    const auto parsed = json::parse(said, nullptr, false);
    ASSERT_TRUE(parsed.is_object()) << said;
    EXPECT_EQ(parsed.at("level"), "info");
    EXPECT_LE(parsed.at("correlation_id").get<std::string>().size(), field_bytes_max * 4 + 3);
    use("human");
    log_for(id).info("said");
    const auto shown = line();
    EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 1);
    EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  }
}

TEST_F(LogTest, AMessageIsCutAtTheLimitAndNotBefore) {
  spdlog::info("{}", std::string(line_bytes_max, 'y'));
  EXPECT_EQ(json::parse(line()).at("message").get<std::string>().size(), line_bytes_max);
  spdlog::info("{}", std::string(line_bytes_max + 1, 'y'));
  EXPECT_EQ(json::parse(line()).at("message").get<std::string>().size(), line_bytes_max + 3);
}

}  // namespace
}  // namespace strawberry

// Tests of the helpers, against a bare broker.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/support/broker_process.h"
#include "tests/support/child_process.h"
#include "tests/support/mqtt_test_client.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

MqttTestClient::Options client_options(const BrokerProcess& broker, int version, const std::string& id) {
  MqttTestClient::Options options;
  options.port = broker.port();
  options.version = version;
  options.client_id = id;
  return options;
}

TEST(ChildProcess, ReportsOutputAndExitCode) {
  ChildProcess::Options options;
  options.argv = {"/bin/sh", "-c", "cat; echo \"$GREETING\"; exit 3"};
  options.environment = {{"GREETING", "hello"}};
  options.input = "from the test\n";
  ChildProcess child(options);
  EXPECT_TRUE(child.wait_for_output("hello\n", 5s));
  EXPECT_EQ(child.wait_for_exit(5s), 3);
  EXPECT_EQ(child.output(), "from the test\nhello\n");
}

// A program that answers after it wrote a line to its log: whoever has the answer must find the line.
TEST(ChildProcess, ReportsWhatIsWrittenBeforeItIsAsked) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const std::string end = std::to_string(ends[1]);
  ChildProcess::Options options;
  options.argv = {"/bin/sh", "-c", "while read -r line <&" + end + "; do echo \"$line\"; echo >&" + end + "; done"};
  {
    ChildProcess child(options);
    for (int i = 0; i < 500; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      char answer = 0;
      ASSERT_EQ(::write(ends[0], line.data(), line.size()), static_cast<ssize_t>(line.size()));
      ASSERT_EQ(::read(ends[0], &answer, 1), 1);
      ASSERT_NE(child.output().find(line), std::string::npos) << i;
    }
  }
  for (const int fd : ends) ::close(fd);
}

TEST(ChildProcess, IsKilledWithItsObject) {
  pid_t pid = 0;
  {
    ChildProcess::Options options;
    options.argv = {"/bin/sh", "-c", "trap '' TERM; echo ready; sleep 1000"};
    ChildProcess child(options);
    ASSERT_TRUE(child.wait_for_output("ready", 5s));
    pid = child.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

class BareBroker : public ::testing::TestWithParam<int> {};

TEST_P(BareBroker, CarriesAMessageFromOneClientToAnother) {
  const BrokerProcess broker({});
  MqttTestClient reader(client_options(broker, GetParam(), "reader"));
  MqttTestClient writer(client_options(broker, GetParam(), "writer"));
  ASSERT_EQ(reader.connect(), 0);
  ASSERT_EQ(writer.connect(), 0);
  EXPECT_EQ(reader.subscribe("a/+"), 1);
  EXPECT_EQ(writer.publish("a/b", "payload"), 0);
  const auto message = reader.wait_for("a/b");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->payload, "payload");
}

TEST_P(BareBroker, SendsTheWillOfAClientThatDropped) {
  const BrokerProcess broker({});
  MqttTestClient reader(client_options(broker, GetParam(), "reader"));
  ASSERT_EQ(reader.connect(), 0);
  ASSERT_EQ(reader.subscribe("will"), 1);
  auto options = client_options(broker, GetParam(), "dropping");
  options.will.emplace();
  options.will->topic = "will";
  options.will->payload = "gone";
  MqttTestClient dropping(options);
  ASSERT_EQ(dropping.connect(), 0);
  dropping.drop();
  EXPECT_TRUE(dropping.wait_for_end());
  EXPECT_TRUE(reader.wait_for("will"));
}

TEST_P(BareBroker, ComesBackOnTheSamePortWithWhatWasRetained) {
  BrokerProcess::Options options;
  options.persistence = true;
  BrokerProcess broker(options);
  MqttTestClient client(client_options(broker, GetParam(), "client"));
  ASSERT_EQ(client.connect(), 0);
  TestMessage message;
  message.topic = "kept";
  message.payload = "still here";
  message.retained = true;
  ASSERT_EQ(client.publish(message), 0);
  broker.stop();
  EXPECT_TRUE(client.wait_for_end());
  broker.start();
  ASSERT_EQ(client.connect(), 0);
  ASSERT_EQ(client.subscribe("kept"), 1);
  EXPECT_TRUE(client.wait_for("kept"));
}

INSTANTIATE_TEST_SUITE_P(Mqtt, BareBroker, ::testing::Values(4, 5));

TEST(MqttTestClient, ReadsAndWritesMqtt5Properties) {
  const BrokerProcess broker({});
  MqttTestClient client(client_options(broker, 5, "client"));
  ASSERT_EQ(client.connect(), 0);
  ASSERT_EQ(client.subscribe("a"), 1);
  TestMessage sent;
  sent.topic = "a";
  sent.response_topic = "answer/here";
  sent.correlation_data = std::string("\0\xff bytes", 8);
  sent.content_type = "application/json";
  sent.expiry_s = 30;
  sent.user_properties = {{"one", "1"}, {"two", "2"}, {"one", "3"}};
  ASSERT_EQ(client.publish(sent), 0);
  const auto received = client.wait_for("a");
  ASSERT_TRUE(received);
  EXPECT_EQ(received->response_topic, sent.response_topic);
  EXPECT_EQ(received->correlation_data, sent.correlation_data);
  EXPECT_EQ(received->content_type, sent.content_type);
  EXPECT_EQ(received->expiry_s, sent.expiry_s);
  EXPECT_EQ(received->user_properties, sent.user_properties);
}

}  // namespace
}  // namespace strawberry::test

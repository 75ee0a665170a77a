/// The client and a real Mosquitto that listens on a Unix socket: restarts, files of a killed broker, tokens.
#include <sys/stat.h>

#include <filesystem>

#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/support/broker_process.h"
#include "tests/support/test_hub.h"

using namespace std::chrono_literals;
using testing::HasSubstr;

namespace strawberry::test {
namespace {

class RealSocket : public ClientFixture {
 protected:
  BrokerProcess::Options bare() const {
    BrokerProcess::Options options;
    options.socket_path = path;
    return options;
  }
  BrokerProcess::Options guarded() const {
    BrokerProcess::Options options = bare();
    options.keys_path = hub.keys_path();
    options.database_path = hub.database_path();
    return options;
  }
  MosquittoClient::Options only_socket() const {
    auto options = options_for(1);  // where no broker is
    options.socket = {path, true};
    return options;
  }
  unsigned mode() const {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
  }

  TestHub hub;
  const std::string path = hub.directory().file("broker.sock");
};

TEST_F(RealSocket, ComesBackAfterABrokerThatWasKilled) {
  BrokerProcess broker(bare());
  start(only_socket(), {"in", "out"});
  ASSERT_TRUE(until_ready());
  for (int i = 0; i < 3; ++i) {
    broker.kill();
    ASSERT_TRUE(until([&] { return !client->is_ready(); }));
    EXPECT_TRUE(std::filesystem::exists(path)) << "a killed broker leaves the file";
    EXPECT_TRUE(client->publish(message(std::to_string(i))));
    broker.start();
    ASSERT_TRUE(until([&] { return messages.size() == static_cast<std::size_t>(i) + 1; })) << i;
    ASSERT_TRUE(until([&] { return client->counters().outbox_messages == 0; }));
  }
}

TEST_F(RealSocket, AConnectionOpensTwoFiles) {
  const auto open_files = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  BrokerProcess broker(bare());
  start(only_socket());
  ASSERT_TRUE(until_ready());
  const auto with_one = open_files();
  auto options = only_socket();
  options.client_id = "another";  // the same would end the first one
  MosquittoClient another(loop, options);
  another.start({}, {});
  ASSERT_TRUE(until([&] { return another.is_ready(); }));
  EXPECT_EQ(open_files() - with_one, 2) << "the library's socket and a copy of it, and no pair to wake a thread";
}

TEST_F(RealSocket, ComesBackAfterABrokerThatWasStopped) {
  BrokerProcess broker(bare());
  start(only_socket());
  ASSERT_TRUE(until_ready());
  broker.stop();
  ASSERT_TRUE(until([this] { return lost.size() >= 2; }));
  EXPECT_THAT(lost.back(), HasSubstr("no such socket")) << "the broker removes the file when it is stopped";
  broker.start();
  EXPECT_TRUE(until_ready());
}

/// The broker sets this by its umask: the right to execute has no effect on a socket.
TEST_F(RealSocket, IsForOwnerAndGroupAlone) {
  const BrokerProcess broker(bare());
  EXPECT_EQ(mode() & 0666U, 0660U);
  EXPECT_EQ(mode() & 0007U, 0U);
}

TEST_F(RealSocket, LargeMessagesPassInBothDirections) {
  const BrokerProcess broker(bare());
  auto options = only_socket();
  options.outbox_receiver_bytes_max = 32 * 1024 * 1024;
  start(options, {"out"});
  ASSERT_TRUE(until_ready());
  const std::string large(1024 * 1024, 'L');
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client->publish(message(std::to_string(i % 10) + large)));
  ASSERT_TRUE(until([this] { return messages.size() == 20; }));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(messages[i].payload, std::to_string(i % 10) + large);
}

TEST_F(RealSocket, ATokenIsCheckedAsAnywhere) {
  const BrokerProcess broker(guarded());
  auto options = only_socket();
  options.connect_once = true;
  options.client_id = "bridge";
  for (const std::string& bad : {std::string(), std::string("no token"), hub.user_token("alice") + "x"}) {
    lost.clear();
    options.password = [&bad] { return bad; };
    start(options, {});
    ASSERT_TRUE(until([this] { return !lost.empty(); })) << bad;
    EXPECT_THAT(lost.front(), HasSubstr("uthori")) << bad;
  }
  options.password = [this] { return hub.bridge_token(); };
  start(options, {});
  EXPECT_TRUE(until_ready());
}

}  // namespace
}  // namespace strawberry::test

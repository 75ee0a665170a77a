/// How the client connects to the broker's Unix socket, and its behaviour when it cannot.
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/common/runtime/mqtt/fake_broker.h"
#include "tests/support/temp_dir.h"

using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

namespace strawberry::test {
namespace {

class Socket : public ClientFixture {
 protected:
  MosquittoClient::Options only_socket() const {
    auto options = options_for(1);  // where no broker is
    options.socket = {path, true};
    return options;
  }
  MosquittoClient::Options socket_then(std::uint16_t port) const {
    auto options = options_for(port);
    options.socket = {path, false};
    options.connect_once = true;
    return options;
  }
  /// Leaves a file like that of a killed broker.
  void leave_stale_file() const { asio::local::stream_protocol::acceptor(other_loop, path).close(); }

  TempDir directory;
  const std::string path = directory.file("broker.sock");
  mutable asio::io_context other_loop;
};

TEST_F(Socket, CarriesMessagesInBothDirections) {
  FakeBroker broker(loop, path);
  start(only_socket());
  ASSERT_TRUE(until_ready());
  EXPECT_EQ(client->where(), path);
  EXPECT_TRUE(client->publish(message("hello")));
  EXPECT_TRUE(until([&] { return broker.count(3) == 1; }));
  broker.publish("in", "welcome");
  EXPECT_TRUE(until([this] { return !messages.empty(); }));
}

TEST_F(Socket, HasNoTlsEvenWhenTcpHas) {
  FakeBroker broker(loop, path);
  auto options = only_socket();
  options.tls = MosquittoClient::Tls{"/there/is/no/such.crt", {}};
  start(options);
  EXPECT_TRUE(until_ready());
  EXPECT_THAT(lost, IsEmpty());
}

TEST_F(Socket, IsTriedBeforeTcp) {
  FakeBroker at_socket(loop, path);
  FakeBroker at_port(loop);
  start(socket_then(at_port.port()));
  EXPECT_TRUE(until_ready());
  EXPECT_EQ(client->where(), path);
  EXPECT_EQ(at_port.connections, 0U);
}

TEST_F(Socket, TcpComesAfterASocketThatIsNotThere) {
  FakeBroker at_port(loop);
  start(socket_then(at_port.port()));
  EXPECT_TRUE(until_ready());
  EXPECT_EQ(client->where(), "127.0.0.1:" + std::to_string(at_port.port()));
  EXPECT_THAT(lost, IsEmpty());
}

TEST_F(Socket, TcpComesAfterAStaleFile) {
  leave_stale_file();
  FakeBroker at_port(loop);
  start(socket_then(at_port.port()));
  EXPECT_TRUE(until_ready());
  EXPECT_THAT(lost, IsEmpty());
}

TEST_F(Socket, TcpComesAfterABrokerThatDoesNotAnswer) {
  FakeBroker at_socket(loop, path);
  at_socket.script.answers_connect = false;
  FakeBroker at_port(loop);
  auto options = socket_then(at_port.port());
  options.connect_timeout = 500ms;  // also the most that the broker at the port may take
  start(options);
  EXPECT_TRUE(until_ready());
  EXPECT_EQ(at_port.connections, 1U);
}

/// A token that the broker refuses here would also be refused there.
TEST_F(Socket, TcpDoesNotComeAfterABrokerThatRefuses) {
  FakeBroker at_socket(loop, path);
  at_socket.script.connect_reason = 0x87;
  FakeBroker at_port(loop);
  start(socket_then(at_port.port()));
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost.front(), HasSubstr("uthori"));
  EXPECT_EQ(at_port.connections, 0U);
}

TEST_F(Socket, AloneItIsWaitedForWithBackOff) {
  start(only_socket());
  EXPECT_THAT(lost, IsEmpty()) << "a handler ran before start() had ended";
  ASSERT_TRUE(until([this] { return lost.size() == 3; }));
  EXPECT_THAT(lost, Each(HasSubstr("no such socket")));
  EXPECT_GE(lost_at[2] - lost_at[1], 20ms) << "the pause does not grow";
  FakeBroker broker(loop, path);
  EXPECT_TRUE(until_ready());
}

TEST_F(Socket, AStaleFileIsToldFromAMissingOne) {
  leave_stale_file();
  start(only_socket());
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost.front(), HasSubstr("no broker listens on it"));
  ::unlink(path.c_str());
  FakeBroker broker(loop, path);
  EXPECT_TRUE(until_ready());
}

/// Root may do everything, so this thread becomes another user for the file system.
class AsNobody {
 public:
  AsNobody() { ::setfsuid(nobody); }
  ~AsNobody() { ::setfsuid(::geteuid()); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static constexpr uid_t nobody = 65'534;
};

TEST_F(Socket, WithoutPermissionItSaysSo) {
  FakeBroker broker(loop, path);
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  const AsNobody nobody;
  start(only_socket());
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost.front(), HasSubstr("Permission denied"));
}

TEST_F(Socket, APathThatIsTooLongIsNamedAsSuch) {
  auto options = only_socket();
  options.socket.path = "/tmp/" + std::string(103, 'x');
  start(options);
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost.front(), HasSubstr("at most 107 bytes"));
}

TEST_F(Socket, AFullQueueIsWaitedFor) {
  asio::local::stream_protocol::acceptor busy(loop);
  busy.open();
  busy.bind(path);
  busy.listen(0);
  asio::local::stream_protocol::socket first(loop);
  first.connect(path);
  auto options = only_socket();
  options.connect_once = true;
  start(options);
  run_for(30ms);
  EXPECT_THAT(lost, IsEmpty());
  busy.accept();
  asio::local::stream_protocol::socket accepted(loop);
  bool has_come = false;
  busy.async_accept(accepted, [&](const boost::system::error_code& error) { has_come = !error; });
  EXPECT_TRUE(until([&] { return has_come; }));
}

TEST_F(Socket, AQueueThatStaysFullEndsTheAttempt) {
  asio::local::stream_protocol::acceptor busy(loop);
  busy.open();
  busy.bind(path);
  busy.listen(0);
  asio::local::stream_protocol::socket first(loop);
  first.connect(path);
  auto options = only_socket();
  options.connect_timeout = 40ms;
  start(options);
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost.front(), HasSubstr("no answer within 40 ms"));
}

TEST_F(Socket, AClientMayGoWhileItWaits) {
  asio::local::stream_protocol::acceptor busy(loop);
  busy.open();
  busy.bind(path);
  busy.listen(0);
  asio::local::stream_protocol::socket first(loop);
  first.connect(path);
  start(only_socket());
  run_for(10ms);
  client.reset();
  run_for(20ms);
  EXPECT_THAT(lost, IsEmpty());
}

}  // namespace
}  // namespace strawberry::test

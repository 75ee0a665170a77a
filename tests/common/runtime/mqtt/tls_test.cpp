/// The client and a Mosquitto with certificates from scripts/certificates: which it trusts, and its errors for others.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <fstream>

#include "common/runtime/mqtt/tls.h"
#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/support/broker_process.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

namespace strawberry::test {
namespace {

std::string run(std::vector<std::string> words, const std::string& directory = {}) {
  ChildProcess::Options options;
  options.argv = std::move(words);
  options.working_directory = directory;
  ChildProcess child(std::move(options));
  const auto code = child.wait_for_exit(20s);
  EXPECT_EQ(code, 0) << child.output();
  return child.output();
}

class Tls : public ClientFixture {
 protected:
  Tls() { make_certificates("tls"); }
  void make_certificates(const std::string& name) {
    run({STRAWBERRY_SOURCE_DIR "/scripts/certificates", directory.file(name)});
  }
  std::string file(const std::string& name) const { return directory.file(name); }
  /// Uses the server's certificate in that directory.
  BrokerProcess::Options with_tls(const std::string& name = "tls") const {
    BrokerProcess::Options options;
    options.config = {"certfile " + file(name + "/server.crt"), "keyfile " + file(name + "/server.key")};
    return options;
  }
  MosquittoClient::Options trusting(const BrokerProcess& broker, const std::string& ca = "tls/ca.crt") const {
    auto options = options_for(broker.port());
    options.tls = MosquittoClient::Tls{file(ca), {}};
    return options;
  }
  /// Never becomes ready, with this reason at each attempt.
  void expect_refusal(const std::string& why, TlsTrouble trouble) {
    ASSERT_TRUE(until([this] { return lost.size() == 3; }));
    EXPECT_THAT(lost, Each(HasSubstr(why)));
    EXPECT_EQ(client->loss().tls, trouble);
    EXPECT_EQ(ready, 0U);
  }
  TempDir directory;
};

TEST_F(Tls, ConnectsToABrokerItTrusts) {
  const BrokerProcess broker(with_tls());
  start(trusting(broker), {"out"});
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("hello")));
  ASSERT_TRUE(until([this] { return !messages.empty(); }));
  EXPECT_EQ(messages.front().payload, "hello");
  EXPECT_EQ(broker.log().find("OpenSSL"), std::string::npos) << broker.log();
  stop();
}

TEST_F(Tls, ChecksTheNameItWasGivenNotTheAddress) {
  const BrokerProcess broker(with_tls());
  auto options = trusting(broker);
  options.host = "localhost";
  start(options);
  EXPECT_TRUE(until_ready());
  options.host = "127.0.0.1";
  options.tls->server_name = "localhost";
  start(options);
  EXPECT_TRUE(until_ready());
}

TEST_F(Tls, RefusesAnotherName) {
  const BrokerProcess broker(with_tls());
  auto options = trusting(broker);
  options.tls->server_name = "hub.example";
  start(options);
  expect_refusal("not accepted for hub.example: hostname mismatch", TlsTrouble::other_name);
}

TEST_F(Tls, RefusesAnotherAddress) {
  const BrokerProcess broker(with_tls());
  auto options = trusting(broker);
  options.tls->server_name = "192.0.2.99";
  start(options);
  expect_refusal("not accepted for 192.0.2.99: IP address mismatch", TlsTrouble::other_name);
}

TEST_F(Tls, RefusesAnotherCa) {
  make_certificates("other");
  const BrokerProcess broker(with_tls());
  start(trusting(broker, "other/ca.crt"));
  expect_refusal("not accepted for 127.0.0.1: ", TlsTrouble::certificate);
}

TEST_F(Tls, RefusesWithoutACaOfItsOwn) {
  const BrokerProcess broker(with_tls());
  auto options = trusting(broker);
  options.tls->ca_file.clear();  // the system's
  start(options);
  expect_refusal("not accepted for 127.0.0.1: unable to get local issuer certificate", TlsTrouble::certificate);
}

TEST_F(Tls, RefusesAnExpiredCertificate) {
  run({"/usr/bin/openssl", "req", "-new", "-key", "server.key", "-subj", "/CN=old", "-out", "old.csr"}, file("tls"));
  std::ofstream(file("tls/names")) << "subjectAltName=IP:127.0.0.1\n";
  run({"/usr/bin/openssl", "x509", "-req", "-in", "old.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "0",
       "-set_serial", "7", "-extfile", "names", "-out", "server.crt"},
      file("tls"));
  const BrokerProcess broker(with_tls());
  start(trusting(broker));
  expect_refusal("not accepted for 127.0.0.1: certificate has expired", TlsTrouble::not_now);
}

TEST_F(Tls, NeverFallsBackToPlain) {
  const BrokerProcess broker(BrokerProcess::Options{});
  start(trusting(broker));
  expect_refusal("", TlsTrouble::no_tls);
  EXPECT_EQ(broker.log().find("tested"), std::string::npos) << "it introduced itself:\n" << broker.log();
}

TEST_F(Tls, APlainClientIsNotLetInAndSaysSo) {
  const BrokerProcess broker(with_tls());
  start(options_for(broker.port()));
  ASSERT_TRUE(until([this] { return lost.size() == 2; }));
  EXPECT_EQ(ready, 0U);
}

TEST_F(Tls, NamesACaFileItCannotUseAndGoesOnTrying) {
  const BrokerProcess broker(with_tls());
  start(trusting(broker, "tls/absent.crt"));
  ASSERT_TRUE(until([this] { return lost.size() == 2; }));
  EXPECT_THAT(lost, Each(AllOf(HasSubstr("absent.crt"), HasSubstr("cannot use"))));
  std::filesystem::copy(file("tls/ca.crt"), file("tls/absent.crt"));
  EXPECT_TRUE(until_ready());
}

TEST_F(Tls, DemandsTls12) {
  const auto context = TlsContext::make(file("tls/ca.crt"), "localhost");
  ASSERT_TRUE(context) << context.error().message;
  EXPECT_EQ(SSL_CTX_get_min_proto_version((*context)->get()), TLS1_2_VERSION);
  EXPECT_EQ(SSL_CTX_get_verify_mode((*context)->get()), SSL_VERIFY_PEER);
}

/// OpenSSL may hold data that the socket no longer shows, and a record is smaller than a message.
TEST_F(Tls, LargeMessagesPassInBothDirections) {
  const BrokerProcess broker(with_tls());
  start(trusting(broker), {"out"});
  ASSERT_TRUE(until_ready());
  const std::string large(1024 * 1024, 'L');
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client->publish(message(std::to_string(i % 10) + large)));
  ASSERT_TRUE(until([this] { return messages.size() == 20; }));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(messages[i].payload, std::to_string(i % 10) + large);
}

/// HTTPS on the same thread may leave such errors.
TEST_F(Tls, ErrorsOfOthersOnItsThreadAreNotItsOwn) {
  const BrokerProcess broker(with_tls());
  const auto until_despite_errors = [this](auto condition) {
    return until([&] {
      ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
      return condition();
    });
  };
  start(trusting(broker), {"out"});
  EXPECT_TRUE(until_despite_errors([this] { return ready == 1; }));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client->publish(message(std::string(1024 * 1024, 'L'))));
  EXPECT_TRUE(until_despite_errors([this] { return messages.size() == 5; }));
  EXPECT_TRUE(lost.empty()) << lost.front();
  ERR_clear_error();
}

TEST_F(Tls, ManySmallMessagesPassInOrderWithFewReadAtATime) {
  auto settings = with_tls();
  settings.config.emplace_back("max_queued_messages 100000");
  settings.config.emplace_back("max_inflight_messages 5000");
  const BrokerProcess broker(settings);
  auto options = trusting(broker);
  options.packets_at_once_max = 1;
  start(options, {"out"});
  ASSERT_TRUE(until_ready());
  constexpr int sent = 3'000;
  for (int i = 0; i < sent; ++i) EXPECT_TRUE(client->publish(message(std::to_string(i))));
  ASSERT_TRUE(until([this] { return messages.size() == sent; })) << messages.size();
  for (int i = 0; i < sent; ++i) ASSERT_EQ(messages[static_cast<std::size_t>(i)].payload, std::to_string(i));
}

TEST_F(Tls, ComesBackAfterABrokerThatWasKilled) {
  BrokerProcess broker(with_tls());
  start(trusting(broker), {"out"});
  ASSERT_TRUE(until_ready());
  broker.kill();
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_THAT(lost.front(), HasSubstr("lost")) << "not an error in the protocol";
  EXPECT_TRUE(client->publish(message("kept")));
  broker.start();
  ASSERT_TRUE(until([this] { return !messages.empty(); }));
  EXPECT_EQ(messages.front().payload, "kept");
}

}  // namespace
}  // namespace strawberry::test

/// The supervisor of `strawberryctl run`, within this process: twelve hours of its work in a second.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "cli/hub_connection.h"
#include "cli/run/supervisor.h"
#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"

namespace strawberry::cli {
namespace {

using test::content_of;

constexpr std::chrono::seconds patience{40};
constexpr std::chrono::milliseconds look_interval{20};

TEST(ARunningHub, RenewsADamagedCertificateAndStartsItsBrokerAgainForIt) {
  const test::TempDir directory;
  const auto installation = find_installation(STRAWBERRYCTL_PATH, "/usr/bin:/bin", /*demo=*/false);
  ASSERT_TRUE(installation) << installation.error().message;
  RunOptions options;
  options.data_dir = directory.path() / "var";
  options.port = test::free_port();
  options.wss_port = test::free_port();
  options.http_port = test::free_port();
  options.tls = true;
  options.certificate_interval = std::chrono::seconds(1);
  const std::string certificate = options.data_dir + "/tls/server.crt";
  const std::string broker_pid = options.data_dir + "/broker.pid";

  asio::io_context loop;
  Supervisor supervisor(loop, options, *installation);
  std::string first_broker;
  bool is_renewed = false;
  asio::steady_timer look(loop);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const std::function<void()> look_again = [&] {
    const bool is_up = std::filesystem::exists(options.data_dir + "/http-endpoint");
    if (is_up && first_broker.empty()) {
      first_broker = content_of(broker_pid);
      std::ofstream(certificate, std::ios::trunc) << "rubbish";
    }
    const std::string broker = content_of(broker_pid);
    is_renewed = !first_broker.empty() && content_of(certificate).starts_with("-----BEGIN CERTIFICATE") &&
                 !broker.empty() && broker != first_broker;
    if (is_renewed || std::chrono::steady_clock::now() > deadline) return supervisor.request_stop();
    look.expires_after(look_interval);
    look.async_wait([&](const boost::system::error_code&) { look_again(); });
  };
  look_again();
  const Outcome<void> outcome = run(loop, supervisor.run());
  EXPECT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(is_renewed) << content_of(certificate);
  EXPECT_FALSE(std::filesystem::exists(options.data_dir + "/gateway.pid"));
}

}  // namespace
}  // namespace strawberry::cli

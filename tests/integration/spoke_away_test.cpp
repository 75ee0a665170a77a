/// `strawberryctl spoke` and a hub that is away for long: tokens that expire meanwhile, tokens whose time to be renewed
/// passes meanwhile.
#include <gmock/gmock.h>

#include <thread>

#include "cli/connect_directory.h"
#include "common/text/clock.h"
#include "tests/cli/hub_run.h"
#include "tests/integration/spoke_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SpokeAway : public SpokeFixture {
 protected:
  std::string token(std::chrono::seconds age, std::chrono::seconds rest) {
    const WallTime now = SystemClock().wall_now();
    Claims claims;
    claims.principal = {PrincipalType::device, "lamp", "alice"};
    claims.name = "lamp";
    claims.issued_at = now - age;
    claims.expires_at = now + rest;
    return issue_token(hub().files().keys(), claims).value();
  }
  void start(const std::string& directory) {
    spoke({"--connect", directory},
          "[[skill]]\nsignature = \"say(text: str) -> str\"\ncommand = [\"echo\", \"{text}\"]\n");
    wait_for("offers 1 skill");
  }
  template <class Condition>
  static bool until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }
  void lose_the_broker() {
    before_ = hub().bridge().output().size();
    hub().broker().kill();
    wait_for("trying again");
  }
  void find_it_again() {
    hub().broker().start();
    hub().wait_until_serving(before_);
    meet_again();
  }

 private:
  std::size_t before_ = 0;
};

TEST_F(SpokeAway, ATokenThatExpiresMeanwhileIsOneLineWithWhatToDoAndAnotherOneIsUsedAtOnce) {
  const std::string directory = connect_directory("lamp", token(0s, 1h));
  start(directory);
  lose_the_broker();
  ASSERT_TRUE(cli::replace_token(directory, token(2h, -1h)));
  find_it_again();
  wait_for("its token has expired, on ");
  wait_for("'strawberryctl token issue --device lamp --mosquitto DIR' makes a new one, for " + directory);
  wait_for("it is tried again");
  std::this_thread::sleep_for(3s);  // longer than the first pause
  EXPECT_EQ(count("its token has expired"), 1u) << process().output();
  EXPECT_EQ(count("trying again"), 1u) << process().output();
  EXPECT_FALSE(is_online());
  ASSERT_TRUE(cli::replace_token(directory, token(0s, 1h)));
  wait_for("offers 1 skill");
  EXPECT_EQ(answer("CommandSkill.say", {"back"}), "back");
}

TEST_F(SpokeAway, ATokenWhoseTimeToBeRenewedPassesMeanwhileIsRenewedWithTheNextConnection) {
  connect_directory("lamp");  // a token must be younger than its device
  start(connect_directory("lamp", token(0s, 45s)));
  lose_the_broker();
  std::this_thread::sleep_for(30s);  // two thirds of its life
  EXPECT_EQ(count("cannot"), 0u) << "nothing is tried without a connection:\n" << process().output();
  EXPECT_EQ(count_lines(process().output()), 4u) << process().output();
  find_it_again();
  ASSERT_TRUE(until([&] { return count("has a new token") + count("its token has expired") > 0; }))
      << process().output();
  if (count("its token has expired") > 0) GTEST_SKIP() << "the hub took longer than a third of the token's life";
  EXPECT_EQ(answer("CommandSkill.say", {"back"}), "back");
}

}  // namespace
}  // namespace strawberry::test

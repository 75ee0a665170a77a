// Turns of sign-ins at the one thread that compares passwords.
#include "bridge/users/login_turns.h"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <optional>

namespace strawberry::bridge {
namespace {

class Turns : public ::testing::Test {
 protected:
  /// Takes turns that last; gives whether there was one.
  bool takes(const std::string& address, const std::string& user) {
    auto turn = turns_.take(address, user);
    if (!turn) return false;
    held_.push_back(std::move(*turn));
    return true;
  }

  LoginTurns turns_{{.per_user_max = 2, .per_network_max = 3, .unproven_max = 4, .proven_places_max = 2}};
  std::list<LoginTurns::Turn> held_;
};

TEST_F(Turns, EndWithTheirObjects) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(turns_.take("192.0.2.1", "alice")) << i;
}

TEST_F(Turns, AreFewForOneUserFromHoweverManyAddresses) {
  EXPECT_TRUE(takes("192.0.2.1", "alice"));
  EXPECT_TRUE(takes("192.0.2.2", "alice"));
  EXPECT_FALSE(takes("192.0.2.3", "alice"));
  EXPECT_TRUE(takes("192.0.2.3", "bob"));
  held_.pop_front();
  EXPECT_TRUE(takes("192.0.2.3", "alice")) << "one has ended";
}

TEST_F(Turns, AreFewForOneNetworkForHoweverManyUsers) {
  for (const char* user : {"a", "b", "c"}) EXPECT_TRUE(takes("2001:db8::1", user));
  EXPECT_FALSE(takes("2001:db8::ffff", "d")) << "the same network";
  EXPECT_TRUE(takes("2001:db8:0:1::1", "d"));
}

TEST_F(Turns, AreLeftForThoseWhoHaveSignedInThere) {
  turns_.succeeded("192.0.2.9", "alice");
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(takes("192.0.2." + std::to_string(i), "user" + std::to_string(i)));
  EXPECT_FALSE(takes("192.0.2.5", "alice")) << "all turns for guessing are taken";
  EXPECT_FALSE(takes("192.0.2.9", "bob"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(takes("192.0.2.9", "alice")) << i;
  EXPECT_FALSE(takes("192.0.2.9", "alice")) << "of one network";
}

TEST_F(Turns, ThePlaceUnusedForLongestIsForgotten) {
  turns_.succeeded("192.0.2.1", "alice");
  turns_.succeeded("192.0.2.2", "alice");
  turns_.succeeded("192.0.2.1", "alice");
  turns_.succeeded("192.0.2.3", "alice");
  EXPECT_TRUE(takes("198.51.100.1", "alice"));
  EXPECT_TRUE(takes("198.51.100.2", "alice"));
  EXPECT_TRUE(takes("192.0.2.1", "alice"));
  EXPECT_FALSE(takes("192.0.2.2", "alice"));
  EXPECT_TRUE(takes("192.0.2.3", "alice"));
}

TEST(TurnsOfLogins, MayOutliveWhatGaveThem) {
  auto turns = std::make_unique<LoginTurns>(LoginTurns::Options());
  const auto turn = turns->take("192.0.2.1", "alice");
  EXPECT_TRUE(turn);
  turns.reset();
}

}  // namespace
}  // namespace strawberry::bridge

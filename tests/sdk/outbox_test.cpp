#include "sdk/cpp/src/outbox.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::sdk {
namespace {

using namespace std::chrono_literals;

class OutboxWithoutALink : public ::testing::Test {
 protected:
  bool push(Outbox& outbox, std::size_t bytes, std::chrono::hours lasts) {
    Outbox::Message message;
    message.sending.topic = "skills/lamp/result";
    message.sending.payload = std::string(bytes, 'x');
    message.until = clock_.steady_now() + lasts;
    return outbox.push(std::move(message));
  }
  test::FakeClock clock_;
};

TEST_F(OutboxWithoutALink, TakesSoManyMessagesAndRefusesTheNext) {
  Outbox outbox(clock_, {.messages_max = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(push(outbox, 10, 48h));
  EXPECT_FALSE(push(outbox, 10, 48h));
}

TEST_F(OutboxWithoutALink, TakesSoManyBytesAndRefusesTheNext) {
  Outbox outbox(clock_, {.bytes_max = 3'000});
  EXPECT_TRUE(push(outbox, 1'000, 48h));
  EXPECT_TRUE(push(outbox, 1'000, 48h));
  EXPECT_FALSE(push(outbox, 1'000, 48h));
  EXPECT_TRUE(push(outbox, 100, 48h)) << "a smaller one has room";
}

TEST_F(OutboxWithoutALink, IsAtItsLimitForADayAndHasRoomAgainWhenItsMessagesAreOver) {
  Outbox outbox(clock_, {.messages_max = 100});
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    for (int i = 0; i < 20; ++i) ++(push(outbox, 1'000, 1h) ? taken : refused);
    clock_.advance(1min);
    outbox.tick();
  }
  EXPECT_GT(refused, 20'000u);
  EXPECT_LE(taken, 24u * 100u) << "no more than a limit of them an hour";
  clock_.advance(1h);
  outbox.tick();
  EXPECT_TRUE(outbox.is_empty());
}

}  // namespace
}  // namespace strawberry::sdk

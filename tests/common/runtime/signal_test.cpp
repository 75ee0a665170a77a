#include "common/runtime/signal.h"

#include <gtest/gtest.h>

#include <string>

#include "common/runtime/one_shot.h"
#include "tests/support/run_task.h"

namespace strawberry {
namespace {

constexpr auto never = asio::steady_timer::time_point::max();
const auto long_ago = asio::steady_timer::time_point(std::chrono::seconds(1));

class Signals : public ::testing::Test {
 protected:
  template <class T>
  T run(Task<T> task) {
    return test::run_task(loop_, std::move(task));
  }
  asio::io_context loop_;
};

TEST_F(Signals, ASignalStaysSetAfterItWasWaitedFor) {
  Signal signal(loop_.get_executor());
  EXPECT_FALSE(signal.is_set());
  asio::post(loop_, [&] { EXPECT_TRUE(signal.set()); });
  EXPECT_TRUE(run(signal.wait()));
  EXPECT_TRUE(signal.is_set());
  EXPECT_TRUE(run(signal.wait()));
}

TEST_F(Signals, ASecondSetIsIgnored) {
  Signal signal(loop_.get_executor());
  EXPECT_TRUE(signal.set());
  EXPECT_FALSE(signal.set());
}

TEST_F(Signals, AWaitEndsAtItsDeadlineWithoutTheSignal) {
  Signal signal(loop_.get_executor());
  EXPECT_FALSE(run(signal.wait_until(long_ago)));
  EXPECT_FALSE(signal.is_set());
}

TEST_F(Signals, AWaitThatIsCancelledEndsWithoutTheSignal) {
  Signal signal(loop_.get_executor());
  asio::cancellation_signal cancel;
  bool is_set = true;
  asio::co_spawn(loop_, signal.wait(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& thrown, bool result) {
                   EXPECT_FALSE(thrown);
                   is_set = result;
                 }));
  asio::post(loop_, [&] { cancel.emit(asio::cancellation_type::all); });
  loop_.run();
  EXPECT_FALSE(is_set);
}

TEST_F(Signals, AValueIsTakenOnceAndNeverReplaced) {
  OneShot<std::string> value(loop_.get_executor());
  EXPECT_TRUE(value.set("first"));
  EXPECT_FALSE(value.set("second"));
  EXPECT_EQ(run(value.wait_until(never)), "first");
  EXPECT_FALSE(value.set("third"));
  EXPECT_TRUE(value.is_set());
  EXPECT_EQ(run(value.wait_until(long_ago)), std::nullopt);
}

TEST_F(Signals, AValueThatComesAfterTheDeadlineIsThereForTheNextWait) {
  OneShot<int> value(loop_.get_executor());
  EXPECT_EQ(run(value.wait_until(long_ago)), std::nullopt);
  EXPECT_TRUE(value.set(7));
  EXPECT_EQ(run(value.wait()), 7);
}

}  // namespace
}  // namespace strawberry

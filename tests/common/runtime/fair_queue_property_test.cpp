/// The fairness of the queue, in random order: while a user waits, no other user has two turns.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/runtime/fair_queue.h"
#include "tests/support/seeds.h"

namespace strawberry {
namespace {

using test::Random;

struct Item {
  std::string user;
  std::string sender;
  std::size_t bytes;
  int number;
};
using Queue = FairQueue<Item>;
constexpr Queue::Options bounds{12, 4, 100};

/// The waiting users, and how many turns each other one had meanwhile.
class Turns {
 public:
  void waits(const std::string& who) { since_.try_emplace(who); }
  void had_one(const std::string& who, bool still_waits) {
    for (auto& [waiting, others] : since_) {
      if (waiting == who) continue;
      EXPECT_LE(++others[who], 1) << who << " had two turns while " << waiting << " waited";
    }
    since_.erase(who);
    if (still_waits) waits(who);
  }

 private:
  std::map<std::string, std::map<std::string, int>> since_;
};

class QueueAndModel {
 public:
  explicit QueueAndModel(Random& random) : random_(random) {}

  void push() {
    static const std::vector<std::string> users{"alice", "bob", "carol", ""};
    static const std::vector<std::string> senders{"1", "2", "3"};  // the same names with every user
    Item item{random_.pick(users), random_.pick(senders), random_.below(random_.percent(20) ? 40 : 6), ++pushed_};
    auto& waiting = model_[item.user][item.sender];
    const bool fits = size_ < bounds.items_max && bytes_ + item.bytes <= bounds.bytes_max &&
                      waiting.size() < bounds.items_per_sender_max;
    ASSERT_EQ(queue_.has_room_for(item.user, item.sender, item.bytes), fits);
    if (!fits) return;
    queue_.push(item.user, item.sender, item, item.bytes);
    ++size_;
    bytes_ += item.bytes;
    users_.waits(item.user);
    senders_[item.user].waits(item.sender);
    waiting.push_back(item.number);
  }

  void pop() {
    const auto item = queue_.pop();
    ASSERT_EQ(item.has_value(), size_ > 0);
    if (!item) return;
    auto& of_user = model_[item->user];
    auto& waiting = of_user[item->sender];
    ASSERT_FALSE(waiting.empty());
    EXPECT_EQ(item->number, waiting.front()) << "a sender's own order";
    waiting.pop_front();
    --size_;
    bytes_ -= item->bytes;
    bool user_waits = false;
    for (const auto& [name, items] : of_user) user_waits |= !items.empty();
    users_.had_one(item->user, user_waits);
    senders_[item->user].had_one(item->sender, !waiting.empty());
  }

  void check() const {
    EXPECT_EQ(queue_.size(), size_);
    EXPECT_EQ(queue_.bytes(), bytes_);
    EXPECT_EQ(queue_.empty(), size_ == 0);
  }
  std::size_t size() const { return size_; }

 private:
  Random& random_;
  Queue queue_{bounds};
  std::map<std::string, std::map<std::string, std::deque<int>>> model_;
  Turns users_;
  std::map<std::string, Turns> senders_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  int pushed_ = 0;
};

TEST(FairQueueProperty, NobodyHasTwoTurnsWhileAnotherWaitsAndNothingIsLostOrOutOfOrder) {
  test::for_each_seed(200, [](Random& random) {
    QueueAndModel both(random);
    for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) {
      // Alternately more pushes and more pops, so that both ends are reached.
      random.percent(step / 60 % 2 == 0 ? 65 : 35) ? both.push() : both.pop();
      both.check();
    }
    while (both.size() > 0 && !testing::Test::HasFailure()) both.pop();
    both.pop();
    both.check();
  });
}

}  // namespace
}  // namespace strawberry

/// The chats under way: how many each principal has, and how one is stopped when its sender takes it back or leaves.
///
/// Stopping answers the chat at once, with `cancelled`, and then cancels the coroutine that works on it, which ends the
/// provider's transfer and abandons skill calls. A chat whose answer is whole (done_deciding()) is not stopped any
/// more.
///
/// Threading: loop only.   Lifetime: shared with the chats: one that never finished is destroyed with the loop, after
/// the service.   Bounds: `chats_per_principal_max`.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"

namespace strawberry::bridge {

class RunningChats : public std::enable_shared_from_this<RunningChats> {
 public:
  /// One chat's place, given back with the last reference to it.
  class Chat {
   public:
    Chat(std::shared_ptr<RunningChats> all, const asio::any_io_executor& executor, Principal sender,
         std::string correlation_id);
    ~Chat();
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;

    /// What the chat is told to end by, and its one answer, whoever gives it first.
    struct Ending {
      explicit Ending(const asio::any_io_executor& executor) : answer(executor) {}
      /// Cancels the work; what it comes to does not matter any more.
      void stop_work();

      OneShot<Reply<nlohmann::json>> answer;
      asio::cancellation_signal stop;
      bool is_stopped = false;
    };
    const std::shared_ptr<Ending>& ending() const { return ending_; }
    void done_deciding() { is_decided_ = true; }

   private:
    friend class RunningChats;
    bool is_stopped_by(const Error& why);

    const std::shared_ptr<RunningChats> all_;
    const Principal sender_;
    const std::string correlation_id_;
    const std::shared_ptr<Ending> ending_;
    bool is_decided_ = false;
  };

  explicit RunningChats(std::size_t chats_per_principal_max) : chats_per_principal_max_(chats_per_principal_max) {}

  /// Null when the sender has as many as it may.
  std::shared_ptr<Chat> begin(const asio::any_io_executor& executor, const Principal& sender,
                              std::string correlation_id);
  /// False when the sender has no chat of that correlation id that could still be stopped.
  bool cancel(const Principal& sender, const std::string& correlation_id);
  /// Stops every chat of the device; gives how many.
  std::size_t sender_left(const std::string& device_id);

  std::size_t size() const { return by_sender_id_.size(); }

 private:
  const std::size_t chats_per_principal_max_;
  std::unordered_multimap<std::string, Chat*> by_sender_id_;
};

}  // namespace strawberry::bridge

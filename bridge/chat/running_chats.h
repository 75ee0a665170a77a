/// The running chats: counts them for each principal, and stops them when the client cancels one or goes offline.
///
/// Stopping answers the chat at once with `cancelled`, and then cancels the coroutine that works on it, which ends the
/// provider's transfer and abandons skill calls. A chat whose answer is complete (done_deciding()) is not stopped any
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
  /// The place of one chat, released with the last reference to it.
  class Chat {
   public:
    Chat(std::shared_ptr<RunningChats> all, const asio::any_io_executor& executor, Principal sender,
         std::string correlation_id, std::string line);
    ~Chat();
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;

    /// The signal that ends a chat, and its one answer: the first one set counts.
    struct Ending {
      explicit Ending(const asio::any_io_executor& executor) : answer(executor) {}
      /// Cancels the work; its outcome is ignored.
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
    const std::string line_;
    const std::shared_ptr<Ending> ending_;
    bool is_decided_ = false;
  };

  explicit RunningChats(std::size_t chats_per_principal_max) : chats_per_principal_max_(chats_per_principal_max) {}

  /// Returns null when the principal has reached its limit. `line`: the `jti` of the first token of the line by which
  /// it was asked; empty when that is not known.
  std::shared_ptr<Chat> begin(const asio::any_io_executor& executor, const Principal& sender,
                              std::string correlation_id, std::string line = {});
  /// Returns false when the principal has no chat with that correlation id that can still be stopped.
  bool cancel(const Principal& sender, const std::string& correlation_id);
  /// Stops every chat of the device; returns their number.
  std::size_t sender_left(const std::string& device_id);
  /// Stops every chat that the user itself has begun; gives how many.
  std::size_t standing_changed(const std::string& user_id);

  /// Stops every chat that was asked for by a token of the line; returns their number.
  std::size_t line_revoked(const std::string& line);

  std::size_t size() const { return by_sender_id_.size(); }

 private:
  std::size_t stop_of(const std::string& id, PrincipalType type, const std::string& why);
  static std::size_t stop_all(const std::vector<Chat*>& chats, const std::string& why);

  const std::size_t chats_per_principal_max_;
  std::unordered_multimap<std::string, Chat*> by_sender_id_;
};

}  // namespace strawberry::bridge

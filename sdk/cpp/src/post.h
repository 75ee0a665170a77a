/// Publishes to this Spoke's topics: requests of its principal, answers of its device.
///
/// Threading: any.   Lifetime: shared with threads of skills, which may outlive the Spoke.   Errors: false when the
/// outbox is full.
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "common/contract/topics.h"
#include "sdk/cpp/src/outbox.h"
#include "sdk/cpp/src/requests.h"

namespace strawberry::sdk {

class Post {
 public:
  explicit Post(const Clock& clock) : outbox(clock, {}) {}

  /// Called before the first link is up. `response_to`: the level below `<service>/{id}/response` for replies; empty:
  /// that topic itself.
  void is_from(const std::string& id, const std::string& response_to) {
    const std::lock_guard lock(mutex_);
    id_ = id;
    response_to_ = response_to;
    result_topic_ = skill_result_topic(id);
  }

  bool send_request(Requests::Outgoing outgoing) {
    Outbox::Message message;
    {
      const std::lock_guard lock(mutex_);
      message.sending.topic = request_topic(outgoing.service, id_);
      if (!response_to_.empty())
        message.sending.response_topic = response_topic(outgoing.service, id_) + "/" + response_to_;
    }
    message.sending.payload = std::move(outgoing.text);
    message.until = outgoing.until;
    message.this_link_only = true;  // requests are repeated by the threads that wait for them
    return outbox.push(std::move(message));
  }

  bool send_answer(std::string answer, SteadyTime until) {
    Outbox::Message message;
    {
      const std::lock_guard lock(mutex_);
      message.sending.topic = result_topic_;
    }
    message.sending.payload = std::move(answer);
    message.until = until;
    return outbox.push(std::move(message));
  }

  Outbox outbox;

 private:
  std::mutex mutex_;
  std::string id_;
  std::string response_to_;
  std::string result_topic_;
};

}  // namespace strawberry::sdk

/// Stored conversations of the device's user (docs/contract.md, section 6).
///
/// Threading: any.   Lifetime: the Spoke's.   Errors: HubError.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <strawberry/public.h>

namespace strawberry {
inline namespace v0 {

class Spoke;

struct Session {
  std::string session_id;
  std::string title;
  std::size_t message_count = 0;
  std::string device_id;
  bool is_active = false;
  std::string created_at;  // RFC 3339, UTC
  std::string last_activity;
};

struct Message {
  std::string message_id;
  std::string role;  // `user` or `assistant`
  std::string content;
  std::string created_at;
};

class STRAWBERRY_PUBLIC Sessions {
 public:
  explicit Sessions(Spoke& spoke) : spoke_(spoke) {}

  /// Returns its id.
  std::string create(const std::string& title = {});
  /// Returns those active in the last `days` days (0: all), newest first; 500 at most.
  std::vector<Session> list(std::size_t limit = 50, int days = 0);
  Session get(const std::string& session_id);
  /// Oldest first; `before`: a message's id, to get only earlier ones. 500 at most.
  std::vector<Message> messages(const std::string& session_id, std::size_t limit = 50, const std::string& before = {});
  /// Returns the message's id. Repeating the same `message_id` changes nothing.
  std::string append(const std::string& session_id, const std::string& role, const std::string& content,
                     const std::string& message_id = {});
  void rename(const std::string& session_id, const std::string& title);
  void erase(const std::string& session_id);

 private:
  Spoke& spoke_;
};

}  // namespace v0
}  // namespace strawberry

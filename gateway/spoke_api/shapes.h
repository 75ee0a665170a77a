/// The Spoke API of the Python hub: converts its requests to the hub's, and the hub's records to its own.
///
/// Pure functions. Members that the hub's answer lacks are null, or left out where the clients do not need them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/http/errors.h"

namespace strawberry::gateway::spoke_api {

nlohmann::json request_for(const char* op);
nlohmann::json request_for(const char* op, const char* member, const std::string& value);
/// `device_id`: of a device that is registered again; empty for a new one.
nlohmann::json registration_of(const nlohmann::json& body, const std::string& device_id = {});
nlohmann::json skills_of(nlohmann::json body);
nlohmann::json call_of(const nlohmann::json& body);

/// {device_id, name, user_id, is_active, last_seen, created_at}
nlohmann::json me(const nlohmann::json& device);
/// For a user's token without a device: the virtual device of the user's dashboard.
nlohmann::json dashboard_of(const std::string& user_id);
/// {id, name, is_active, last_seen}; `is_active`: it is connected.
nlohmann::json discovered(const nlohmann::json& device);
nlohmann::json discovered_list(const nlohmann::json& listed);
/// {device_id, display_name} of a registration.
nlohmann::json display(const nlohmann::json& registered);
/// {device_id, access_token}
nlohmann::json registered_device(const nlohmann::json& registered);
/// {device, token, command}: a device that the dashboard registered, and the command that starts it.
nlohmann::json new_device_token(const nlohmann::json& registered);
/// [discovered with created_at, skill_count and skill_names]
nlohmann::json dashboard_devices(const nlohmann::json& devices, const nlohmann::json& skills);
/// With an id that is a hash of its contents, so that it stays the same.
nlohmann::json skill(const nlohmann::json& skill);
nlohmann::json skill_list(const nlohmann::json& listed);
/// Results of a search; a skill that any device can run is on `hub`.
nlohmann::json found_list(const nlohmann::json& found);
nlohmann::json session(const nlohmann::json& session, const std::string& user_id);
nlohmann::json session_list(const nlohmann::json& listed, const std::string& user_id);
nlohmann::json message(const nlohmann::json& message);
nlohmann::json message_list(const nlohmann::json& listed, const std::string& session_id);

/// Returns whether this answer to `get` means that the user has no such device, and not that its state is unknown just
/// now.
bool is_another_device(const Problem& problem);

/// Joins the pages of a session's messages into one list, since this API has no pages.
/// Bounds: messages_max, the newest, and about bytes_max.
class AllMessages {
 public:
  static constexpr std::size_t messages_max = 10'000;
  static constexpr std::size_t bytes_max = 16 * 1024 * 1024;
  static constexpr int page_max = 500;

  bool is_whole() const { return whole_; }
  nlohmann::json next_page(const std::string& session_id) const;
  /// Returns whether the page exceeds what the hub can send at once; smaller pages are then requested.
  bool is_page_too_large(const Problem& problem);
  void add(const nlohmann::json& page);
  /// Returns {messages}, oldest first.
  nlohmann::json listed() const;

 private:
  std::vector<nlohmann::json> pages_;  // newest first
  std::string before_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  int page_ = page_max;
  bool whole_ = false;
};

/// Makes the answer of `/skills/execute`: a call that failed, or may have run, is 200 with `success` false, since the
/// clients repeat requests with a status from 500 on.
Response executed(const nlohmann::json& result);
Response not_executed(const Problem& problem);

/// Makes an OpenAI completion with every member that the client reads.
nlohmann::json completion(nlohmann::json result);

}  // namespace strawberry::gateway::spoke_api

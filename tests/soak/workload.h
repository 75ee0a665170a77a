/// The requests of the parties of a fault run: of every kind, mostly calls, some invalid, some sent twice.
///
/// Threading: one thread.   Lifetime: stage and parties outlive it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/soak/party.h"

namespace strawberry::soak {

class Workload {
 public:
  Workload(Stage& stage, const std::vector<Party*>& parties, bool presses_often);

  /// The start of every party: devices register their skills, all open a session.
  void begin(Party& party);
  bool has_begun(const Party& party) const { return sessions_.contains(party.id()); }
  /// Sends one request, from a party that is connected and not too busy. Returns false when there is none.
  bool ask_something();

  /// Whether a request to delete it was sent.
  bool is_deleted(int session_request) const { return deleted_.contains(session_request); }

 private:
  int call(Party& party);
  int chat(Party& party);
  int about_skills(Party& party);
  int about_devices(Party& party);
  int about_sessions(Party& party);
  int something_wrong(Party& party);
  void remember(Party& party, int number, const nlohmann::json& reply);
  void press_again(Party& party, int number);
  Party& somebody();
  Request draft(const std::string& service, const std::string& kind, int low_ms, int high_ms);

  Stage& stage_;
  std::vector<Party*> parties_;
  bool presses_often_;
  std::map<std::string, std::vector<Party*>> devices_;                              // by user
  std::map<std::string, std::string> sessions_;                                     // party → the session it keeps
  std::map<std::string, std::vector<std::pair<int, std::string>>> spare_sessions_;  // to delete: request, id
  std::set<int> deleted_;
  std::set<int> to_press_;
};

}  // namespace strawberry::soak

/// A device or a user in the fault run: sends requests, records their answers, and, as a device, reacts to calls as
/// their callers chose, never twice for one call id.
///
/// Threading: one thread.   Lifetime: the stage and the peers outlive it.   Bounds: the run's messages.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/contract/principal.h"
#include "tests/soak/line.h"
#include "tests/soak/stage.h"

namespace strawberry::soak {

inline constexpr const char* skill_class = "Soak";

class Party {
 public:
  struct Options {
    int port = 0;
    Principal principal;
    std::string token;
    int version = 5;
  };

  Party(Stage& stage, Options options);

  const std::string& id() const { return principal_.id; }
  const std::string& user() const { return principal_.user_id; }
  bool is_device() const { return principal_.type == PrincipalType::device; }
  bool is_mqtt_5() const { return version_ == 5; }
  Line& line() { return line_; }
  bool is_up() const { return line_.is_up(); }
  /// Since when it is connected or disconnected.
  Time since() const { return since_; }
  int unanswered(const std::string& service) const;
  int unanswered() const;

  /// Connects, and again whenever the line ends, until go().
  void come();
  /// Disconnects, with DISCONNECT or without, and reconnects after `back_after`, if set.
  void go(bool politely, std::optional<milliseconds> back_after);

  /// Publishes it and records it in the ledger; returns its number. `body` gets correlation_id and timeout_ms, unless
  /// it is not an object: then it is sent unchanged, with Correlation Data.
  int ask(Request request, nlohmann::json body, std::optional<std::string> response_topic = std::nullopt);
  /// Sends exactly the same again. Returns false when the line is down.
  bool send_again(int number);
  /// Another device of the same user, which may try to answer in this one's place.
  void set_peer(Party* peer) { peer_ = peer; }
  /// Publishes that it is offline although it is not.
  void lie_about_status();

  std::function<void(int number, const nlohmann::json& reply)> on_answer;

 private:
  void message_arrived(const Incoming& message);
  void answered(const std::string& service, const Incoming& message);
  void called(const Incoming& message);
  void perform(const std::string& call_id, int request, How how, milliseconds left);
  void reply(const std::string& call_id, int request, bool success, nlohmann::json what);
  void publish_result(const std::string& payload);
  std::string new_correlation_id(int number);

  Stage& stage_;
  Principal principal_;
  int version_;
  Line line_;
  Time since_ = now();
  bool was_up_ = false;
  bool wanted_ = false;
  Party* peer_ = nullptr;
  int counter_ = 0;
  std::map<std::string, int> unanswered_;       // service → how many
  std::unordered_map<std::string, int> by_id_;  // service + correlation id → request
  std::unordered_map<int, Outgoing> sent_;      // request → to send again
  std::unordered_map<std::string, std::string>
      call_ids_;  // as a device: call id → its answer, empty until there is one
};

}  // namespace strawberry::soak

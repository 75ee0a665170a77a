/// A Spoke: a device that offers skills to a Strawberry hub, and calls those of other devices.
///
///   strawberry::Spoke spoke("var/lamp");    // what `strawberryctl device add --mosquitto var/lamp` wrote
///   spoke.skill("LampSkill.turn_on(brightness: int = 100) -> str", "Turn the garden lamp on.",
///               [](int brightness) { return "The lamp is on at " + std::to_string(brightness) + " %"; });
///   return spoke.run();
///
/// It connects with MQTT 5, registers its skills whenever the hub is there, sends heartbeats, renews its token,
/// reconnects automatically with growing pauses, and answers each call once; a repeated call gets the same answer.
/// Errors are lines in the log (SpokeOptions::log).
///
/// Threading: every function may be called from any thread, requests to the hub also from a skill. Skills run on
/// threads of the Spoke, up to `calls_running_max` at once: they must lock the data that they share. No code of yours
/// ever runs on Paho's threads.
/// Lifetime: the destructor stops it. A skill that is still running 400 ms after stop() is abandoned: its thread
/// continues without the Spoke, so its data must outlive it (CallContext::is_over() tells it to return). Errors:
/// HubError for requests to the hub; std::invalid_argument for an invalid skill; a skill's exception becomes its
/// caller's error.   Bounds: docs/limits.md ("In a Spoke of the C++ library").
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strawberry/call_context.h>
#include <strawberry/chat.h>
#include <strawberry/hub_error.h>
#include <strawberry/options.h>
#include <strawberry/public.h>
#include <strawberry/sessions.h>
#include <strawberry/skill_function.h>

namespace strawberry {
inline namespace v0 {

struct SkillOptions {
  /// A call may run on any device that offers the skill.
  bool device_agnostic = false;
  /// In a chat the user must confirm before it runs.
  bool confirm = false;
};

struct FoundSkill {
  std::string path;  // `Class.function`
  std::string signature;
  std::string summary;
  std::string docstring;
  std::vector<std::string> devices;  // normalised names, connected ones first
  std::size_t device_count = 0;
  std::string preferred_device;
  bool is_local = false;
  bool device_agnostic = false;
};

/// A message that was said while the hub was away, or at any time: see Spoke::keep().
struct Said {
  /// A session's id, which may be new: `[A-Za-z0-9_-]{1,64}`.
  std::string session_id;
  std::string role;  // `user` or `assistant`
  std::string content;
  /// For a session that the hub does not have yet.
  std::string title;
};

struct SyncResult {
  std::size_t added = 0;
  std::size_t already_there = 0;
  std::size_t waiting = 0;
};

class STRAWBERRY_PUBLIC Spoke {
 public:
  explicit Spoke(const std::string& connect_directory);
  explicit Spoke(SpokeOptions options);
  ~Spoke();
  Spoke(const Spoke&) = delete;
  Spoke& operator=(const Spoke&) = delete;

  /// Offers a skill. `signature` is written as in Python, with the class in front if it is not
  /// SpokeOptions::class_name: `MusicSkill.play(name: str, volume: int = 50) -> str`. `function` has a parameter for
  /// each of the signature's, in their order, of a type that accepts what the signature allows (skill_function.h).
  /// Throws std::invalid_argument if it does not, or if the signature is invalid.
  template <class Function>
  Spoke& skill(const std::string& signature, const std::string& docstring, Function&& function,
               SkillOptions options = {}) {
    add_skill(signature, docstring, skill_function::adapt(std::forward<Function>(function)), options);
    return *this;
  }
  void add_skill(const std::string& signature, const std::string& docstring, SkillFunction function,
                 SkillOptions options);

  /// Serves until SIGINT, SIGTERM or stop() and returns 0. Returns 1, with a line in the log, when a retry is useless:
  /// the token is refused at the start, or another connection uses this device's id.
  int run();

  /// Serves on threads of its own.
  void start();
  /// Takes less than a second. It can be started again.
  void stop();
  /// True once the hub knows the skills (or is there, if there are none); false after `timeout` or if it has ended.
  bool wait_until_ready(std::chrono::milliseconds timeout = std::chrono::seconds(10));
  /// True if it is connected, and the hub is there.
  bool is_online() const;
  /// Returns the id in the token; empty when no token can be read.
  std::string id() const;

  // The following functions start the Spoke if necessary, wait for a connection if there is none, and for the answer.
  // If the connection is lost meanwhile, the same request is sent again under the same id, and so runs once.

  /// Returns the result of a skill. `skill_path`: `Class.function`, or with a device in front, by name or id.
  /// `arguments`: an array of positional ones, or an object of named ones, which may also be passed separately.
  nlohmann::json call(const std::string& skill_path, nlohmann::json arguments = nlohmann::json::array(),
                      nlohmann::json named = nlohmann::json::object(), std::chrono::milliseconds timeout = {});
  std::vector<FoundSkill> search(const std::string& query, std::size_t device_limit = 10);
  ChatAnswer chat(const ChatRequest& request);
  ChatAnswer chat(const std::string& text);
  Sessions sessions() { return Sessions(*this); }
  /// Runs any operation of the contract: `request("devices", {{"op", "list"}})` returns the `result`.
  nlohmann::json request(const std::string& service, nlohmann::json body, std::chrono::milliseconds timeout = {});

  /// Keeps a message in a private file until the hub has it, across restarts, and sends it when the hub is there.
  /// Returns the message's id. Never waits for the hub. Throws HubError `quota_exceeded` when the file is full: kept
  /// messages are never dropped.
  std::string keep(const Said& said);
  /// Sends all kept messages now. The hub ignores those that it already has.
  SyncResult sync();

  class Engine;

 private:
  std::shared_ptr<Engine> engine_;
};

}  // namespace v0
}  // namespace strawberry

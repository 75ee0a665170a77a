/// A Spoke: a device that offers skills to a Strawberry hub, and calls those of others.
///
///   strawberry::Spoke spoke("var/lamp");    // what `strawberryctl device add --mosquitto var/lamp` wrote
///   spoke.skill("LampSkill.turn_on(brightness: int = 100) -> str", "Turn the garden lamp on.",
///               [](int brightness) { return "The lamp is on at " + std::to_string(brightness) + " %"; });
///   return spoke.run();
///
/// It connects with MQTT 5, registers its skills whenever the hub is there, sends heartbeats, renews its token, comes
/// back by itself after any loss with growing pauses, answers each call once, and a call that comes again with the same
/// answer. What goes wrong is a line in the log (SpokeOptions::log).
///
/// Threading: every function may be called from any thread, those that ask the hub also from a skill. Skills run on
/// threads of the Spoke, up to `calls_running_max` at once: what they share is theirs to lock. Nothing of yours ever
/// runs on Paho's threads.
/// Lifetime: the destructor stops it. A skill that is still running 400 ms after stop() is abandoned: its thread goes
/// on without the Spoke, so what it uses must outlive it (CallContext::is_over() tells it to return). Errors: HubError
/// for what is asked of the hub; std::invalid_argument for a skill that cannot be; a skill's exception is its caller's
/// error.   Bounds: docs/limits.md ("In a Spoke of the C++ library").
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
  /// Any device that offers it will do: a call may go to whichever is there.
  bool device_agnostic = false;
  /// In a chat the user is asked before it runs.
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

/// What was said while the hub was away, or at any time: see Spoke::keep().
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
  /// each of the signature's, in their order, of a type that takes what the signature lets through (skill_function.h).
  /// Throws std::invalid_argument when it does not, or when the signature is none.
  template <class Function>
  Spoke& skill(const std::string& signature, const std::string& docstring, Function&& function,
               SkillOptions options = {}) {
    add_skill(signature, docstring, skill_function::adapt(std::forward<Function>(function)), options);
    return *this;
  }
  void add_skill(const std::string& signature, const std::string& docstring, SkillFunction function,
                 SkillOptions options);

  /// Serves until SIGINT, SIGTERM or stop(): 0. 1 when it would be of no use to go on, said in the log: the token is
  /// refused at the start, or another connection came as this device.
  int run();

  /// Serves in threads of its own.
  void start();
  /// Within a second. It can be started again.
  void stop();
  /// True once the hub knows the skills (or is there, if there are none); false after `timeout` or when it has ended.
  bool wait_until_ready(std::chrono::milliseconds timeout = std::chrono::seconds(10));
  /// Connected, and the hub is there.
  bool is_online() const;
  /// From the token; empty when there is none to be read.
  std::string id() const;

  // What follows starts the Spoke if nobody has, waits for a connection if there is none, and for the answer. When the
  // connection is lost meanwhile, the same request is sent again under the same id, and so runs once.

  /// The result of a skill. `skill_path`: `Class.function`, or with a device in front, by name or id. `arguments`: an
  /// array of those by position, or an object of those by name, which may also be given apart.
  nlohmann::json call(const std::string& skill_path, nlohmann::json arguments = nlohmann::json::array(),
                      nlohmann::json named = nlohmann::json::object(), std::chrono::milliseconds timeout = {});
  std::vector<FoundSkill> search(const std::string& query, std::size_t device_limit = 10);
  ChatAnswer chat(const ChatRequest& request);
  ChatAnswer chat(const std::string& text);
  Sessions sessions() { return Sessions(*this); }
  /// Any operation of the contract: `request("devices", {{"op", "list"}})` gives the `result`.
  nlohmann::json request(const std::string& service, nlohmann::json body, std::chrono::milliseconds timeout = {});

  /// Keeps it in a private file until the hub has it, over restarts, and sends it when the hub is there. Gives the
  /// message's id. Never waits for the hub. Throws HubError `quota_exceeded` when the file is full: nothing that was
  /// kept is dropped.
  std::string keep(const Said& said);
  /// Sends what keep() has now. What the hub has already is not doubled.
  SyncResult sync();

  class Engine;

 private:
  std::shared_ptr<Engine> engine_;
};

}  // namespace v0
}  // namespace strawberry

/// One kind of entity: the topics that it reads, the actions that it has, and the messages that a call publishes.
///
/// A Component has no state: one object serves all entities of its kind (components.h).
/// Threading: any.   Errors: Failure, for the caller of the skill.
/// Bounds: those of templates; parameters of an action.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/spoke/discovery/entity.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

/// A topic that an entity reads.
struct Reading {
  std::string_view topic_key;     // the topic's key in the settings
  std::string_view template_key;  // may be empty, or missing in the settings
  /// Takes the template's output, or the message. Returns false when the entity cannot use it.
  bool (*take)(Entity& entity, const std::string& text);
  std::string_view other_template_key = {};  // used when the first is not in the settings
};

struct ActionParameter {
  enum class Type { integer, number, text, boolean, integers, numbers, object };
  std::string name;
  Type type = Type::text;
  std::string about{};  // `brightness in percent`
  bool is_required = false;
  std::optional<double> least{};
  std::optional<double> most{};
  std::vector<std::string> options{};  // for a text
  std::size_t items = 0;               // for a list
};

struct Action {
  std::string name;    // `turn_on`
  std::string phrase;  // `turn on %`: the action in words, `%` is the entity
  std::vector<ActionParameter> parameters{};
  bool confirm = false;
};

/// The arguments that are given; null counts as not given.
class Arguments {
 public:
  explicit Arguments(nlohmann::json given) : given_(std::move(given)) {}
  bool has(const char* name) const { return given_.contains(name); }
  double number(const char* name) const { return given_.at(name).get<double>(); }
  std::int64_t whole(const char* name) const { return given_.at(name).get<std::int64_t>(); }
  std::string text(const char* name) const { return given_.at(name).get<std::string>(); }
  std::string text_or_empty(const char* name) const { return has(name) ? text(name) : ""; }
  bool flag(const char* name) const { return given_.at(name).get<bool>(); }
  std::vector<double> numbers(const char* name) const { return given_.at(name).get<std::vector<double>>(); }
  const nlohmann::json& value(const char* name) const { return given_.at(name); }

 private:
  nlohmann::json given_;
};

/// Collects the messages that a call publishes.
class Commands {
 public:
  struct Publish {
    std::string topic;
    std::string payload;
  };
  using More = std::vector<std::pair<std::string_view, Value>>;

  Commands(const Entity& entity, WallTime now) : entity_(entity), now_(now) {}

  /// Publishes `value` on the topic of `topic_key`, through the template of `template_key` if there is one: `value`,
  /// and the names in `more`, are its variables. A template with empty output publishes nothing.
  Result<void> send(std::string_view topic_key, std::string_view template_key, Value value, More more = {});
  /// Returns the template's output; fails when there is no template.
  Result<std::string> render(std::string_view template_key, const More& variables) const;
  void publish(std::string topic, std::string payload) { all_.push_back({std::move(topic), std::move(payload)}); }

  const std::vector<Publish>& all() const { return all_; }

 private:
  const Entity& entity_;
  const WallTime now_;
  std::vector<Publish> all_;
};

class Component {
 public:
  virtual ~Component() = default;
  /// `light`, `alarm_control_panel`.
  virtual std::string_view name() const = 0;
  /// Keys that the entity must have.
  virtual std::vector<std::string_view> required() const { return {}; }
  virtual std::span<const Reading> readings() const { return {}; }
  /// Returns its actions, without those that its topics and templates do not allow.
  virtual std::vector<Action> actions(const Entity& entity) const;
  /// Runs an action of actions(), with valid arguments. Changes the state if no topic reports it.
  virtual Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const;
  /// Adds further members to the entity's reading: unit, options, …
  virtual void describe(const Entity& entity, nlohmann::json& out) const;
};

/// True if the topic is set and the template, if any, is usable.
bool can_send(const Entity& entity, std::string_view topic_key, std::string_view template_key = {});

/// True if `optimistic` is set, or no topic reports its state.
bool is_optimistic(const Entity& entity, std::string_view state_topic_key = "state_topic");

/// Accepts `None` (unknown) and the two words; returns false for other text.
bool take_on_off(Entity& entity, const std::string& text, const std::string& on, const std::string& off);
/// `payload_on` or `payload_off`, as commands have them; and a state in these words.
std::string power_word(const Entity& entity, bool is_on);
bool take_power(Entity& entity, const std::string& text);
/// One value of an entity from a number as text; `None` makes it null.
bool take_number(Entity& entity, const char* name, const std::string& text);
bool take_text(Entity& entity, const char* name, const std::string& text);

/// Returns a number as Python publishes it: `21.5`, `21.0`, `21`.
Value number_value(double number, bool is_whole);

/// Makes a text parameter with options, in the order of the message.
ActionParameter choice(std::string name, std::string about, std::vector<std::string> options, bool is_required = true);

}  // namespace strawberry::cli::discovery

/// The devices of a broker, as Home Assistant's MQTT discovery describes them: names, skills, calls, states, presence
/// (docs/discovery.md). Takes messages and returns decisions; it does not connect, subscribe, publish or wait.
///
/// Usage: subscribe to discovery_filters() and pass every message of the broker to take(). It returns the topics to
/// subscribe to, the devices that have changed, and the problems. A device that several messages describe is `added` by
/// the first and `changed` by each of the others, so wait for a moment before using it.
/// Threading: one thread.   Lifetime: refers to the clock.   Errors: one line each in Changes::problems; the unusable
/// part is left out, the rest works.
/// Bounds: Options; at a limit the new device, entity or topic is left out, which is a problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

/// One device: from its entities' `device`; the last message wins.
struct DiscoveredDevice {
  std::string key;                      // valid as long as this process knows the device
  std::vector<std::string> identities;  // sorted, never empty: `id:…`, `mac:…`, `entity:…`. The same device has at
                                        // least one of them again after a restart: store it under any of them
  std::string name;  // printable, 1 to 120 bytes; not unique
  std::string area;  // `suggested_area`; may be empty, as all members below
  std::string manufacturer;
  std::string model;
  std::string software;    // `sw_version`
  std::string via_device;  // identifier of the device through which it is connected
};

/// A message for the broker.
struct Publication {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
};

/// The effect of a call.
struct CallPlan {
  std::vector<Publication> publications;  // in this order; empty for `read`
  nlohmann::json result;                  // the answer, once the broker has all of them
};

/// The changes of a message. Each list has a device or topic at most once.
struct Changes {
  std::vector<std::string> subscribe;    // topic filters whose messages take() needs now
  std::vector<std::string> unsubscribe;  // filters that it no longer needs
  std::vector<std::string> added;        // keys of new devices
  std::vector<std::string> changed;      // its name or the result of skills() has changed
  std::vector<std::string> gone;         // its last entity was removed, or it was merged into another
  std::vector<std::string> presence;     // online() has changed; also each `added` device
  std::vector<std::string> problems;     // printable lines of at most 300 bytes, each with entity and reason

  bool is_empty() const;
  /// Merges later changes: added and then gone cancel out, and so on.
  void append(Changes later);
};

class DiscoveredHome {
 public:
  struct Options {
    std::string prefix = "homeassistant";
    std::size_t devices_max = 500;
    std::size_t entities_max = 20'000;
    std::size_t entities_per_device_max = 200;
    std::size_t topics_max = 20'000;              // filters that entities need
    std::size_t wildcard_topics_max = 1'000;      // those of them with `+` or `#`
    std::size_t config_bytes_max = 256 * 1024;    // of a discovery message
    std::size_t payload_bytes_max = 64 * 1024;    // of any other message
    std::size_t attributes_bytes_max = 8 * 1024;  // of an entity's `json_attributes_topic`, as JSON
    std::size_t problems_per_message_max = 20;
  };

  DiscoveredHome(Options options, const Clock& clock);
  ~DiscoveredHome();
  DiscoveredHome(const DiscoveredHome&) = delete;
  DiscoveredHome& operator=(const DiscoveredHome&) = delete;

  /// Filters to subscribe to at each connect, before topics(): `<prefix>/+/+/config` and `<prefix>/+/+/+/config`.
  std::vector<std::string> discovery_filters() const;
  /// Returns all that the entities need now: the sum of Changes::subscribe and Changes::unsubscribe.
  std::vector<std::string> topics() const;

  Changes take(const std::string& topic, std::string_view payload);

  /// Sorted.
  std::vector<std::string> device_keys() const;
  /// Returns null when there is none (any more). Valid until the next take().
  const DiscoveredDevice* device(const std::string& key) const;
  /// Returns the `skills` of a registration: at most skills_max (device_skills.h), always with `Device.read`.
  nlohmann::json skills(const std::string& key) const;
  /// `args` and `kwargs` as received, null when they were missing. Publish the returned messages: an entity that does
  /// not report its state already has the new one.
  Result<CallPlan> call(const std::string& key, const std::string& skill_path, const nlohmann::json& args,
                        const nlohmann::json& kwargs);
  /// Returns the states of all entities: the result of `Device.read`.
  nlohmann::json read(const std::string& key) const;
  /// Returns true when one of the entities with availability topics is available; nullopt when none has any: then the
  /// device is present as long as the broker is.
  std::optional<bool> online(const std::string& key) const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace strawberry::cli::discovery

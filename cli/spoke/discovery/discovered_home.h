/// The devices of a broker, as Home Assistant's MQTT discovery describes them: names, skills, calls, states, presence
/// (docs/discovery.md). Messages go in, decisions come out: nothing here connects, subscribes, publishes or waits.
///
/// Use: subscribe to discovery_filters() and give every message of the broker to take(). It answers with what to
/// subscribe to, which devices have changed, and what is wrong. A device that is described by several messages is
/// `added` with the first and `changed` with each of the others, so wait for a moment before a device is made of it.
/// Threading: one thread.   Lifetime: refers to the clock.   Errors: one line each in Changes::problems; what cannot be
/// used is left out, the rest works.
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

/// Of one device: from its entities' `device`, the last one that says it.
struct DiscoveredDevice {
  std::string key;                      // as long as this process knows the device
  std::vector<std::string> identities;  // sorted, never empty: `id:…`, `mac:…`, `entity:…`. The same device has at
                                        // least one of them again after a restart: store by any of them
  std::string name;  // printable, 1 to 120 bytes; another device may have the same
  std::string area;  // `suggested_area`; may be empty, as all below
  std::string manufacturer;
  std::string model;
  std::string software;    // `sw_version`
  std::string via_device;  // identifier of the device behind which it is
};

/// What to publish at the broker.
struct Publication {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
};

/// What a call comes to.
struct CallPlan {
  std::vector<Publication> publications;  // in this order; empty for `read`
  nlohmann::json result;                  // the answer, once all of them are with the broker
};

/// What a message changed. Of no device and no topic twice in one list.
struct Changes {
  std::vector<std::string> subscribe;    // topic filters whose messages take() needs from now on
  std::vector<std::string> unsubscribe;  // and no longer
  std::vector<std::string> added;        // keys of devices: there is a new one
  std::vector<std::string> changed;      // its name or what skills() returns is another
  std::vector<std::string> gone;         // its last entity was removed, or it was merged into another: forget it
  std::vector<std::string> presence;     // online() is another; also of each device `added`
  std::vector<std::string> problems;     // printable lines of at most 300 bytes, each with entity and reason

  bool is_empty() const;
  /// What `later` changed after this: added and then gone is nothing, and so on.
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
    std::size_t wildcard_topics_max = 1'000;      // of these with `+` or `#`
    std::size_t config_bytes_max = 256 * 1024;    // a discovery message
    std::size_t payload_bytes_max = 64 * 1024;    // any other message
    std::size_t attributes_bytes_max = 8 * 1024;  // kept of an entity's `json_attributes_topic`, as JSON
    std::size_t problems_per_message_max = 20;
  };

  DiscoveredHome(Options options, const Clock& clock);
  ~DiscoveredHome();
  DiscoveredHome(const DiscoveredHome&) = delete;
  DiscoveredHome& operator=(const DiscoveredHome&) = delete;

  /// What to subscribe to at each connect, before topics(): `<prefix>/+/+/config` and `<prefix>/+/+/+/config`.
  std::vector<std::string> discovery_filters() const;
  /// All that the entities need now: the sum of Changes::subscribe and Changes::unsubscribe.
  std::vector<std::string> topics() const;

  Changes take(const std::string& topic, std::string_view payload);

  /// Sorted.
  std::vector<std::string> device_keys() const;
  /// Null when there is none (any more). Valid until the next take().
  const DiscoveredDevice* device(const std::string& key) const;
  /// The `skills` of a registration: at most skills_max (device_skills.h), `Device.read` always among them.
  nlohmann::json skills(const std::string& key) const;
  /// `args` and `kwargs` as they came, null when they were missing. Publish what it returns: an entity that does not
  /// report its state has the new one from now on.
  Result<CallPlan> call(const std::string& key, const std::string& skill_path, const nlohmann::json& args,
                        const nlohmann::json& kwargs);
  /// The states of all entities: the result of `Device.read`.
  nlohmann::json read(const std::string& key) const;
  /// True when one of the entities that have availability topics is available; nothing when none has any: then the
  /// device is there as long as the broker is.
  std::optional<bool> online(const std::string& key) const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace strawberry::cli::discovery

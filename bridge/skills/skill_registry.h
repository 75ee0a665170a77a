/// Which skills every device offers, in memory, grouped so that a hundred devices with one skill are one entry.
///
/// The database is the truth; the registry is changed after it. Skills not heard of for Options::expiry are not listed,
/// found or called until the next heartbeat; they are not forgotten. Threading: loop only.   Bounds: skills per device
/// by the request's schema, devices by the device registry.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/skills/offered_skill.h"
#include "common/clock.h"

namespace strawberry {

class SkillRegistry {
 public:
  struct Options {
    std::chrono::seconds expiry{1800};
  };
  /// One skill of one device, as `list` shows it.
  struct Listed {
    const SkillRow* skill;
    const Device* device;
  };

  SkillRegistry(const Clock& clock, const DeviceRegistry& devices, Options options);

  /// Replaces everything the device had. The device is in the device registry, its heartbeat is kept there.
  void put(const std::string& device_id, const std::string& user_id, std::vector<SkillRow> skills);
  void remove(const std::string& device_id);

  /// Whatever its heartbeat.
  std::size_t count(const std::string& device_id) const;
  std::size_t total() const { return total_; }
  /// Heard of within Options::expiry.
  bool is_live(const Device& device) const;

  /// Live skills of the user, by class, function, signature.
  std::vector<OfferedSkill> offered_to(const std::string& user_id) const;
  std::vector<Listed> list(const std::string& user_id) const;
  /// Live devices of the user that offer `Class.function`, and how: one entry a signature.
  std::vector<OfferedSkill> offering(const std::string& user_id, const std::string& class_name,
                                     const std::string& function_name) const;
  struct Match {
    OfferedSkill skill;
    bool is_local = false;
  };
  /// Case-insensitive over class, function and docstring; all words must match, and if nothing does, any word. The
  /// skills of `local_device` come first, then by class and function.
  std::vector<Match> search(const std::string& user_id, const std::string& query,
                            const std::string& local_device) const;

 private:
  using GroupKey = std::tuple<std::string, std::string, std::string>;  // class, function, signature
  struct Group {
    SkillRow skill;                    // the docstring is that of who registered last
    std::string haystack;              // class, function and docstring in lower case
    std::vector<std::string> devices;  // ids, in the order they came
  };
  using Groups = std::map<GroupKey, Group>;

  OfferedSkill offered(const Group& group) const;
  void leave_groups(const std::string& device_id);

  const Clock& clock_;
  const DeviceRegistry& devices_;
  Options options_;
  struct Owned {
    std::string user_id;
    std::vector<SkillRow> skills;
  };
  std::unordered_map<std::string, Owned> by_device_;
  std::unordered_map<std::string, Groups> by_user_;
  std::size_t total_ = 0;
};

}  // namespace strawberry

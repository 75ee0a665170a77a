/// Which skills every device offers, in memory, grouped so that a hundred devices with one skill are one entry, and
/// indexed so that one user may have 200 000 of them.
///
/// The database is the truth; the registry is changed after it. Skills not heard of for Options::expiry are not listed,
/// found or called until the next heartbeat; they are not forgotten. Threading: loop only.   Bounds: skills per device
/// by the request's schema, devices by the device registry; list() and search() stop at what fits into an answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/skills/offered_skill.h"
#include "bridge/skills/skill_text.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class SkillRegistry {
 public:
  static constexpr std::size_t paged_skills_max = 5'000;

  struct Options {
    std::chrono::seconds expiry{1800};
    /// From so many different skills of one user on, text filters are worth their memory.
    std::size_t filter_from = 1024;
    std::size_t find_bytes_max = 512 * 1024;  // of text that one find() looks at
  };
  /// One skill of one device, as `list` shows it.
  struct Listed {
    SkillText skill;
    const Device* device;
  };
  /// One skill of a user, as `search` shows it.
  struct Match {
    SkillText skill;
    std::vector<const Device*> devices;  // connected ones first, then by name; at most as many as were asked for
    std::size_t device_count = 0;
    bool is_local = false;
    std::string path() const;
  };
  struct Search {
    std::string_view words;
    std::string_view local_device = {};
    std::size_t devices_max = 10;
    std::size_t bytes_max = SIZE_MAX;
    Rights rights = {};
  };

  /// A skill's place in the order by class, function and signature.
  struct Place {
    std::string class_name;
    std::string function_name;
    std::string signature;
    std::string schema_digest;  // digest_of_schema()
  };
  struct Page {
    std::vector<OfferedSkill> skills;
    std::size_t total = 0;   // of all that are live
    bool has_more = false;   // after the last of these
    bool continues = false;  // the first has the path of the one before it, which is not on this page
  };

  SkillRegistry(const Clock& clock, const DeviceRegistry& devices, Options options);
  ~SkillRegistry();
  SkillRegistry(const SkillRegistry&) = delete;
  SkillRegistry& operator=(const SkillRegistry&) = delete;

  /// Replaces everything the device had. The device is in the device registry, its heartbeat is kept there.
  /// Whether that changed anything.
  bool put(const std::string& device_id, const std::string& user_id, const std::vector<SkillRow>& skills);
  void remove(const std::string& device_id);

  /// What the device registered, in its order, whatever its heartbeat. Good until it changes.
  const std::vector<SkillText>& skills_of(const std::string& device_id) const;
  /// Whatever its heartbeat.
  std::size_t count(const std::string& device_id) const;
  std::size_t count_of_user(const std::string& user_id) const;
  std::size_t total() const { return total_; }
  /// Heard of within Options::expiry.
  bool is_live(const Device& device) const;

  /// Live devices of the user that offer `Class.function`, and how: one entry a signature.
  std::vector<OfferedSkill> offering(const std::string& user_id, const std::string& class_name,
                                     const std::string& function_name, const Rights& rights = {}) const;

  /// Those that contain the most of the query's words; the sender's own first among equals, then by class, function and
  /// signature. Looks at Options::find_bytes_max of text at most, so that a word which stands in most of 200 000 texts
  /// costs no more than a rare one; it may then miss some, and says `has_more`.
  SkillsFound find(const SkillQuery& query) const;
  /// Those called `Class.function`, by signature.
  SkillsFound named(const SkillQuery& query, const std::string& class_name, const std::string& function_name) const;

  /// Those after `after` (none: from the first on) in the order by class, function and signature; the query's words do
  /// not count. Nothing when the user has more than paged_skills_max different ones.
  std::optional<Page> page(const SkillQuery& query, const std::optional<Place>& after) const;

  // Both give nothing when the texts alone come to more than `bytes_max`. Pointers are good until something changes.

  std::optional<std::vector<Listed>> list(const std::string& user_id, std::size_t bytes_max = SIZE_MAX,
                                          const Rights& rights = {}) const;
  /// Case-insensitive over class, function and docstring; all words must match, and if nothing does, any word. The
  /// skills of the local device come first, then by class, function and signature.
  std::optional<std::vector<Match>> search(const std::string& user_id, const Search& search) const;

 private:
  using Slot = std::uint32_t;  // number of a device, or of one of a user's groups
  struct User;
  class Seeker;
  class Finder;
  struct Owned {
    User* user = nullptr;
    Slot slot = 0;
    std::vector<SkillText> texts;  // as registered
    std::vector<Slot> groups;      // where they are, ascending
  };

  void join(Owned& owned, std::vector<Slot> groups);
  static void count_confirms(Owned& owned, bool are_coming);
  Slot take_slot(const std::string& device_id);
  static bool is_live(const Device& device, WallTime heard_after);
  const Device* device_at(Slot slot) const;
  /// A user's devices by name, in numbers that compare faster.
  const std::vector<std::uint32_t>& ranks_of(const User& user) const;
  const User* find_user(const std::string& user_id) const;
  /// Whether a skill may be used on a device at all: those marked `confirm` only with that right, and only those that
  /// the patterns match.
  template <class Group>
  static bool may_use(const Rights& rights, const Group& group, const Device& device) {
    if (rights.has(Scope::any_skill) && rights.has(Scope::confirmed)) return true;
    if (group.confirming > 0 && !rights.has(Scope::confirmed)) return false;
    return rights.may_use(device.row.device_id, group.text.class_name(), group.text.function_name());
  }
  std::vector<OfferedSkill> offered(const User& user, const std::vector<Slot>& groups, std::size_t devices_max,
                                    std::optional<Slot> local, const Rights& rights) const;
  std::optional<Slot> slot_of(const std::string& device_id) const;

  const Clock& clock_;
  const DeviceRegistry& devices_;
  Options options_;
  SkillTexts texts_;
  std::unordered_map<std::string, std::unique_ptr<User>> by_user_;
  std::unordered_map<std::string, Owned> by_device_;
  std::vector<const std::string*> device_ids_;  // by slot: a key of by_device_, or nullptr
  std::vector<Slot> free_slots_;
  std::size_t total_ = 0;
  // What has been looked up in the device registry, by slot; good for one revision of it.
  mutable std::vector<const Device*> found_devices_;
  mutable std::uint64_t found_at_revision_ = 0;
};

}  // namespace strawberry::bridge

// Any text as topic and as filter, for every principal and access: properties that hold whatever the table in
// topic_policy.cpp has. With a line break, the first line is one more principal, in the form of encode_principal().
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker-plugin/topic_policy.h"
#include "common/contract/control.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"
#include "common/text/ids.h"
#include "tests/fuzz/require.h"

namespace strawberry::test {

using namespace plugin;

namespace {

using Levels = std::vector<std::string>;

class Owners final : public DeviceOwners {
 public:
  std::string_view owner_of(std::string_view device_id) const override {
    if (device_id == "speaker" || device_id == "tablet") return "alice";
    return device_id == "lamp" ? "bob" : "";
  }
};

const Principal everybody[] = {
    {PrincipalType::device, "speaker", "alice"}, {PrincipalType::device, "lamp", "bob"},
    {PrincipalType::user, "alice", "alice"},     {PrincipalType::user, "bob", "bob"},
    {PrincipalType::enroll, "once", "alice"},    {PrincipalType::grant, "sign-in-1", "alice"},
    {PrincipalType::admin, "admin", ""},         {PrincipalType::bridge, "bridge", ""},
};
constexpr std::array accesses = {Access::read, Access::write, Access::will, Access::subscribe};

Levels levels_of(std::string_view topic) {
  Levels levels(1);
  for (const char c : topic) {
    if (c == '/') {
      levels.emplace_back();
    } else {
      levels.back() += c;
    }
  }
  return levels;
}

bool is_service(const std::string& level) {
  return level == "skills" || level == "chat" || level == "sessions" || level == "devices" || level == "users";
}

bool is_trusted(const Principal& who) { return who.type == PrincipalType::admin || who.type == PrincipalType::bridge; }

/// Topics about a device that all clients of its user may read.
bool is_about_a_device(const Levels& levels) {
  return levels.size() == 3 && levels[0] == "devices" && (levels[2] == "status" || levels[2] == "skills");
}

/// Whether a subscription to it is checked for each message, by the permission to read.
bool is_filtered_when_read(const Levels& levels) {
  return levels[0] == "hub" || levels[0] == "homeassistant" || is_about_a_device(levels);
}

bool is_allowed(const Principal& who, Access access, std::string_view topic, bool retain = false) {
  const Verdict verdict = check_topic(who, access, read_topic(topic), retain, Owners());
  FUZZ_REQUIRE(to_string(verdict) != "unknown");
  return verdict == Verdict::allowed;
}

void require_canonical(std::string_view topic, const Levels& levels, bool is_filter) {
  FUZZ_REQUIRE(!topic.empty() && topic.size() <= policy_topic_bytes_max);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const std::string& level = levels[i];
    FUZZ_REQUIRE(!level.empty());
    for (const char c : level) FUZZ_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    if (level.find_first_of("+#") == std::string::npos) continue;
    FUZZ_REQUIRE(is_filter && (level == "+" || (level == "#" && i + 1 == levels.size())));
  }
}

void require_bridge_does_not_ask(const Levels& levels, bool retain) {
  if (!is_service(levels[0])) return;
  FUZZ_REQUIRE(levels.size() >= 3 && is_valid_id(levels[1]));
  FUZZ_REQUIRE(levels[2] != "request" && levels[2] != "result");
  FUZZ_REQUIRE(!retain || levels[2] == "status");
}

void require_own_words(const Principal& who, Access access, std::string_view topic, const Levels& levels, bool retain) {
  // The bridge tells the plugin of changes.
  if (topic == control_topic) {
    FUZZ_REQUIRE(who.type == PrincipalType::bridge && access == Access::write && !retain);
    return;
  }
  FUZZ_REQUIRE(levels[0] == "homeassistant" || levels[0] == "hub" || is_service(levels[0]));
  if (access == Access::will && topic != home_assistant_status_topic) FUZZ_REQUIRE(!read_topic(topic).carries_sender);
  if (who.type == PrincipalType::bridge) return require_bridge_does_not_ask(levels, retain);
  if (topic == "homeassistant/status") {
    FUZZ_REQUIRE(who.type == PrincipalType::user);
    return;
  }
  FUZZ_REQUIRE(is_service(levels[0]) && levels.size() == 3 && levels[1] == who.id);
  if (levels[2] == "status") {
    FUZZ_REQUIRE(who.type == PrincipalType::device && levels[0] == "devices");
  } else {
    // The bridge acts on these: they carry their principal, and are never replayed from retained messages.
    FUZZ_REQUIRE(!retain && access == Access::write && read_topic(topic).carries_sender);
  }
}

void require_own_ears(const Principal& who, const Levels& levels) {
  if (levels[0] == "hub") {
    FUZZ_REQUIRE(levels.size() == 2 && (levels[1] == "state" || levels[1] == "info" || levels[1] == "health"));
    return;
  }
  if (levels[0] == "homeassistant") {
    FUZZ_REQUIRE(who.type == PrincipalType::user && levels.size() == 4 && levels[1] == "device");
    FUZZ_REQUIRE(levels[3] == "config" || levels[3] == "state");
    const std::string_view owner = Owners().owner_of(levels[2]);
    FUZZ_REQUIRE(owner.empty() ? levels[2] == who.id : owner == who.user_id);
    return;
  }
  FUZZ_REQUIRE(is_service(levels[0]) && levels.size() >= 3);
  if (is_about_a_device(levels)) {
    FUZZ_REQUIRE(!is_one_time(who.type) && Owners().owner_of(levels[1]) == who.user_id);
    return;
  }
  FUZZ_REQUIRE(levels[1] == who.id);
  const bool call = levels.size() == 3 && levels[0] == "skills" && levels[2] == "call";
  FUZZ_REQUIRE(levels[2] == "response" || (call && who.type == PrincipalType::device));
}

/// A topic that `filter` matches, with `word` for a wildcard and `more` below it when it is the last.
std::string a_match_of(const Levels& filter, std::string_view word, std::string_view more) {
  std::string topic;
  for (const std::string& level : filter) {
    if (!topic.empty()) topic += '/';
    if (level == "+" || level == "#") {
      topic += word;
      if (level == "#") topic += more;
    } else {
      topic += level;
    }
  }
  return topic;
}

/// A subscription may only match topics that may be read, and those that are checked for each message.
void require_deaf_to_others(const Principal& who, std::string_view filter, const Levels& levels) {
  FUZZ_REQUIRE(levels[0][0] != '$' && levels[0] != "+" && levels[0] != "#");
  for (const char* word : {"speaker", "lamp", "alice", "bob", "once", "skills", "request", "response", "call"}) {
    for (const char* more : {"", "/response", "/request/7", "/x/y"}) {
      const std::string topic = a_match_of(levels, word, more);
      if (topic.size() > policy_topic_bytes_max) continue;
      FUZZ_REQUIRE(is_filtered_when_read(levels_of(topic)) || is_allowed(who, Access::read, topic));
    }
  }
  const bool literal = filter.find_first_of("+#") == std::string_view::npos;
  if (literal && levels[0] != "homeassistant") FUZZ_REQUIRE(is_allowed(who, Access::read, filter));
}

void require_trusted_stay_out(const Principal& who, Access access, const Levels& levels) {
  // The plugin's acknowledgement of what the bridge tells it.
  if (who.type == PrincipalType::bridge && levels == Levels{"$CONTROL", "strawberry", "v1", "response"}) return;
  FUZZ_REQUIRE(levels[0] != "$CONTROL");
  const bool shared = access == Access::subscribe && levels[0] == "$share" && levels.size() > 1;
  if (shared) {
    FUZZ_REQUIRE(levels.size() >= 3 && levels[2] != "$CONTROL");
    FUZZ_REQUIRE(levels[2] != "$share" || levels.size() == 3);  // nested; alone it is a name like any other
  }
  if (who.type != PrincipalType::bridge) return;
  const std::string& first = shared ? levels[2] : levels[0];
  FUZZ_REQUIRE(first[0] != '$' && first != "#");
}

void run(const Principal& who, std::string_view topic) {
  const Levels levels = levels_of(topic);
  for (const Access access : accesses) {
    for (const bool retain : {false, true}) {
      if (!is_allowed(who, access, topic, retain)) continue;
      require_canonical(topic, levels, access == Access::subscribe);
      if (access == Access::write || access == Access::will) {
        require_own_words(who, access, topic, levels, retain);
      } else if (is_trusted(who)) {
        require_trusted_stay_out(who, access, levels);
      } else if (access == Access::read) {
        require_own_ears(who, levels);
      } else {
        require_deaf_to_others(who, topic, levels);
      }
    }
  }
}

}  // namespace
}  // namespace strawberry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strawberry;
  std::string_view topic(reinterpret_cast<const char*>(data), size);
  if (const std::size_t end = topic.find('\n'); end != std::string_view::npos) {
    const auto who = decode_principal(topic.substr(0, end));
    topic.remove_prefix(end + 1);
    if (who) test::run(*who, topic);
  }
  for (const Principal& who : test::everybody) test::run(who, topic);
  return 0;
}

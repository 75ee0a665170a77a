#include "tests/broker-plugin/contract_rights.h"

#include <algorithm>
#include <map>
#include <regex>
#include <vector>

namespace strawberry::test {
namespace {

constexpr std::size_t topic_bytes_max = 512;
constexpr std::ptrdiff_t topic_levels_max = 32;

/// `types`: each letter is one type: device, user, admin, bridge, enroll, grant, gateway (w).
/// `pattern`: {me} is the principal's own id, {mine} a device of the same user, {id} any id, {service} one of the five,
/// {below} nothing or further levels, {level} one level. In filters, levels may be wildcards.
struct Right {
  const char* types;
  const char* pattern;
  bool may_be_retained = false;
};

// "published by"
const std::vector<Right> writing = {
    {"dua", "{service}/{me}/request"},
    {"eg", "devices/{me}/request"},  // each for its only operation
    {"gw", "users/{me}/request"},
    {"d", "skills/{me}/result"},
    {"d", "devices/{me}/status", true},
    {"u", "homeassistant/status", true},
    {"b", "{service}/{id}/response{below}"},
    {"b", "skills/{id}/call"},
    {"b", "devices/{id}/status", true},
    {"b", "devices/{id}/skills"},
    {"b", "hub/(state|info|health)", true},
    {"b", "hub/(?!broker$){level}"},  // audit, and any other topic of the hub; not the plugin's own
    {"b", "homeassistant/(?!status(/|$)){level}{below}", true},
    {"b", R"(\$CONTROL/strawberry/v1)"},
};

// The publisher of a will can no longer be identified, so the hub's requests may not be wills.
const std::vector<Right> leaving_as_a_will = {
    {"d", "devices/{me}/status", true},
    {"u", "homeassistant/status", true},
    {"b", "{service}/{id}/response{below}"},
    {"b", "skills/{id}/call"},
    {"b", "devices/{id}/status", true},
    {"b", "hub/(state|info|health)", true},
    {"b", "devices/{id}/skills"},
    {"b", "hub/(?!broker$){level}"},
    {"b", "homeassistant/(?!status(/|$)){level}{below}", true},
};

// "read by"
const std::vector<Right> reading = {
    {"du", "{service}/{me}/response{below}"},
    {"eg", "devices/{me}/response{below}"},
    {"gw", "users/{me}/response{below}"},
    {"d", "skills/{me}/call"},
    {"du", "devices/{mine}/(status|skills)"},
    {"dueg", "hub/(state|info|health)"},
    {"w", "hub/state"},
    {"u", "homeassistant/device/({me}|{mine})/(config|state)"},
    {"b", "{service}/{id}/request"},
    {"b", "skills/{id}/result"},
    {"b", "devices/{id}/status"},
    {"b", "hub/{level}"},
    {"b", "homeassistant/status"},
    {"b", R"(\$CONTROL/strawberry/v1/response)"},
    // Without requests to `users`, which may have a password, and answers to others, which may have a token.
    {"a", R"((?!\$CONTROL(/|$)|users(/|$)){level}{below})"},
    {"a", "users/{me}/response{below}"},
};

// "Subscribing: …": what may be read, by its name, and these filters. An {id} may be `+` for the bridge alone.
const std::vector<Right> subscribing = {
    {"du", "{service}/{me}/response{below}"},
    {"eg", "devices/{me}/response{below}"},
    {"gw", "users/{me}/response{below}"},
    {"d", "skills/{me}/call"},
    {"du", "devices/({mine}|\\+)/(status|skills)"},
    {"dueg", "hub/(state|info|health|\\+)"},
    {"w", "hub/state"},
    {"u", "homeassistant/{level}{below}"},
    {"b", R"((\$share/[^/+#]+/)?({service}|\+)/({id}|\+)/request)"},
    {"b", R"((\$share/[^/+#]+/)?skills/({id}|\+)/result)"},
    {"b", R"((\$share/[^/+#]+/)?devices/({id}|\+)/status)"},
    {"b", R"((\$share/[^/+#]+/)?hub/(?!#){level})"},
    {"b", R"((\$share/[^/+#]+/)?homeassistant/status)"},
    {"b", R"((\$share/[^/+#]+/)?\$CONTROL/strawberry/v1/response)"},
    {"a", R"((\$share/[^/+#]+/)?(?!\$CONTROL(/|$)|\$share(/|$)){level}{below})"},
    {"a", R"(\$share)"},  // a topic of that name, which cannot be published to
};

char letter_of(PrincipalType type) { return "duabegw"[static_cast<std::size_t>(type)]; }

std::string devices_of(const Principal& who) {
  if (who.user_id == "alice") return "(speaker|tablet)";
  return who.user_id == "bob" ? "lamp" : "(?!)";
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::regex compile(const Right& right, const Principal& who, bool is_filter) {
  std::string pattern = right.pattern;
  replace_all(pattern, "{service}", "(skills|chat|sessions|devices|users)");
  replace_all(pattern, "{me}", who.id);
  replace_all(pattern, "{mine}", devices_of(who));
  replace_all(pattern, "{id}", "[A-Za-z0-9_-]{1,64}");
  const std::string name = R"([^/+#\x01-\x1f\x7f]+)";
  // `#` in the middle of a filter is never valid.
  const std::string level = is_filter ? "(" + name + R"(|\+|#(?!/)))" : name;
  replace_all(pattern, "{below}", "(/" + level + ")*");
  replace_all(pattern, "{level}", level);
  return std::regex(pattern);
}

const std::vector<Right>& rights_of(Access access) {
  switch (access) {
    case Access::read: return reading;
    case Access::write: return writing;
    case Access::will: return leaving_as_a_will;
    case Access::subscribe: break;
  }
  return subscribing;
}

/// Compiled once for each principal and access: the matrix asks tens of thousands of times.
const std::vector<std::pair<std::regex, bool>>& compiled(const Principal& who, Access access) {
  static std::map<std::pair<std::string, Access>, std::vector<std::pair<std::regex, bool>>> known;
  const auto [entry, is_new] = known.try_emplace({encode_principal(who), access});
  if (is_new) {
    for (const Right& right : rights_of(access)) {
      if (std::string_view(right.types).find(letter_of(who.type)) == std::string_view::npos) continue;
      entry->second.emplace_back(compile(right, who, access == Access::subscribe), right.may_be_retained);
    }
  }
  return entry->second;
}

}  // namespace

bool contract_allows(const Principal& who, Access access, const std::string& topic, bool retain) {
  if (topic.size() > topic_bytes_max || topic.find('\0') != std::string::npos) return false;
  if (std::count(topic.begin(), topic.end(), '/') >= topic_levels_max) return false;
  const bool writes = access == Access::write || access == Access::will;
  for (const auto& [pattern, may_be_retained] : compiled(who, access)) {
    if (writes && retain && !may_be_retained) continue;
    if (std::regex_match(topic, pattern)) return true;
  }
  return false;
}

}  // namespace strawberry::test

#include "broker-plugin/refused_logins.h"

#include <algorithm>

#include "common/contract/audit.h"
#include "common/text/ids.h"

namespace strawberry::plugin {

void RefusedLogins::note(const RefusedAct& act, WallTime now) {
  Entry entry;
  entry.reason = std::string(act.reason);
  if (act.principal) entry.actor = act.principal->id;
  if (is_valid_id(act.client_id)) entry.client_id = std::string(act.client_id);
  entry.address = audit_text(act.address);
  const auto is_same = [&entry](const Entry& other) {
    return other.reason == entry.reason && other.actor == entry.actor && other.client_id == entry.client_id &&
           other.address == entry.address;
  };
  const auto known = std::find_if(entries_.begin(), entries_.end(), is_same);
  if (known != entries_.end()) {
    entry.times = known->times;
    entries_.erase(known);
  } else if (entries_.size() == entries_max) {
    // Who tries under ever other names must not push out a device that comes again and again.
    const auto once =
        std::find_if(entries_.begin(), entries_.end(), [](const Entry& other) { return other.times == 1; });
    entries_.erase(once == entries_.end() ? entries_.begin() : once);
  }
  entry.at = now;
  ++entry.times;
  entries_.push_back(std::move(entry));
}

nlohmann::ordered_json RefusedLogins::write() const {
  auto list = nlohmann::ordered_json::array();
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    nlohmann::ordered_json object{{"ts", format_rfc3339(entry->at)}, {"reason", entry->reason}};
    if (!entry->actor.empty()) object["actor"] = entry->actor;
    if (!entry->client_id.empty()) object["client_id"] = entry->client_id;
    if (!entry->address.empty()) object["address"] = entry->address;
    object["times"] = entry->times;
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace strawberry::plugin

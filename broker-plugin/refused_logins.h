/// Who was not let in lately, and why: for the retained `hub/broker`, so that an admin sees a device that cannot come
/// without having watched when it tried.
///
/// Threading: one thread.   Bounds: entries_max; the one that tried longest ago is forgotten, one that tried only once
/// before the others. Client ids that are none
/// are left out: they may be a token in the wrong field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "broker-plugin/refusal_log.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class RefusedLogins {
 public:
  static constexpr std::size_t entries_max = 16;

  /// The same client with the same reason is one entry, counted.
  void note(const RefusedAct& act, WallTime now);
  /// Newest first: `[{"ts","reason","actor"?,"client_id"?,"address"?,"times"}]`.
  nlohmann::ordered_json write() const;

 private:
  struct Entry {
    WallTime at;
    std::string reason;
    std::string actor;
    std::string client_id;
    std::string address;
    std::uint64_t times = 0;
  };
  std::vector<Entry> entries_;  // oldest first
};

}  // namespace strawberry::plugin

#include "bridge/devices/presence.h"

#include "bridge/protocol/bounded_json.h"

namespace strawberry {

std::optional<bool> read_presence(std::string_view payload) {
  constexpr std::size_t status_bytes_max = 16 * 1024;
  if (payload.empty() || payload == "offline") return false;
  if (payload == "online") return true;
  const auto json = parse_bounded_json(payload, status_bytes_max);
  if (!json.is_object()) return std::nullopt;
  const auto state = json.find("state");
  if (state == json.end()) return std::nullopt;
  if (*state == "online") return true;
  if (*state == "offline") return false;
  return std::nullopt;
}

}  // namespace strawberry

/// What a `devices/{id}/status` payload says (docs/contract.md, section 8). Pure; the payload is untrusted: a device
/// may publish its own.
#pragma once

#include <optional>
#include <string_view>

namespace strawberry {

/// `online`, `offline`, or a JSON object whose `state` is one of them; an empty payload (the topic was cleared) is
/// offline. Nothing for anything else: the last known state stays.
std::optional<bool> read_presence(std::string_view payload);

}  // namespace strawberry

/// The one scope there is: what a program may do for a user (docs/oauth.md). Devices and tokens it does not manage.
#pragma once

namespace strawberry::gateway::oauth {

inline constexpr const char* scope = "mcp";

}  // namespace strawberry::gateway::oauth

/// Decides which names in a data directory belong to the hub. All others belong to its users: files that a Spoke
/// connects with (`device add --mosquitto var/lamp`), files with keys of language models, a website.
///
/// Pure function.
#pragma once

#include <string_view>

namespace strawberry::cli {

/// True for files of the hub, its broker or scripts/run, and those that SQLite and unfinished writes leave beside them.
bool is_hubs_own(std::string_view name);

}  // namespace strawberry::cli

/// Which names in a data directory are the hub's own. Whatever else is there is somebody's: what a Spoke connects with
/// (`device add --mosquitto var/lamp`), files with keys of language models, a website.
///
/// Pure function.
#pragma once

#include <string_view>

namespace strawberry::cli {

/// Of the hub, its broker or scripts/run, with what SQLite and unfinished writes put beside them.
bool is_hubs_own(std::string_view name);

}  // namespace strawberry::cli

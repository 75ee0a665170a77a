/// The wanted humidity of a climate or a humidifier, which both have in the same way: an action, its range, its topics.
///
/// Pure.
#pragma once

#include "cli/spoke/discovery/component.h"

namespace strawberry::cli::discovery {

bool can_set_humidity(const Entity& entity);
/// `set_humidity`, between `min_humidity` and `max_humidity`, which are these unless they are set.
Action humidity_action(const Entity& entity, double least, double most);
Result<void> set_humidity(Entity& entity, const Arguments& given, Commands& out);

}  // namespace strawberry::cli::discovery

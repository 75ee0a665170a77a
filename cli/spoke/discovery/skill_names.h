/// Makes class names of entities' skills (docs/discovery.md, "Names"): `Light`, `ChildLock`, `PowerOnBehaviorSelect`.
///
/// Pure: the names depend on the entities of the device, not on their order.
#pragma once

#include <string>
#include <vector>

#include "cli/spoke/discovery/entity.h"

namespace strawberry::cli::discovery {

/// Returns the name of an entity that is alone.
std::string class_name_of(const Entity& entity);

/// Sets Entity::class_name of all entities of a device; all are different.
void name_classes(const std::vector<Entity*>& entities);

}  // namespace strawberry::cli::discovery
